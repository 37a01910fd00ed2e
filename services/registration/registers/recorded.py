"""Registers that answer with what was recorded, in the words of the real ones.

    persons/<number>.json    the answer of PersonLookup (SF1520, PersonBaseDataExtended 4), of which this much is read:
                             {"persondata": {"navn": {"personadresseringsnavn": …, "fornavn": …, "mellemnavn": …, "efternavn": …},
                                             "adressebeskyttelse": {"startdato": …, "slutdato": …, "beskyttet": true}}}
    units.json               Anvisningsenheder of the Dagtilbudsregister, as its data model names their fields:
                             [{"EnhedsNummer": "151001", "EnhedsNavn": …, "InstType3": 6012, "PNummer": "0000151001"}, …]

The CPR service leaves out what it has not, or gives it empty. A number of which there is no answer is one that the register
does not have (its fault `PNRNotFound`). Where the folder itself is missing, or an answer cannot be read, the register is away.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.register import RegisteredPerson, RegisteredUnit
from services.registration.domain.validity import Validity
from services.registration.registers import RegisterAway

T = TypeVar("T")


class Navn(msgspec.Struct):
    """`navnType`."""

    fornavn: str | None = None
    mellemnavn: str | None = None
    efternavn: str | None = None


class Beskyttelse(msgspec.Struct):
    """`beskyttelseType`; both days are days of protection."""

    startdato: date | None = None
    slutdato: date | None = None
    beskyttet: bool | None = None


class Persondata(msgspec.Struct):
    """`persondataType`."""

    navn: Navn = msgspec.field(default_factory=Navn)
    adressebeskyttelse: Beskyttelse | None = None


class PersonLookupResponse(msgspec.Struct):
    """`PersonLookupResponseType`."""

    persondata: Persondata


class Anvisningsenhed(msgspec.Struct):
    """A unit to which children are assigned (https://viden.stil.dk/display/DATIREG/Datamodel)."""

    number: str = msgspec.field(name="EnhedsNummer")
    name: str = msgspec.field(name="EnhedsNavn")
    type: int | None = msgspec.field(name="InstType3", default=None)
    p_number: str | None = msgspec.field(name="PNummer", default=None)


class RecordedPersons:
    """The person register, from a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "persons"

    def look_up(self, number: CprNumber) -> RegisteredPerson | None:
        """See `PersonRegister.look_up`."""
        if not self._folder.is_dir():
            raise RegisterAway
        file = self._folder / f"{number.digits}.json"
        return _person(_answer(file, PersonLookupResponse).persondata) if file.exists() else None


class RecordedUnits:
    """The institution register, from a folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "units.json"

    def units(self) -> Iterable[RegisteredUnit]:
        """See `InstitutionRegister.units`."""
        return [_unit(unit) for unit in _answer(self._file, list[Anvisningsenhed])]


def _answer(file: Path, of: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=of)
    except (OSError, ValueError, msgspec.DecodeError):
        raise RegisterAway from None  # the error's own text may quote a person


def _person(found: Persondata) -> RegisteredPerson:
    given = " ".join(filter(None, (found.navn.fornavn, found.navn.mellemnavn)))
    return RegisteredPerson(given or None, found.navn.efternavn or None, _protection(found.adressebeskyttelse))


def _protection(found: Beskyttelse | None) -> Validity | None:
    """None where it says that there is none, or says nothing: somebody who is not protected comes with an empty element."""
    if found is None or found.beskyttet is False or found == Beskyttelse():
        return None
    return Validity(found.startdato, found.slutdato)


def _unit(found: Anvisningsenhed) -> RegisteredUnit:
    return RegisteredUnit(found.number, found.name, str(found.type) if found.type else None, found.p_number)
