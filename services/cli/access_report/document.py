"""The report to read: a page without script or address outside, in the words of `words.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.chassis.http.purposes import PURPOSES

_FOLDER: Final = Path(__file__).parent
_COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")
WORDS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = tomllib.loads((_FOLDER / "words.toml").read_text("utf-8"))
"""Sort of word → code → language → word."""

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def as_html(gathered: Mapping[str, Any], language: str) -> str:
    """The whole report as a page; times as they are in Denmark."""
    return _ENVIRONMENT.get_template("report.html").render(
        report=gathered,
        language=language,
        word=lambda sort, code: word(sort, code, language),
        told=lambda value: told(value, language),
        fields=lambda row: list(_fields(row, language)),
        purpose=lambda code: PURPOSES[code][language] if code in PURPOSES else word("page", "no-purpose", language),
    )


def word(sort: str, code: str, language: str) -> str:
    """What a kind or a column is called; one without a word is called by its code."""
    return WORDS[sort].get(code, {}).get(language, code)


def told(value: Any, language: str) -> str:
    """A value as people write it."""
    match value:
        case bool():
            return word("page", "yes" if value else "no", language)
        case datetime():
            return format_datetime(value.astimezone(_COPENHAGEN), "d. MMMM y HH:mm", locale=language)
        case date():
            return format_date(value, "d. MMMM y", locale=language)
        case list() | tuple():
            return ", ".join(told(one, language) for one in value)
        case _:
            return str(value)


def _fields(row: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    """What a row says; what it leaves open is left out."""
    for column, value in row.items():
        if value not in (None, "", "[]", "{}", []):
            yield word("column", column, language), _called(column, value, language)


def _called(column: str, value: Any, language: str) -> str:
    """A value; one that is a code of a sort that has words is called by its word."""
    return word(column, value, language) if column in WORDS and isinstance(value, str) else told(value, language)
