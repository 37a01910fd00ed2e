"""A child without a CPR number (newborn, newly arrived), and how the same one is recognised in several requests.

By its birth date, its name, and a guardian whom it has in common with the child that is known: all three. So two children of one name
and birth date stay two, and one whose mother was given another address stays one. Only a child that came without a number is recognised
so: one that is known by a number, and a request that names none, are two whom a person may merge, whichever came first.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from services.registration.domain.child import ChildKey, Unnumbered
from services.registration.domain.guardian import Guardian
from services.registration.domain.naming import folded
from services.registration.domain.request import ChildDetails, GuardianDetails


class Family(Protocol):
    """A child and its guardians, as a request or a file's line describes them."""

    @property
    def child(self) -> ChildDetails: ...
    @property
    def guardians(self) -> Sequence[GuardianDetails]: ...


def described(birth_date: date, given_name: str, family_name: str) -> str:
    """What every sender says of the child, however he spells it."""
    name = f"{given_name} {family_name}"
    return f"{birth_date.isoformat()} {folded(name) or name.casefold()}"


@dataclass(slots=True)
class _Known:
    """A child under a description, and those whom it has for guardians."""

    child_id: str
    guardians: list[Guardian]

    def has_one_of(self, details: Sequence[GuardianDetails]) -> bool:
        return any(guardian.resembles(one) for guardian in self.guardians for one in details)


class Newcomers:
    """The children whom requests without a number may be about: those that came so before, and those of the batch itself."""

    def __init__(self, children: Mapping[str, Iterable[str]], guardians: Mapping[str, Sequence[Guardian]]) -> None:
        self._known: dict[str, list[_Known]] = defaultdict(list)
        for description, ids in children.items():
            self._known[description] = [_Known(child_id, [*guardians.get(child_id, ())]) for child_id in ids]

    def key(self, said: Family, new_id: Callable[[], str]) -> ChildKey:
        """The child that is meant, or a new one, which later requests may mean too."""
        alike = self._known[description_of(said)]
        known = next((one for one in alike if one.has_one_of(said.guardians)), None)
        if known is None:
            known = _Known(new_id(), [])
            alike.append(known)
        known.guardians += [_as_guardian(details) for details in said.guardians]
        return Unnumbered(known.child_id)


def description_of(said: Family) -> str:
    """The same of the child of a family."""
    return described(said.child.birth_date, said.child.given_name, said.child.family_name)


def _as_guardian(details: GuardianDetails) -> Guardian:
    guardian = Guardian("", details.given_name, details.family_name, details.language)
    guardian.told(details)
    return guardian
