"""What others ask to have changed in a family: how a guardian is reached, and what holds between him and a child."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.registration.domain.address import Address
from services.registration.domain.guardianship import Terms
from services.registration.domain.objection import Objection, Rule


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The codes that a municipality knows (`families.toml`): how a guardian is related, and by what he can be reached."""

    relations: AbstractSet[str] = frozenset({"other"})
    channels: AbstractSet[str] = frozenset({"email"})

    def objections_to_relation(self, code: str, at: str) -> Iterator[Objection]:
        """That there is no such relation."""
        if code not in self.relations:
            yield Objection(Rule.UNKNOWN_RELATION, at, {"known": _listed(self.relations)})

    def objections_to_channels(self, codes: Iterable[str], at: str) -> Iterator[Objection]:
        """That one of them is no channel."""
        if set(codes) - self.channels:
            yield Objection(Rule.UNKNOWN_CHANNEL, at, {"known": _listed(self.channels)})


@dataclass(frozen=True, slots=True, repr=False)
class CorrectionRequest:
    """Correct how this guardian is reached. `changes` holds the fields that change; one that is None is taken away."""

    guardian_id: str
    changes: Mapping[str, Any]

    @property
    def values(self) -> Mapping[str, Any]:
        """The changes as a guardian holds them."""
        values = dict(self.changes)
        if address := values.get("address"):
            values["address"] = Address(**address)
        if "channels" in values:
            values["channels"] = tuple(values["channels"])
        return values


@dataclass(frozen=True, slots=True)
class GuardianshipRequest:
    """From this day on, this is what holds between the child and the guardian."""

    child_id: str
    guardian_id: str
    valid_from: date
    relation: str
    custody: bool
    contact_allowed: bool
    residence: bool

    @property
    def pair(self) -> tuple[str, str]:
        """The child and the guardian."""
        return self.child_id, self.guardian_id

    @property
    def terms(self) -> Terms:
        """What is to hold."""
        return Terms(self.relation, self.custody, self.contact_allowed, self.residence)


def objections_to_correction(request: CorrectionRequest, guardians: AbstractSet[str], words: Vocabulary) -> Iterator[Objection]:
    """Everything that speaks against a correction."""
    if request.guardian_id not in guardians:
        yield Objection(Rule.UNKNOWN_GUARDIAN, "/guardian_id")
    yield from words.objections_to_channels(request.changes.get("channels") or (), "/changes/channels")


def objections_to_guardianship(
    request: GuardianshipRequest, children: AbstractSet[str], guardians: AbstractSet[str], words: Vocabulary
) -> Iterator[Objection]:
    """Everything that speaks against a change between a child and a guardian; the sets hold the ids of those who are known."""
    if request.child_id not in children:
        yield Objection(Rule.UNKNOWN_CHILD, "/child_id")
    if request.guardian_id not in guardians:
        yield Objection(Rule.UNKNOWN_GUARDIAN, "/guardian_id")
    yield from words.objections_to_relation(request.relation, "/relation")


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))
