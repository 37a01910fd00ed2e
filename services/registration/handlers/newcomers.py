"""Finds out which child each request is about: by its number, or, where none is given, by what is said of it and its guardians."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.registration.domain.child import ChildKey
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.guardian import Guardian
from services.registration.domain.newcomer import Family, Newcomers, description_of

if TYPE_CHECKING:
    from services.registration.storage import Work

Keys = Sequence[ChildKey | None]
"""By what each request of a batch names its child; None where its number cannot be read."""


def recognise(families: Sequence[Family], work: "Work") -> Keys:
    """In order; a child that nobody knows gets the id that it is to have.

    Until the end of the transaction nobody else takes in a child of which the same is said.
    """
    descriptions = {description_of(one) for one in families if one.child.cpr_number is None}
    newcomers = _newcomers(descriptions, work) if descriptions else None
    return [_key(one, newcomers) for one in families]


def _key(one: Family, newcomers: Newcomers | None) -> ChildKey | None:
    if one.child.cpr_number is not None:
        return CprNumber.read(one.child.cpr_number)
    return newcomers.key(one, new_id) if newcomers else None


def _newcomers(descriptions: Iterable[str], work: "Work") -> Newcomers:
    known = work.children.described_as(descriptions)
    families = work.families.of_children(child_id for ids in known.values() for child_id in ids)
    adults = work.guardians.of(one.guardian_id for family in families.values() for one in family)
    guardians: dict[str, list[Guardian]] = {
        child_id: [adults[one.guardian_id] for one in family if one.guardian_id in adults] for child_id, family in families.items()
    }
    return Newcomers(known, guardians)
