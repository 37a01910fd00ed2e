"""The words in which registration explains itself, from `texts.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from services.chassis.errors import Reason
from services.registration.domain.objection import Objection

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))
"""Slug → language → text."""


def reason(slug: str, field: str = "", values: Mapping[str, object] | None = None) -> Reason:
    """A slug with its words in Danish and English."""
    text = TEXTS[slug]
    return Reason(str(slug), field, text["da"].format_map(values or {}), text["en"].format_map(values or {}))


def explain(objections: Iterable[Objection]) -> list[Reason]:
    """The domain's objections, for people."""
    return [reason(objection.rule, objection.field, objection.values) for objection in objections]
