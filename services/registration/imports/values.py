"""What is made of a cell: people write dates, numbers and names in many ways, and spreadsheets change them.

Nothing is guessed in silence. What can be read in one way only is read; where a mark, a zero or a century was filled in,
the report says so; what can be read in two ways, or not at all, is an objection. `Made.value` is None where nothing is left.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final

from babel import Locale

from services.registration.domain.cpr_number import CprNumber

Cell = str | int | float | bool | time | date | datetime | timedelta
"""A cell as a reader gives it: CSV knows texts only."""


@dataclass(frozen=True, slots=True)
class Made:
    """A value in the form that requests carry, or none; `note` says what was filled in, `wrong` what keeps it from being read."""

    value: str | None = None
    note: str = ""
    wrong: str = ""


EMPTY: Final = Made()

_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if not chr(code).isspace()]
_INVISIBLE = dict.fromkeys(map(ord, ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", *_CONTROLS]))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


def tidy(cell: Cell | None) -> str:
    """One line in NFC: every kind of space becomes one space, and none stands at the ends; whole numbers have no decimals."""
    match cell:
        case None:
            return ""
        case bool():
            return "ja" if cell else "nej"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
    written = unicodedata.normalize("NFC", str(cell))
    return " ".join((written if written.isprintable() else written.translate(_INVISIBLE)).split())


_SECOND_BYTES = bytes(range(0x80, 0xC0)).decode("cp1252", errors="ignore")
BROKEN = re.compile(f"[ÂÃ][{re.escape(_SECOND_BYTES)}]|\ufffd")
"""A letter in UTF-8 that some program read as Windows-1252: no name has one of these two before one of those."""


def text(written: str, _today: date) -> Made:
    return Made(wrong="broken-letters") if BROKEN.search(written) else Made(written or None)


_NO_NAME = re.compile(r"[+@-].*|.*[=|<>{}\\].*")
"""What a spreadsheet would run as a formula, and what no name has in it."""


def name(written: str, today: date) -> Made:
    """A name; of one without a letter, or that looks like a formula, that is said: it is stored as a text, and no export runs it."""
    strange = written and (_NO_NAME.fullmatch(written) or not any(map(str.isalpha, written)))
    read = text(written, today)
    return replace(read, note="strange-name") if strange and read.value else read


# CPR numbers.

_CPR_DIGITS: Final = 10
_SCIENTIFIC = re.compile(r"\d[.,]\d+e\+?\d+", re.IGNORECASE)
_HIDDEN = re.compile(r"\d{6}[- ]?[x*]{1,4}", re.IGNORECASE)


def cpr_number(written: str, _today: date) -> Made:
    """Ten digits, with or without a dash; nine, where a spreadsheet took the number for one and dropped its zero."""
    if _SCIENTIFIC.fullmatch(written):
        return Made(wrong="scientific-number")
    if _HIDDEN.fullmatch(written):
        return Made(wrong="hidden-cpr-number")
    digits = re.sub(r"[\s.-]", "", written.translate(_DASHES))
    padded = digits.zfill(_CPR_DIGITS) if len(digits) == _CPR_DIGITS - 1 else digits
    if CprNumber.read(padded) is None:
        return Made(wrong="invalid-cpr-number")
    return Made(padded, note="leading-zero-restored" if padded != digits else "")


# Dates.

_SEPARATED = re.compile(r"(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_IN_WORDS = re.compile(r"(?:den )?(\d{1,2})\.? ([^\W\d]+)\.?,? (\d{4}|\d{2})", re.IGNORECASE)
_TOGETHER = re.compile(r"\d{8}|\d{6}")
_SERIAL = re.compile(r"\d{5}(?:[.,]0+)?")
_MIDNIGHT = re.compile(r"(?<=\d)[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?$")
_ANY_DATE = re.compile(rf"(?<!\d)(?:{_ISO.pattern}|{_SEPARATED.pattern}|{_IN_WORDS.pattern})(?!\d)", re.IGNORECASE)
_EXCEL_BEGAN: Final = date(1899, 12, 30)
"""Day 0 of Excel's calendar as it counts from March 1900; earlier serials are not dates that anybody here has."""
_SERIALS: Final = range(10_000, 80_000)
_YEARS: Final = range(1900, 2101)


def day(written: str, today: date) -> Made:
    """A date as Danes write it. Two digits of a year mean the latest year in which the day is not more than a year ahead."""
    bare = _MIDNIGHT.sub("", written.translate(_DASHES))
    if len(_ANY_DATE.findall(bare)) > 1:
        return Made(wrong="two-dates")
    if _SERIAL.fullmatch(bare) and (serial := int(re.split(r"[.,]", bare)[0])) in _SERIALS:
        return Made((_EXCEL_BEGAN + timedelta(days=serial)).isoformat(), note="excel-serial")
    parts = _parts(bare)
    return _made_of(parts, today) if parts else Made(wrong="invalid-date")


def birth_day(written: str, today: date) -> Made:
    """The same for somebody who is born: never ahead of today."""
    return day(written, today - timedelta(days=366))


def _parts(written: str) -> tuple[str, str, str] | None:
    """Year, month and day as they are written, whichever way round."""
    if found := _ISO.fullmatch(written):
        return found[1], found[2], found[3]
    if found := _SEPARATED.fullmatch(written):
        return found[3], found[2], found[1]
    if (found := _IN_WORDS.fullmatch(written)) and (month := _months().get(found[2].casefold())):
        return found[3], str(month), found[1]
    return _taken_apart(written) if _TOGETHER.fullmatch(written) else None


@cache
def _months() -> Mapping[str, int]:
    """Numbers by name, in Danish and English, in full and short; the locales' data are read when the first name is."""
    return {
        name.rstrip(".").casefold(): number
        for language in ("da", "en")
        for width in ("wide", "abbreviated")
        for number, name in Locale(language).months["format"][width].items()
    }


def _taken_apart(digits: str) -> tuple[str, str, str]:
    """DDMMYY, DDMMYYYY or YYYYMMDD: no eight digits are a day of our time in both ways."""
    if int(digits[-4:]) in _YEARS or len(digits) == len("ddmmyy"):
        return digits[4:], digits[2:4], digits[:2]
    return digits[:4], digits[4:6], digits[6:]


def _made_of(parts: tuple[str, str, str], today: date) -> Made:
    year, month, of_month = map(int, parts)
    short = len(parts[0]) < len("yyyy")
    try:
        found = _latest(year, month, of_month, today) if short else date(year, month, of_month)
    except ValueError:
        return Made(wrong="invalid-date")
    if found.year not in _YEARS:
        return Made(wrong="invalid-date")
    return Made(found.isoformat(), note="two-digit-year" if short else "")


def _latest(year: int, month: int, of_month: int, today: date) -> date:
    found = [_day_or_none(century + year, month, of_month) for century in (2000, 1900)]
    return next(one for one in (*found, date.max) if one and (one <= today + timedelta(days=366) or one == date.max))


def _day_or_none(year: int, month: int, of_month: int) -> date | None:
    try:
        return date(year, month, of_month)
    except ValueError:
        return None


# Numbers of places.

_P_NUMBER = re.compile(r"1\d{9}", re.ASCII)


def p_number(written: str, _today: date) -> Made:
    """Ten digits of a place of production (P-nummer), the first a 1: a spreadsheet drops nothing of it."""
    digits = written.replace(" ", "")
    return Made(digits) if _P_NUMBER.fullmatch(digits) else Made(wrong="invalid-p-number")


# Where somebody is reached.

_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+\.[^@\s;,<>.]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}|[2-9]\d{7}")
_SEVERAL_PHONES = re.compile(r"[/;,]|\bog\b|\beller\b|\bor\b|\band\b")


def email(written: str, _today: date) -> Made:
    found = _EMAIL.findall(written)
    if len(found) > 1:
        return Made(wrong="two-values")
    bare = re.sub(r"^mailto:|[;,<>\s]+", "", written)
    return Made(bare) if _EMAIL.fullmatch(bare) and bare.isascii() else Made(wrong="invalid-email")


def phone(written: str, _today: date) -> Made:
    """Eight Danish digits, or a plus sign and the country's code, written in any grouping; always with the country's code."""
    if len([part for part in _SEVERAL_PHONES.split(written) if len(re.sub(r"\D", "", part)) >= len("20000017")]) > 1:
        return Made(wrong="two-values")
    digits = re.sub(r"[^\d+]", "", written)
    bare = f"+{digits[2:]}" if digits.startswith("00") else digits
    if not _PHONE.fullmatch(bare):
        return Made(wrong="invalid-phone")
    return Made(bare if bare.startswith("+") else f"+45{bare}")


# Words that stand for a code.

_YES: Final = frozenset({"ja", "j", "x", "1", "sand", "true", "yes", "y"})
_HELD: Final = frozenset({"fælles", "begge", "fuld", "del", "ene", "eneforældremyndighed", "shared", "sole"})
"""What municipalities write where it is asked whether somebody has custody."""
_NO: Final = frozenset(["nej", "n", "0", "falsk", "false", "no", "ingen", "none"])
_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def yes_or_no(written: str, _today: date) -> Made:
    plain = written.casefold().removesuffix(" forældremyndighed").rstrip(".")
    if plain in _YES | _HELD:
        return Made("yes")
    return Made("no") if plain in _NO else Made(wrong="neither-yes-nor-no")


def language(written: str, _today: date) -> Made:
    """A tag of BCP 47, or a language's name in Danish or English."""
    named = _languages().get(written.casefold())
    if named or _TAG.fullmatch(written):
        return Made(named or written)
    return Made(wrong="unknown-language")


@cache
def _languages() -> Mapping[str, str]:
    """Code by name; a code that is a name of its own kind (da) stays itself."""
    names = {name.casefold(): code.replace("_", "-") for here in ("en", "da") for code, name in Locale(here).languages.items()}
    return names | {code: code for code in names.values() if code.islower()}
