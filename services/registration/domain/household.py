"""Who lives together (husstand): derived from where guardians live and with whom a child does, and stored nowhere.

A child who lives with two guardians at different addresses has two households. Guardians whose addresses nobody told us
are taken to live together when the same children live with them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.registration.domain.address import Address
from services.registration.domain.guardianship import Guardianship


@dataclass(frozen=True, slots=True)
class Household:
    """Children and guardians under one roof, by their ids."""

    guardian_ids: tuple[str, ...]
    child_ids: tuple[str, ...]


def households(guardianships: Iterable[Guardianship], addresses: Mapping[str, Address | None], day: date) -> list[Household]:
    """Every household of these people on that day. `addresses` by guardian; one with whom no child lives has none here."""
    children: dict[str, set[str]] = defaultdict(set)
    for guardianship in guardianships:
        if (terms := guardianship.on(day)) and terms.residence:
            children[guardianship.guardian_id].add(guardianship.child_id)
    homes: dict[str | frozenset[str], set[str]] = defaultdict(set)
    for guardian_id, lives_with_him in children.items():
        homes[_home(addresses.get(guardian_id), lives_with_him)].add(guardian_id)
    return sorted((_household(guardians, children) for guardians in homes.values()), key=lambda household: household.guardian_ids)


def _home(address: Address | None, children: set[str]) -> str | frozenset[str]:
    return address.home if address else frozenset(children)


def _household(guardians: set[str], children: Mapping[str, set[str]]) -> Household:
    together = frozenset().union(*(children[guardian] for guardian in guardians))
    return Household(tuple(sorted(guardians)), tuple(sorted(together)))
