"""How one setting is read and checked: the words that the table in `settings.py` is written in.

A check takes the variable's text and returns its value, or raises `ValidationError` with the end of a sentence that
begins with the variable's name. The text itself never stands in it: it may be a secret.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from environs import ValidationError, validate

T = TypeVar("T")

ALL = "*"
KEY_BYTES = 32
HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    `{SERVICE}` in `variable` stands for the service's name; `shared` is a variable that counts where the first is not
    set. `needed_by` names services, or `ALL`; with `in_production` the need holds only there.
    """

    variable: str
    text: str
    read: Callable[[str], Any]
    shared: str | None = None
    needed_by: tuple[str, ...] = ()
    in_production: bool = False

    def variables(self, service: str) -> list[str]:
        """The variables that may hold it, the first one first."""
        own = self.variable.format(SERVICE=service.upper())
        return [own, self.shared] if self.shared else [own]

    def needs(self, service: str, *, production: bool) -> bool:
        """Whether this service cannot start without it."""
        concerned = ALL in self.needed_by or service in self.needed_by
        return concerned and (production or not self.in_production)


def setting(variable: str, text: str, *, default: Any = "", read: Callable[[str], Any] = str, secret: bool = False, **rule: Any) -> Any:
    """A field of the table. A `secret` does not show when the settings are printed."""
    return field(default=default, repr=not secret, metadata={"rule": Rule(variable, text, read, **rule)})


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(value: str) -> Address:
    """Read `host:port`."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > HIGHEST_PORT:
        raise ValidationError("is not host:port.")
    return Address(host, int(port))


def key(value: str) -> bytes:
    """Read 32 bytes in base64."""
    try:
        found = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError("is not base64.") from error
    if len(found) != KEY_BYTES:
        raise ValidationError(f"is {len(found)} bytes long, not {KEY_BYTES}.")
    return found


def key_text(value: str) -> str:
    """Check 32 bytes in base64, and keep the text."""
    key(value)
    return value


def url(*schemes: str) -> Callable[[str], str]:
    """An address of one of these schemes."""
    begins = " or ".join(f"{scheme}://" for scheme in schemes)

    def read(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValidationError(f"does not begin with {begins}.")
        return value

    return read


def urls(*schemes: str) -> Callable[[str], str]:
    """One address of these schemes or more, with semicolons between them."""
    read_one = url(*schemes)
    return lambda value: ";".join(read_one(part.strip()) for part in value.split(";"))


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words."""
    return _checked(str, validate.OneOf(words, error=f"is none of {', '.join(words)}."))


def yes_or_no(value: str) -> bool:
    """Read yes or no."""
    return one_of("yes", "no")(value) == "yes"


def matching(pattern: str, error: str) -> Callable[[str], str]:
    """A text of this form."""
    return _checked(str, validate.Regexp(pattern, error=error))


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number in this range."""
    return _checked(int, validate.Range(low, high, error=f"is not a whole number from {low} to {high}."))


def number(low: float, high: float) -> Callable[[str], float]:
    """A number in this range."""
    return _checked(float, validate.Range(low, high, error=f"is not a number from {low} to {high}."))


def _checked(convert: Callable[[str], T], check: Callable[[T], T]) -> Callable[[str], T]:
    def read(value: str) -> T:
        try:
            return check(convert(value))
        except ValueError as error:
            raise ValidationError(str(getattr(check, "error", "cannot be read."))) from error

    return read
