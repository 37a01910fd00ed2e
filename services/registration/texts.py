"""The words in which registration explains itself, from `texts.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from services.chassis.errors import Reason
from services.registration.domain.life import Status, Step
from services.registration.domain.objection import Objection
from services.registration.domain.protection import alias_code

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))
"""Slug → language → text."""

WORDS: Final = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))
"""How the stages and steps of an enrolment are called: kind → code → language → word; and the alias, by language."""


def reason(slug: str, field: str = "", values: Mapping[str, object] | None = None) -> Reason:
    """A slug with its words in Danish and English."""
    da, en = (TEXTS[slug][language].format_map(_in(language, values or {})) for language in ("da", "en"))
    return Reason(str(slug), field, da, en)


def alias(person_id: str) -> str:
    """What somebody who is protected is called wherever others read his name. It does not say that he is."""
    return str(WORDS["alias"]["da"]).format(code=alias_code(person_id))


def _in(language: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: _said(value, language) for name, value in values.items()}


def _said(value: object, language: str) -> object:
    match value:
        case Status() | Step():
            return WORDS[type(value).__name__.lower()][value][language]
        case Mapping():
            return value.get(language, value["en"])
        case list():
            return ", ".join(str(_said(one, language)) for one in value) or WORDS["nothing"][language]
        case _:
            return value


def explain(objections: Iterable[Objection]) -> list[Reason]:
    """The domain's objections, for people."""
    return [reason(objection.rule, objection.field, objection.values) for objection in objections]
