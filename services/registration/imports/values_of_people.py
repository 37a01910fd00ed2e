"""What is made of a cell about where somebody lives, how he is related to a child, and how much of his week he works."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final

from services.registration.imports.values import BROKEN, Made
from services.registration.vocabulary import RELATIONS

BETWEEN: Final = "\n"
"""What stands between the parts of an address that was read."""

_ADDRESS = re.compile(r"(?P<street>\S.*?)[\s,]+(?:DK[- ]?)?(?P<code>[1-9]\d{3})[\s,]+(?P<city>[^\d\s,][^\d,]*)", re.IGNORECASE)
_POSTAL_CODE = re.compile(r"(?:DK[- ]?)?(\d{3,4})", re.IGNORECASE)
_CODE_DIGITS: Final = 4


def address(written: str, _today: date) -> Made:
    """`Prøvevej 12, 2. tv., 2750 Ballerup`: the street with all that stands before the postal code, and the city after it."""
    found = _ADDRESS.fullmatch(written.rstrip(" ,."))
    if found is None or BROKEN.search(written):
        return Made(wrong="invalid-address")
    return Made(BETWEEN.join((found["street"].rstrip(" ,"), found["code"], found["city"].strip())))


def postal_code(written: str, _today: date) -> Made:
    """Four digits; three, where a spreadsheet dropped the zero of Copenhagen's."""
    found = _POSTAL_CODE.fullmatch(written)
    if found is None:
        return Made(wrong="invalid-postal-code")
    padded = found[1].zfill(_CODE_DIGITS)
    return Made(padded, note="leading-zero-restored" if padded != found[1] else "")


_OTHER_WORDS: Final = {
    "mother": "moder medmor mum",
    "father": "fader dad",
    "foster-parent": "plejemor plejefar plejefamilie plejeforældre",
    "guardian": "forældremyndighedsindehaver",
}


def relation(written: str, _today: date) -> Made:
    """A relation's code, or what people call it."""
    found = _relations().get(written.casefold())
    return Made(found) if found else Made(wrong="unknown-relation-word")


@cache
def _relations() -> Mapping[str, str]:
    named = {word.casefold(): code for code, words in RELATIONS.items() for word in (code, *words.values())}
    return {word: named[code] for code, words in _OTHER_WORDS.items() for word in words.split()} | named


_SHARE = re.compile(r"(?P<number>\d{1,3}(?:[.,]\d{1,2})?)\s?(?P<unit>%|pct\.?|procent|(?P<hours>t\.?|timer|hours))?")
_FULL_WEEK_HOURS: Final = 37
_PERCENT: Final = range(1, 101)


def share(written: str, _today: date) -> Made:
    """Percent of a working week, as `80`, `80 %` or, in a spreadsheet, `0,8`; or hours of 37, as `30 timer`."""
    found = _SHARE.fullmatch(written.casefold())
    percent = _percent(found) if found else None
    return Made(str(percent)) if percent in _PERCENT else Made(wrong="invalid-share")


def _percent(found: re.Match[str]) -> int | None:
    """None for a bare 1, which is all of it, or one percent."""
    number, is_bare = float(found["number"].replace(",", ".")), not found["unit"]
    if found["hours"]:
        return round(number / _FULL_WEEK_HOURS * 100)
    if is_bare and number <= 1:
        return None if found["number"] == "1" else round(number * 100)
    return round(number)
