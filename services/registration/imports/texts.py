"""The words in which an import explains itself, from `texts.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.chassis.errors import Invalid, Reason
from services.registration.imports.record import Issue
from services.registration.texts import TEXTS as SHARED

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))
"""Slug → language → text."""

WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
"""How states, what is done with lines, and answers are called: word → language → word."""


def word(said: str, language: str) -> str:
    """As its reader calls it; what has no word of its own is called as it is."""
    return WORDS[said][language] if said in WORDS else said


def reason(slug: str, field: str = "", values: Mapping[str, object] | None = None) -> Reason:
    """A slug with its words in Danish and English; rules of enrolments are explained in registration's own words."""
    text = TEXTS.get(slug) or SHARED[slug]
    da, en = (text[language].format_map(_in(language, values or {})) for language in ("da", "en"))
    return Reason(slug, field, da, en)


def _in(language: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: word(value, language) if isinstance(value, str) else value for name, value in values.items()}


def issue(slug: str, field: str, values: Mapping[str, object] | None = None, *, error: bool = True) -> Issue:
    """The same as something that a line met."""
    found = reason(slug, field, values)
    return Issue(found.slug, found.field, found.da, found.en, error)


def unreadable(slug: str, **values: object) -> Invalid:
    """The file as a whole cannot be read, and why."""
    return Invalid(reasons=[reason(slug, "", values)])
