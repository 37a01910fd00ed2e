"""The words that people read, from `texts.toml`, and the names of rows and months in both languages."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from babel.dates import format_date

from services.chassis.errors import DeltagError, Reason
from services.reporting.domain.measures import LANGUAGES, Texts, row_label
from services.reporting.domain.report import Report, Row

_TEXTS = tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def refusal(kind: type[DeltagError], slug: str, field: str, **values: str) -> DeltagError:
    """An error of that kind with the words of `slug`."""
    texts = {language: text.format(**values) for language, text in _TEXTS["refusals"][slug].items()}
    return kind(reasons=[Reason(slug, field, **texts)])


def words(language: str) -> Mapping[str, str]:
    """The words of the page in one language."""
    return {name: texts[language] for name, texts in _TEXTS["page"].items()}


class Labels:
    """The names of a report's rows: its districts and institutions, months, and what the catalogue names."""

    def __init__(self, report: Report) -> None:
        places = {f"{place.district}/{place.code}": place.name for place in report.places}
        self._places = places | {district["code"]: district["name"] for district in report.programme.districts}

    def row(self, by: str, row: Row) -> Texts:
        """The name of a row, by language."""
        if not row.is_stated(by):
            return _TEXTS["page"]["not-stated"]  # type: ignore[no-any-return]
        match by:
            case "":
                return _TEXTS["page"]["total-row"]  # type: ignore[no-any-return]
            case "place":
                return dict.fromkeys(LANGUAGES, self._places.get(row.path, row.code))
            case "month":
                return month_label(row.code)
            case _:
                return row_label(by, row.code)


@cache
def month_label(code: str) -> Texts:
    """A month (`2024-03`) in words; a year stands for itself."""
    year, _, month = code.partition("-")
    if not month:
        return dict.fromkeys(LANGUAGES, year)
    return {language: format_date(date(int(year), int(month), 1), "LLLL y", locale=language) for language in LANGUAGES}
