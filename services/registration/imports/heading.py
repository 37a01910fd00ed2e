"""Which line of a file holds the names of its columns: one, or two where groups stand above (`Mor` across `Navn` and `E-mail`)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from services.registration.imports.columns import Kind, certain, recognised
from services.registration.imports.reading import Line
from services.registration.imports.values import Cell, tidy


@dataclass(frozen=True, slots=True)
class Heading:
    """The names of the columns, and the last line that they stand in. `guardians`: above how many groups of names one of them stands."""

    line: int
    names: Sequence[str]
    guardians: int = 0


def found_in(kind: Kind, first: Iterable[Line]) -> Heading | None:
    """The names that we know most of, guardians above them included. None where all is empty.

    Where several have as many, it is two lines with guardians above, then the earliest, then one line.
    """
    filled = [line for line in first if any(map(tidy, line.cells))]
    alone = [Heading(line.number, [tidy(cell) for cell in line.cells]) for line in filled]
    in_two = [_in_two(kind, upper, lower) for upper, lower in pairwise(filled)]
    return max((*alone, *in_two), key=partial(_rank, kind), default=None)


def _rank(kind: Kind, one: Heading) -> tuple[int, int, int]:
    return recognised(kind, one.names) + one.guardians, one.guardians, -one.line


def _in_two(kind: Kind, upper: Line, lower: Line) -> Heading:
    parts = list(_under_groups(upper.cells, lower.cells))
    above = {group for group, name in parts if name and _is_guardian(kind, group) and certain(kind, f"{group} {name}")}
    return Heading(lower.number, [_name(kind, group, name) if name else group for group, name in parts], len(above))


def _under_groups(upper: Sequence[Cell], lower: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """Each column's group, which stands once for all the columns that it spans, and its name; a group goes on only above a name."""
    group = ""
    for column in range(max(len(upper), len(lower))):
        above, below = (tidy(cells[column]) if column < len(cells) else "" for cells in (upper, lower))
        group = above or group
        yield (group if below else above), below


def _name(kind: Kind, group: str, name: str) -> str:
    """The two together, where that is a name that we know; where it is not, the lower alone, unless it would be another person's."""
    both = f"{group} {name}" if group and group != name else name
    alone = certain(kind, name)
    if certain(kind, both) or not alone:
        return both
    return both if _is_guardian(kind, group) and "." in alone else name


def _is_guardian(kind: Kind, group: str) -> bool:
    return (certain(kind, f"{group} fornavn") or "").startswith("guardian")
