"""Which column is about what: suggested by its name, decided by a person, remembered for the next file of the same sender.

`columns.toml` holds the fields of each kind of import and the names that they go by.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from services.registration.imports.values import Cell, tidy

_DATA: Final[Mapping[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_CERTAIN, _LIKELY = 100, 90
"""How alike a column's name and one of ours are, of 100: `mors navn` and `fars navn` are 89."""


OF_A_GUARDIAN: Final = ("given_name", "family_name", "custody")
"""What has to be said of every guardian."""

STANDS_FOR: Final[Mapping[str, str]] = {"parent": "district"}
"""Fields that say what another does, and count before it: a parent unit's number, and its name."""


class Kind(StrEnum):
    """What a file is about."""

    FAMILIES = "families"
    PROFESSIONALS = "professionals"
    INSTITUTIONS = "institutions"
    DISTRICTS = "districts"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a column may hold. `field` is where it goes in a request, in dots.

    A `required` field has a column, or one value for all lines; `may_be_empty`: not every line says it.
    """

    field: str
    type: str
    da: str
    en: str
    names: frozenset[str]
    required: bool = False
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column, the field that it seems to hold (or none), and how sure that is, of 100."""

    column: int
    header: str
    field: str | None
    likeness: int


@cache
def fields(kind: Kind) -> Mapping[str, Field]:
    """Every field of a kind, in order, by its name."""
    own = [_field(row, row["names"]) for row in _DATA[kind]]
    group = _DATA.get(f"{kind}_guardians")
    return {one.field: one for one in (*own, *(_of_group(group) if group else ()))}


def suggest(kind: Kind, header: Sequence[Cell]) -> list[Suggestion]:
    """For each column the likeliest field; each field goes to the column that is most like it."""
    plain = [_plain(tidy(cell)) for cell in header]
    pairs = sorted(_likenesses(kind, plain), reverse=True, key=lambda pair: (pair[0], -pair[1]))
    taken: dict[int, tuple[str, int]] = {}
    used: set[str] = set()
    for likeness, column, field in pairs:
        if column not in taken and field not in used:
            taken[column] = (field, likeness)
            used.add(field)
    return [Suggestion(n, tidy(cell), *taken.get(n, (None, 0))) for n, cell in enumerate(header)]


def recognised(kind: Kind, cells: Sequence[Cell]) -> int:
    """How many of these cells are certainly names of columns."""
    return len(_by_name(kind).keys() & {_plain(tidy(cell)) for cell in cells})


def certain(kind: Kind, name: str) -> str | None:
    """The field that certainly goes by that name."""
    return _by_name(kind).get(_plain(name))


def header_hash(header: Iterable[str]) -> str:
    """The same for the same names in the same order, however they are capitalised and spaced."""
    return blake2b("\0".join(map(_plain, header)).encode(), digest_size=16).hexdigest()


def missing(kind: Kind, mapped: Iterable[str], constants: Iterable[str]) -> list[Field]:
    """What neither a column nor a constant gives and no line can do without: required fields, and those of a guardian with a column."""
    columns = list(mapped)
    given = set(_given(kind, [*columns, *(name for name in constants if name in fields(kind))]))
    needed = [field.field for field in fields(kind).values() if field.required]
    needed += [f"{guardian}.{name}" for guardian in guardians(columns) for name in OF_A_GUARDIAN]
    return [fields(kind)[name] for name in needed if name not in given]


def guardians(names: Iterable[str]) -> list[str]:
    """The guardians of whom these fields tell: `guardian1`, in their order."""
    return sorted({owner for name in names for owner, dot, _ in [name.partition(".")] if dot and owner.startswith("guardian")})


def _given(kind: Kind, names: Iterable[str]) -> Iterator[str]:
    """These fields; a full name gives both of its halves."""
    for name in names:
        yield from (name, *([STANDS_FOR[name]] if name in STANDS_FOR else ()))
        if fields(kind)[name].type == "full_name":
            yield from (name.removesuffix("name") + half for half in ("given_name", "family_name"))


@cache
def _by_name(kind: Kind) -> Mapping[str, str]:
    return {name: field.field for field in fields(kind).values() for name in field.names}


def _likenesses(kind: Kind, plain: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    for column, name in enumerate(plain):
        for field in fields(kind).values() if name else ():
            likeness = _CERTAIN if name in field.names else _alike(name, field.names)
            if likeness >= _LIKELY:
                yield likeness, column, field.field


def _alike(name: str, others: Iterable[str]) -> int:
    """How alike the name is to the likeliest of these with the same digits: the third guardian is not the second."""
    numbered = [other for other in others if _digits(other) == _digits(name)]
    return max((int(fuzz.token_sort_ratio(name, other)) for other in numbered), default=0) - 1


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _plain(name: str) -> str:
    """Words in order of the alphabet, without capitals and punctuation."""
    return " ".join(sorted(re.sub(r"[\W_]+", " ", name.casefold()).split()))


def _field(row: Mapping[str, Any], names: Iterable[str]) -> Field:
    flags = (row.get("required", False), row.get("may_be_empty", False))
    return Field(row["field"], row["type"], row["da"], row["en"], frozenset(map(_plain, names)), *flags)


def _of_group(group: Mapping[str, Any]) -> Iterator[Field]:
    """The fields of each person in a group: `fornavn` of `forælder 1` is called so in either order."""
    for place, owners in enumerate(group["owners"], start=1):
        for row in group["fields"]:
            named = {key: row[key].format(n=place) for key in ("field", "da", "en")}
            yield _field({**row, **named}, [f"{owner} {name}" for owner in owners for name in row["names"]])
