"""The door's texts: `texts.toml` says each rule and its remedy in Danish and English, by slug."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from services.chassis.errors import DeltagError, Reason

E = TypeVar("E", bound=DeltagError)

_TEXTS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))


def reason(slug: str, field: str = "", **values: object) -> Reason:
    """What is wrong with `field`; `values` fill the text's gaps and come from the rule, never from what was sent.

    A value that is words itself is given by language: `{"da": …, "en": …}`.
    """
    text = _TEXTS[slug]
    da, en = (text[language].format_map(_in(language, values)) for language in ("da", "en"))
    return Reason(text.get("slug", slug), field, da, en)


def _in(language: str, values: Mapping[str, object]) -> dict[str, object]:
    return {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}


def error(kind: type[E], slug: str, field: str = "", **values: object) -> E:
    """An error of that kind about one thing."""
    return kind(slug, reasons=[reason(slug, field, **values)])


def title(slug: str) -> str:
    """The problem's title; a service's own slug makes its own."""
    return str(_TEXTS.get(slug, {}).get("title") or slug.replace("-", " ").capitalize())


def spoken(error: DeltagError) -> list[Reason]:
    """The error's reasons, with the text of its slug or kind where one was raised without."""
    return [given if given.en else _with_text(given, type(error).slug) for given in error]


def _with_text(given: Reason, kind: str) -> Reason:
    text = _TEXTS.get(given.slug) or _TEXTS.get(kind) or _TEXTS["invalid"]
    return Reason(given.slug, given.field, text["da"], text["en"])


def of_marshmallow(message: str, field: str) -> Reason:
    """The rule that a message of marshmallow or of a schema means; one that is not known says no more than that a rule is broken."""
    for slug, pattern in _patterns():
        if match := pattern.fullmatch(message):
            return reason(slug, field, **match.groupdict())
    return reason("invalid", field)


def is_known(message: str) -> bool:
    """Whether a message means one of the rules here, and so can be said in both languages."""
    return any(pattern.fullmatch(message) for _, pattern in _patterns())


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(slug, _as_pattern(template)) for slug, text in _TEXTS.items() for template in text.get("marshmallow", ())]


def _as_pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(template)), re.DOTALL)


def _pieces(template: str) -> Iterator[str]:
    for literal, gap in re.findall(r"([^{]*)(?:\{(\w+)\})?", template):
        yield re.escape(literal)
        if gap:
            yield f"(?P<{gap}>.+?)"
