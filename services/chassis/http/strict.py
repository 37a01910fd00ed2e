"""JSON is taken at its word: a number is no text, `true` is no number, and nothing unknown is let by in silence.

The fields of marshmallow are lenient on purpose ("3" is an integer, "on" is true, "20260301" a date). `strictly`
tightens a schema once, where its route is declared; `load` then reports everything that is wrong, by JSON pointer.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from services.chassis.errors import Invalid, Reason
from services.chassis.http.texts import is_known, of_marshmallow
from services.chassis.personal_number import looks_personal

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)

_DAYS: dict[str, Callable[[str], date]] = {"iso": partial(msgspec.convert, type=date)}
_MOMENTS: dict[str, Callable[[str], datetime]] = {"iso": partial(msgspec.convert, type=datetime)}
"""How days and moments are read: as RFC 3339 writes them, which is what the document promises."""


_BETTER: dict[type, str] = {
    fields.DateTime: "a moment without its offset is ambiguous, use fields.AwareDateTime",
    fields.NaiveDateTime: "a moment without its offset is ambiguous, use fields.AwareDateTime",
    fields.Decimal: "JSON has no decimals, use fields.Float or count in whole units",
}


_STORABLE = validate.Range(min=-(2**31), max=2**31 - 1)
"""The whole numbers that a column of PostgreSQL's type `integer` can hold: the range of a field that has none of its own."""

_BREAKS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
ONE_LINE = validate.Regexp(rf"^[^{_BREAKS}]*[^\s{_BREAKS}][^{_BREAKS}]*(?!\n)$", error="Not one line.")
"""A rule for texts that are shown on one line. `(?!\\n)$`, because Python's `$` would let a last line break by."""

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The one character that JSON can hold and PostgreSQL cannot, as JSON writes it; after an even number of backslashes, or it is none."""


class Only:
    """A set of the one value that *is* `value`: unlike in `{True}`, 1 is not in it."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __contains__(self, item: object) -> bool:
        return item is self._value


def _whole(value: Any) -> int:
    """To JSON 3 and 3.0 are the same number; 3.5 and "3" are not whole numbers."""
    if isinstance(value, str) or int(value) != value:
        raise TypeError("not a whole number")
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, str):
        raise TypeError("a text is no number")
    return float(value)


def _whole_in_text(value: str | int) -> int:
    if isinstance(value, int):  # a bound of the schema's own, for the document
        return value
    if not _WHOLE.fullmatch(value):
        raise TypeError("not a whole number")
    return int(value)


@dataclass(frozen=True)
class Refused:
    """One of several that is not what its schema asks for, as it was sent."""

    given: Any
    reasons: Sequence[Reason]


class OnItsOwn(fields.Nested):
    """One of several in a list, each judged on its own: what is wrong with it makes it a `Refused` and is nothing to the others."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:  # noqa: ARG002 - marshmallow's
        """What the schema makes of it, or that it is refused; never raises."""
        try:
            return load(self.schema, value)
        except Invalid as refused:
            return Refused(value, refused.reasons)


class NoPersonalNumber:
    """A rule for a field of the HTTP door."""

    error = "Looks like a CPR number."

    def __call__(self, value: str) -> str:
        """The value; raises `ValidationError` where it looks personal."""
        if looks_personal(value):
            raise ValidationError(self.error)
        return value


class Notation(NamedTuple):
    """How the values that are not texts are written."""

    whole: Callable[[Any], int]
    number: Callable[[Any], float]
    true: Any
    false: Any


JSON = Notation(_whole, _number, Only(value=True), Only(value=False))
QUERY = Notation(_whole_in_text, float, {"true"}, {"false"})


def strictly(schema: Schema, notation: Notation = JSON) -> Schema:
    """The same schema, refusing what its fields would convert, and whole numbers that a column cannot hold.

    Fields that cannot be strict, or that refuse in words of one language, are refused here, at import.
    """
    schema.unknown = RAISE
    for field in schema.fields.values():
        _tighten(field, notation)
    return schema


def load(schema: Schema, data: object) -> Any:
    """What the schema makes of `data`; raises `Invalid` with every reason at once."""
    try:
        return schema.load(data)  # type: ignore[arg-type]  # whatever was sent
    except ValidationError as error:
        raise Invalid("invalid", reasons=list(reasons(error.messages))) from None


def reasons(messages: Any, pointer: str = "") -> Iterator[Reason]:
    """The schema's tree of messages as a flat list, each with the JSON pointer of its field (`_schema` is no field)."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from reasons(below, f"{pointer}/{key}" if is_name(key) else pointer)
    else:
        yield from (of_marshmallow(str(message), pointer) for message in messages)


def holds_nul(content: bytes) -> bool:
    """Whether a text in this JSON holds the character NUL."""
    return b"\\u0000" in content and _ESCAPED_NUL.search(content) is not None


def is_name(key: str | int) -> bool:
    """Whether a key is a place in a list or looks like a field's name; any other may hold personal data, and is not repeated."""
    return isinstance(key, int) or _NAME.fullmatch(key) is not None


def _tighten(field: Any, notation: Notation) -> None:
    _check_words(field)
    match field:
        case fields.Boolean():
            field.truthy, field.falsy = notation.true, notation.false
        case fields.Integer():
            field.num_type = notation.whole  # type: ignore[assignment]  # it is only called
            field.validators += [] if _has_bounds(field) else [_STORABLE]
        case fields.Float():
            field.num_type = notation.number  # type: ignore[assignment]  # it is only called
        case fields.Date():
            field.DESERIALIZATION_FUNCS = _DAYS
        case fields.AwareDateTime():
            field.DESERIALIZATION_FUNCS = _MOMENTS
        case fields.DateTime() | fields.Decimal():
            raise TypeError(f"{field.name}: {_BETTER[type(field)]}")
        case fields.Nested():
            strictly(field.schema, notation)
        case fields.List():
            _tighten(field.inner, notation)
        case fields.Dict() if field.value_field:
            _tighten(field.value_field, notation)


def _has_bounds(field: Any) -> bool:
    """Whether a range of its own says both the least and the most."""
    return any(isinstance(rule, validate.Range) and None not in (rule.min, rule.max) for rule in field.validators)


def _check_words(field: Any) -> None:
    for validator in field.validators:
        own = getattr(validator, "error", None)
        if own and not is_known(own):
            raise TypeError(f"{field.name}: say what breaks the rule in texts.toml, in Danish and English: {own!r}")
