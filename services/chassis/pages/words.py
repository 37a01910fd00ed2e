"""The words of a service's pages, a file a language in a folder, and how a language writes days, times and names of languages."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

COPENHAGEN: Final = ZoneInfo("Europe/Copenhagen")
FALLBACK: Final = ("en", "da")
"""The order after the reader's own language, as for letters."""
_REGIONS: Final = {"da": "da_DK", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Said:
    """Words in a language, which need not be the page's."""

    text: str
    language: str

    @property
    def direction(self) -> str:
        """How the language is written: `ltr` or `rtl`."""
        return _locale(self.language).text_direction


class Words:
    """The words of the pages in one language: `words["check"]`, or `words.say("until", time=…)`."""

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self.language = language
        self._texts, self._locale = texts, _locale(language)

    def __getitem__(self, key: str) -> str:
        return str(self._texts["words"][key])

    @property
    def direction(self) -> str:
        """How the language is written: `ltr` or `rtl`."""
        return self._locale.text_direction

    def say(self, key: str, **values: object) -> str:
        return self[key].format_map(self._written(values))

    def named(self, text: Mapping[str, str]) -> Said:
        """A text that a programme has by language, in the one that suits the reader best."""
        language = self.nearest(text)
        return Said(text[language], language)

    def nearest(self, written: Iterable[str]) -> str:
        """Of these languages the reader's own, else English, else Danish, else any."""
        known = [*written]
        return next(language for language in (self.language, *FALLBACK, *known) if language in known)

    def problem(self, slug: str, field: str, values: Mapping[str, object], otherwise: Mapping[str, str]) -> Said:
        """What is wrong with a field: the pages' own words for it, the most exact ones first, or those of the HTTP API."""
        problems = self._texts["problems"]
        own = problems.get(f"{slug}/{field.rpartition('/')[2]}", problems.get(slug))
        return self.named(otherwise) if own is None else Said(own.format_map(self._written(values)), self.language)

    def language_name(self, code: str) -> str:
        """What a language is called in this one."""
        return str(Locale.parse(code, sep="-").get_display_name(self._locale) or code)

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)

    def typed_day(self, text: str) -> str:
        """A day as the page's field sends it, as people read it; whatever else was sent, as it is."""
        try:
            return self.day(date.fromisoformat(text))
        except ValueError:
            return text

    def time(self, moment: datetime) -> str:
        return format_time(moment.astimezone(COPENHAGEN), "HH:mm", locale=self._locale)

    def _written(self, values: Mapping[str, object]) -> dict[str, object]:
        return {name: self._write(value) for name, value in values.items()}

    def _write(self, value: object) -> object:
        match value:
            case datetime():
                return self.time(value)
            case date():
                return self.day(value)
            case Mapping():
                return self.named(value).text
            case _:
                return value


class Book:
    """The words in all languages that a folder has a file for: `[words]`, and `[problems]` that fields can have."""

    def __init__(self, folder: Path) -> None:
        self._texts = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.toml"))}
        self._known: dict[str, Words] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the pages are written in, in the order in which they are offered."""
        return ("da", "en", *sorted(self._texts.keys() - {"da", "en"}))

    def words(self, language: str) -> Words:
        """The words in that language (BCP 47), or in the nearest that there is."""
        tag = language.lower().partition("-")[0]
        found = next(known for known in (tag, *FALLBACK) if known in self._texts)
        return self._known.setdefault(found, Words(found, self._texts[found]))

    def preferred(self, accept_language: str) -> str:
        """Which of the languages a browser would rather have; Danish, where it wishes for none of them."""
        wishes = (tag.lower().partition("-")[0] for tag in parse_accept_header(accept_language, LanguageAccept).values())
        return next((language for language in wishes if language in self._texts), "da")

    def chosen(self, language: str, accept_language: str) -> Words:
        """The words in the language that somebody chose; where there are none in it, in the one that his browser would rather have."""
        is_known = language.lower().partition("-")[0] in self._texts
        return self.words(language if is_known else self.preferred(accept_language))


def own_name(language: str) -> str:
    """What those who speak it call it."""
    return str(Locale.parse(language, sep="-").get_display_name() or language).capitalize()


def _locale(language: str) -> Locale:
    return Locale.parse(_REGIONS.get(language, language), sep="_" if language in _REGIONS else "-")
