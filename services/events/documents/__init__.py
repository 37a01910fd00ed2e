"""What leaves this service as a file: calendars, codes to be scanned, documents to be printed. What people read stands in `words.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("da", "en")


@cache
def words(language: str) -> Mapping[str, Mapping[str, str]]:
    """What documents say in this language: the words of each kind of document by their names."""
    return {section: {name: text[language] for name, text in rows.items()} for section, rows in _read().items()}


@cache
def _read() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
