"""Whose an address in a line is. It is nobody's but that of the guardian who lives there: an address that may be another's is left out.

A file has a column for each guardian, or one for the child. The child's is that of the guardians with whom it lives, as the line
says; of the only one, where it names one; else nobody can tell, and that is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from services.registration.imports.columns import guardians
from services.registration.imports.record import Issue, Reading
from services.registration.imports.texts import issue

ADDRESS: Final[Sequence[str]] = ("street", "postal_code", "city")


def settle(reading: Reading) -> None:
    """Give each guardian of the line the address that is his, whole, or say why he has none."""
    named = guardians(reading.values)
    shared: dict[str, str] = {name: reading.values.pop(name) for name in ADDRESS if name in reading.values}
    if shared:
        reading.issues += _share(shared, reading, named)
    for owner in named:
        reading.issues += _only_whole(owner, reading)


def _share(shared: Mapping[str, str], reading: Reading, named: Iterable[str]) -> Iterator[Issue]:
    """The child's address, to those with whom it lives and who have none of their own."""
    living = [owner for owner in named if reading.values.get(f"{owner}.residence") == "yes"]
    at_home = living or [owner for owner in named if reading.values.get(f"{owner}.residence") != "no"]
    if len(at_home) != 1 and not living:
        yield issue("address-of-whom", "address", error=False)
        return
    for owner in at_home:
        if not any(f"{owner}.{name}" in reading.values for name in ADDRESS):
            reading.values |= {f"{owner}.{name}": value for name, value in shared.items()}


def _only_whole(owner: str, reading: Reading) -> Iterator[Issue]:
    given = [f"{owner}.{name}" for name in ADDRESS if f"{owner}.{name}" in reading.values]
    if 0 < len(given) < len(ADDRESS):
        yield issue("address-incomplete", given[0], error=False)
        for name in given:
            del reading.values[name]
