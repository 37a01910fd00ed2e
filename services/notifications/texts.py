"""The words in which notifications says no, from `texts.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.chassis.errors import Reason

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads((Path(__file__).parent / "texts.toml").read_text("utf-8"))
"""Slug → language → text."""


def reason(slug: str, field: str, **values: object) -> Reason:
    """A slug with its words in Danish and English."""
    text = TEXTS[slug]
    return Reason(slug, field, text["da"].format_map(values), text["en"].format_map(values))
