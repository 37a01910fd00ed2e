"""Another guardian for a child that is there already: a foster parent after custody changed, a second parent."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from services.registration.domain import adult
from services.registration.domain.address import Address
from services.registration.domain.clocks import has_come
from services.registration.domain.family import GuardianshipRequest, Vocabulary
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy, How
from services.registration.domain.request import GuardianDetails


@dataclass(frozen=True, slots=True, repr=False)
class Adult:
    """Who he is and how he is reached, as the sender describes him; see `GuardianDetails`."""

    given_name: str
    family_name: str
    language: str = "da"
    cpr_number: str | None = None
    email: str | None = None
    phone: str | None = None
    spoken_language: str | None = None
    channels: list[str] | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True, repr=False)
class JoiningRequest:
    """Link this adult to the child from a day on, until before another (None: until further notice)."""

    child_id: str
    guardian: Adult
    valid_from: date
    relation: str
    custody: bool
    contact_allowed: bool
    residence: bool
    valid_until: date | None = None

    @property
    def details(self) -> GuardianDetails:
        """Him as a request for an enrolment would describe him."""
        described = {name: getattr(self.guardian, name) for name in self.guardian.__slots__}
        return GuardianDetails(**described, custody=self.custody, relation=self.relation)

    def linking(self, guardian_id: str) -> Iterator[GuardianshipRequest]:
        """What is to hold between the two: from the first day on what was asked for; from the last on nothing that he may."""
        yield GuardianshipRequest(
            self.child_id, guardian_id, self.valid_from, self.relation, self.custody, self.contact_allowed, self.residence
        )
        if self.valid_until:
            nothing = {"custody": False, "contact_allowed": False, "residence": False}
            yield GuardianshipRequest(self.child_id, guardian_id, self.valid_until, self.relation, **nothing)


@dataclass(frozen=True, slots=True)
class Behalf:
    """For which of the child's guardians it is done, how he took part, and when the form was filled."""

    guardian_id: str
    how: How
    filled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Who linked a guardian to a child, and for whom, as it is kept."""

    child_id: str
    guardian_id: str
    done_by: DoneBy
    behalf: Behalf | None
    recorded_at: datetime


def objections(request: JoiningRequest, born: Mapping[str, date], words: Vocabulary) -> Iterator[Objection]:
    """Everything that speaks against it; `born` has the birth dates of those of whom the one who asks may speak, by id."""
    birth_date = born.get(request.child_id)
    if birth_date is None:
        yield Objection(Rule.UNKNOWN_CHILD, "/child_id")
    elif request.valid_from < birth_date:
        yield Objection(Rule.GUARDIANSHIP_BEFORE_BIRTH, "/valid_from")
    if request.guardian.cpr_number:
        yield from adult.objections(request.guardian.cpr_number, request.valid_from, "/guardian/cpr_number")
    if request.valid_until and request.valid_until <= request.valid_from:
        yield Objection(Rule.GUARDIANSHIP_ENDS_FIRST, "/valid_until")
    yield from words.objections_to_relation(request.relation, "/relation")
    yield from words.objections_to_channels(request.guardian.channels or (), "/guardian/channels")


def objections_to_behalf(behalf: Behalf, family: AbstractSet[str], now: datetime) -> Iterator[Objection]:
    """That nobody of the family is meant, or that it was done later than now."""
    if behalf.guardian_id not in family:
        yield Objection(Rule.UNKNOWN_GUARDIAN, "/on_behalf_of/guardian_id")
    if not has_come(behalf.filled_at, now):
        yield Objection(Rule.FILLED_IN_THE_FUTURE, "/on_behalf_of/filled_at")
