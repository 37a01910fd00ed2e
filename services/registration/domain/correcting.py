"""Corrections in whatever order they come: of two to one field, the one that was said later counts."""

from collections.abc import Mapping
from dataclasses import astuple, is_dataclass
from datetime import datetime
from typing import Any, Protocol


class Correctable(Protocol):
    """Somebody of whom it is known which fields were corrected, and when that was said."""

    corrected: dict[str, datetime]


def correct(somebody: Correctable, wanted: Mapping[str, Any], said_at: datetime) -> tuple[str, ...]:
    """Take over these values, as far as nothing newer is known; the fields that are another now, by name."""
    newer = {name: value for name, value in wanted.items() if _is_newer(somebody, name, value, said_at)}
    other = tuple(name for name, value in newer.items() if value != getattr(somebody, name))
    for name, value in newer.items():
        setattr(somebody, name, value)
    somebody.corrected = somebody.corrected | dict.fromkeys(newer, said_at)
    return other


def _is_newer(somebody: Correctable, name: str, value: object, said_at: datetime) -> bool:
    """Of two corrections said at the same moment one must count, the same whichever came first."""
    known = somebody.corrected.get(name)
    return known is None or (known, _told(getattr(somebody, name))) < (said_at, _told(value))


def _told(value: object) -> str:
    """Something by which two values of a field can be put in order; which of them is first means nothing."""
    return repr(astuple(value) if is_dataclass(value) and not isinstance(value, type) else value)
