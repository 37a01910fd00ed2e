"""Codes by everything that a file may call them: the code itself, the name, the number in the national register."""

from collections.abc import Iterable, Mapping
from typing import Final

from rapidfuzz import process

from services.registration.domain.named import Named
from services.registration.domain.programme import District, Institution, InstitutionKind, Programme
from services.registration.imports.values import Made

LETTERS: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})

_NUMBER_DIGITS: Final = 6
_ALIKE, _SHOWN = 75, 3


class Directory:
    """The codes of one programme, by the type of the field that they stand in."""

    def __init__(self, programme: Programme, institutions: Iterable[Institution]) -> None:
        self._municipality = programme.municipality
        self._codes: Mapping[str, Mapping[str, str]] = {
            "track": _by_name(programme.tracks),
            "profession": _by_name(programme.professions),
            "district": _by_name(programme.districts) | _register_numbers(programme.districts),
            "institution_kind": _by_name(programme.institution_kinds) | _register_types(programme.institution_kinds),
            "institution": _institutions(institutions),
        }

    def look_up(self, type_: str, written: str) -> Made:
        """The code that is meant; where the register's number lost its zeros, with them."""
        if type_ == "register_number":
            return _register_number(written)
        if type_ == "municipality":
            return self._own_municipality(written)
        known = self._codes.get(type_)
        if known is None:
            return Made(written)
        if found := known.get(_plain(written)):
            return Made(found)
        if written.isdecimal() and (found := known.get(written.zfill(_NUMBER_DIGITS))):
            return Made(found, note="leading-zero-restored")
        return Made(wrong="unknown-code")

    def _own_municipality(self, written: str) -> Made:
        return Made(written) if written.zfill(len(self._municipality)) == self._municipality else Made(wrong="other-municipality")

    def alike(self, type_: str, written: str) -> str:
        """What else there is that looks like it, for the objection."""
        found = process.extract(_plain(written), self._codes[type_].keys(), score_cutoff=_ALIKE, limit=_SHOWN)
        return ", ".join(dict.fromkeys(self._codes[type_][name] for name, _score, _place in found))


def _register_number(written: str) -> Made:
    number = written.upper()
    padded = f"0{number}" if number.isdecimal() and len(number) == _NUMBER_DIGITS - 1 else number
    if len(padded) != _NUMBER_DIGITS or not padded.isalnum() or not padded.isascii():
        return Made(wrong="invalid-register-number")
    return Made(padded, note="leading-zero-restored" if padded != number else "")


def _by_name(named: Iterable[Named]) -> dict[str, str]:
    return {_plain(called): one.code for one in named for called in (one.code, *one.name.values())}


def _register_types(kinds: Iterable[InstitutionKind]) -> dict[str, str]:
    return {kind.register_type: kind.code for kind in kinds if kind.register_type}


def _register_numbers(districts: Iterable[District]) -> dict[str, str]:
    return {_plain(one.stil_number): one.code for one in districts if one.stil_number}


def _institutions(institutions: Iterable[Institution]) -> dict[str, str]:
    """By handle, and by name where only one has it."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for one in institutions:
        for called in {_plain(one.name), *map(_plain, one.handles)}:
            shared |= {called} if found.get(called, one.code) != one.code else set()
            found[called] = one.code
    return {called: code for called, code in found.items() if called not in shared}


def _plain(text: str) -> str:
    """Without capitals; in Danish å and aa are the same letter, and who has no æ and ø writes ae and oe."""
    return " ".join(text.casefold().translate(LETTERS).split())
