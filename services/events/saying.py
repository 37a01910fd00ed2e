"""Filling the gaps of what people read: in the reader's language, and in the right number.

A gap may have two forms, for one and for any other number: `{free} {free:ledig plads|ledige pladser}`. A form may have gaps itself:
`{seats:den ene|alle {seats}}`. A value that is called otherwise in each language is a mapping by language.
"""

from collections.abc import Mapping
from typing import Any

LANGUAGES = ("da", "en")


class _Number(int):
    """A whole number that chooses between the two forms of a gap."""

    def __format__(self, spec: str) -> str:
        one, has_forms, many = spec.partition("|")
        if not has_forms:
            return super().__format__(spec)
        return one if self == 1 else many


def fill(text: Mapping[str, str], values: Mapping[str, Any], language: str) -> str:
    """The text in the language, with its gaps filled."""
    return text[language].format_map({name: _value(value, language) for name, value in values.items()})


def _value(value: Any, language: str) -> Any:
    if isinstance(value, Mapping):
        return value[language]
    return _Number(value) if isinstance(value, int) else value
