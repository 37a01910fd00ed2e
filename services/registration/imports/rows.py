"""A line of cells becomes fields: what stood there, what was made of it, and everything that was filled in or is wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.registration.imports import addresses
from services.registration.imports.columns import OF_A_GUARDIAN, STANDS_FOR, Field, Kind, fields
from services.registration.imports.directory import Directory
from services.registration.imports.kinds import KINDS
from services.registration.imports.reading import Line
from services.registration.imports.record import Issue, Reading
from services.registration.imports.texts import issue
from services.registration.imports.values import Made, tidy
from services.registration.imports.values_of_people import BETWEEN

_QUOTES: Final = "\"'`/\u00b4\u2018\u2019\u201c\u201d\u2033\u3003"
_DITTO = re.compile(rf"do\.|ditto|samme|[{_QUOTES}]+|-\s?[{_QUOTES}]+\s?-", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:antal (?:børn|linjer|familier)|i ?alt|sum|total|subtotal|grand total)(?: i ?alt)?\W*[\d.]*(?: børn)?", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<!\d)(\d{6})[- ]?\d{4}(?!\d)", re.ASCII)
_NAMING: Final = ("cpr_number", "birth_date", "email")
_SHOWN: Final = 6
_HALVES: Final = ("given_name", "family_name")
_TELLING_WHO: Final = frozenset({"cpr", "yes_no", "name", "full_name", "municipality"})
"""Types of cells that nobody can do without: who it is, and whose word counts."""


def masked(text: str) -> str:
    """The text with no more of any CPR number than may be shown."""
    return _NUMBER.sub(r"\1-xxxx", text)


def masked_number(text: str) -> str:
    """What stood in a column of CPR numbers: whatever is wrong with one, its last four digits are not shown."""
    digits = re.sub(r"[\s.-]", "", text)
    return f"{digits[:-4]}-xxxx" if len(digits) > _SHOWN else text


@dataclass
class Reader:
    """Reads the lines of one file in order, since a ditto mark points at the line above."""

    kind: Kind
    columns: Mapping[int, str]
    constants: Mapping[str, str]
    directory: Directory
    today: date
    _above: dict[int, str] = field(default_factory=dict)
    _split_so_far: set[str] = field(default_factory=set)

    def read(self, line: Line) -> Reading | None:
        """What a line says; None for one that says nothing."""
        written = {column: tidy(line.cells[column]) for column in self.columns if column < len(line.cells)}
        if not any(written.values()):
            return None
        reading = Reading({}, {})
        for column, text in written.items():
            self._take(reading, column, text, merged=column in line.merged)
        if _is_total(line, reading):
            return Reading(reading.read, {}, [issue("total-line", "")])
        if others := [found for found in reading.issues if found.rule == "other-municipality"]:
            return Reading(reading.read, {}, others)
        _take_what_counts(reading)
        self._fill_in(reading)
        addresses.settle(reading)
        reading.issues += _lacking(self.kind, reading)
        reading.issues += [issue("quote-unclosed", "", {"line": line.unclosed})] if line.unclosed else []
        return reading

    def _take(self, reading: Reading, column: int, written: str, *, merged: bool) -> None:
        known = fields(self.kind)[self.columns[column]]
        reading.read[known.field] = masked_number(written) if known.type == "cpr" else masked(written)
        if merged and written:
            reading.issues.append(issue("merged-filled", known.field, error=False))
        if _DITTO.fullmatch(written):
            written = self._from_above(reading, column, known)
        self._above[column] = written
        self._make(reading, known, written)

    def _from_above(self, reading: Reading, column: int, known: Field) -> str:
        above = self._above.get(column, "")
        reading.issues.append(issue("ditto-filled" if above else "ditto-nothing-above", known.field, error=not above))
        return above

    def _fill_in(self, reading: Reading) -> None:
        """Constants stand where the file says nothing; a person of whom it says nothing gets none."""
        for name, constant in self.constants.items():
            known = fields(self.kind).get(name)
            if known and name not in reading.values and _speaks_of(name, reading):
                self._make(reading, known, constant)

    def _make(self, reading: Reading, known: Field, written: str) -> None:
        if not written:
            return
        made = self._made(known, written)
        if made.value is not None and known.type == "full_name":
            self._split(reading, known, made.value)
        elif made.value is not None and known.type == "address":
            _take_apart(reading, known, made.value)
        elif made.value is not None:
            reading.values[known.field] = made.value
        reading.issues += _issues(known, made, self.directory.alike(known.type, written) if made.wrong == "unknown-code" else "")

    def _split(self, reading: Reading, known: Field, written: str) -> None:
        """`Asta Test Prøvesen` and `Prøvesen, Asta Test`: a family name of two words is a person's to mend.

        That is said of a column's first name that can be split in two ways, and of each that looks as if it was split wrongly.
        """
        family, comma, given = (part.strip() for part in written.partition(","))
        if not comma:
            given, _, family = (part.strip() for part in written.rpartition(" "))
        owner = known.field.removesuffix("name")
        for half, value in zip(_HALVES, (given, family), strict=True):
            if value:
                reading.values.setdefault(owner + half, value)
        if not comma and (_looks_longer(given) or (" " in given and known.field not in self._split_so_far)):
            self._split_so_far.add(known.field)
            reading.issues.append(issue("name-split", known.field, error=False))

    def _made(self, known: Field, written: str) -> Made:
        read = KINDS.get(known.type)
        return read(written, self.today) if read else self.directory.look_up(known.type, written)


def _take_apart(reading: Reading, known: Field, made: str) -> None:
    """Street, postal code and city, each a field; what a column of its own said counts."""
    owner = known.field.removesuffix("address")
    for name, value in zip(addresses.ADDRESS, made.split(BETWEEN), strict=True):
        reading.values.setdefault(owner + name, value)


def _take_what_counts(reading: Reading) -> None:
    """What stands for another field becomes it, and where the two disagree that is said."""
    for name, other in STANDS_FOR.items():
        value = reading.values.pop(name, None)
        if value and reading.values.get(other, value) != value:
            reading.issues.append(issue("parent-counts", other, error=False))
        reading.values |= {other: value} if value else {}


def _issues(known: Field, made: Made, alike: str) -> Iterator[Issue]:
    """What is wrong keeps the line out where the field is needed; what can be done without is left out, and said so."""
    if made.note:
        yield issue(made.note, known.field, error=False)
    if made.wrong:
        found = _objection(made.wrong, known.field, alike)
        optional = not (known.required or known.type in _TELLING_WHO)
        yield Issue("left-out", *_left_out(found), error=False) if optional else found


def _objection(rule: str, field: str, alike: str) -> Issue:
    """The rule in its words; where codes are alike, in those that name them."""
    told = issue(f"{rule}-alike" if alike else rule, field, {"alike": alike})
    return Issue(rule, field, told.da, told.en)


def _left_out(found: Issue) -> tuple[str, str, str]:
    told = issue("left-out", found.field, {"why": found.da}), issue("left-out", found.field, {"why": found.en})
    return found.field, told[0].da, told[1].en


def _looks_longer(given: str) -> bool:
    """Whether a word of the family name seems to stand among the given ones: `van der`, `al`, `de`."""
    return any(word[0].islower() for word in given.split())


def _is_total(line: Line, reading: Reading) -> bool:
    """Whether it only says how many lines there are: it begins with `I alt` or the like, and nobody is named in it."""
    first = next((text for cell in line.cells if (text := tidy(cell))), "")
    return _TOTAL.fullmatch(first) is not None and not any(name.endswith(_NAMING) for name in reading.values)


def _speaks_of(name: str, reading: Reading) -> bool:
    """Whether a line says anything of the guardian that a field belongs to; other fields belong to every line."""
    owner, dot, _ = name.partition(".")
    return not owner.startswith("guardian") or not dot or any(value.startswith(f"{owner}.") for value in reading.values)


def _lacking(kind: Kind, reading: Reading) -> Iterator[Issue]:
    """What must be there and is not, unless its cell was read and refused already."""
    refused = {found.field for found in reading.issues if found.error}
    for name in (*_required(kind), *_required_of_guardians(reading)):
        if name not in reading.values and name not in refused:
            yield issue("without-number", name, error=False) if fields(kind)[name].may_be_empty else issue("field-missing", name)


def _required(kind: Kind) -> Sequence[str]:
    return [known.field for known in fields(kind).values() if known.required]


def _required_of_guardians(reading: Reading) -> Iterable[str]:
    owners = dict.fromkeys(name.partition(".")[0] for name in reading.values if name.startswith("guardian"))
    return (f"{owner}.{needed}" for owner in owners for needed in OF_A_GUARDIAN)
