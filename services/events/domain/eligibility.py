"""Who may sign up to what, as far as registration's facts have told us.

Families' activities are for a child with an accepted enrolment in the programme, unless a guardian has withdrawn the
consent to take part, and for that child's guardians, with or without the child. A party is one family: the contact is a
guardian of every child in it, and shares a child with every other guardian in it. Professionals' activities are for the
programme's professionals. An adult who has withdrawn his own consent to take part comes to neither.

Whose guardian somebody is can change from one day to the next: who may not be told of a child today is none of its guardians
today (`domain/family.py`), and is told no more of it than a stranger.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.events.domain.activity import Activity, Audience
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, PartyRole


@dataclass(frozen=True)
class Enrolment:
    """A child's place in a programme (indskrivning); `accepted` is true from its acceptance on, also in a pause, until it ends."""

    child_id: str
    programme: str
    accepted: bool
    guardian_ids: frozenset[str]
    track: str | None = None
    institution: str | None = None
    district: str | None = None
    birth_month: str | None = None


@dataclass(frozen=True)
class Consent:
    """A guardian's word on whether a child may take part; or an adult's on himself, who is then both."""

    child_id: str
    guardian_id: str
    given: bool
    said_at: datetime


@dataclass(frozen=True)
class Professional:
    """Somebody who works in a programme (fagprofessionel)."""

    professional_id: str
    programme: str
    profession: str | None = None
    institution: str | None = None
    district: str | None = None


@dataclass(frozen=True)
class Came:
    """That somebody came to a session, in time or late: of which kind of activity, in which programme."""

    kind: str
    programme: str


@dataclass(frozen=True)
class Known:
    """What we know about the people of one decision.

    `barred` has a child and a guardian for each who was named as its guardian and may not be told of it today. `attended` has to
    what somebody came, where that was asked for.
    """

    enrolments: Sequence[Enrolment] = ()
    consents: Sequence[Consent] = ()
    professionals: Sequence[Professional] = field(default=())
    barred: frozenset[tuple[str, str]] = frozenset()
    attended: Mapping[str, frozenset[Came]] = field(default_factory=dict)

    def knows_child(self, child_id: str) -> bool:
        """Whether any enrolment of the child has been heard of."""
        return any(enrolment.child_id == child_id for enrolment in self.enrolments)

    def knows_guardian(self, guardian_id: str) -> bool:
        """Whether any enrolment names this guardian, or he is known to be barred."""
        return any(guardian_id in e.guardian_ids for e in self.enrolments) or any(guardian_id == barred for _, barred in self.barred)

    def role_of(self, person_id: str) -> PartyRole | None:
        """As what the person has been heard of, if at all."""
        if self.knows_child(person_id):
            return PartyRole.CHILD
        if self.knows_guardian(person_id):
            return PartyRole.GUARDIAN
        return PartyRole.PROFESSIONAL if any(p.professional_id == person_id for p in self.professionals) else None

    def may_be_told(self, guardian_id: str, children: Iterable[str]) -> bool:
        """Whether he is a guardian of each of these children, also of one whose enrolment has ended."""
        named = {enrolment.child_id for enrolment in self.enrolments if guardian_id in enrolment.guardian_ids}
        return named.issuperset(children)

    def bars(self, guardian_id: str, children: Iterable[str]) -> bool:
        """Whether he may not be told of one of these children, although he was named as its guardian."""
        return any((child_id, guardian_id) in self.barred for child_id in children)

    def guardians_of(self, child_id: str, programme: str) -> frozenset[str]:
        """The guardians named by the child's accepted enrolments in the programme."""
        return frozenset().union(*(e.guardian_ids for e in self._accepted(programme) if e.child_id == child_id))

    def children_of(self, guardian_id: str, programme: str) -> frozenset[str]:
        """The guardian's children with an accepted enrolment in the programme."""
        return frozenset(e.child_id for e in self._accepted(programme) if guardian_id in e.guardian_ids)

    def guardians_beside(self, guardian_id: str, programme: str) -> frozenset[str]:
        """The guardian himself and all who share an enrolled child with him; nobody, if he has no enrolled child."""
        return frozenset().union(*(e.guardian_ids for e in self._accepted(programme) if guardian_id in e.guardian_ids))

    def is_enrolled(self, child_id: str, programme: str) -> bool:
        """Whether the child has an accepted enrolment in the programme."""
        return any(e.child_id == child_id for e in self._accepted(programme))

    def consent_is_withdrawn(self, person_id: str) -> bool:
        """Whether the last word of any guardian is that the child, or the adult's own that he, does not take part."""
        words = sorted((c for c in self.consents if c.child_id == person_id), key=lambda c: (c.said_at, not c.given))
        return not all({word.guardian_id: word.given for word in words}.values())

    def _accepted(self, programme: str) -> Iterator[Enrolment]:
        return (e for e in self.enrolments if e.accepted and e.programme == programme)


def why_not_sign_up(
    activity: Activity, audience: Audience, party: Sequence[Member], contact_id: str | None, known: Known, *, now: datetime
) -> Iterator[Refusal]:
    """Every reason why this party cannot sign up to this activity, full or not."""
    yield from _closed(activity, now)
    if contact_id is None:
        yield Refusal(Slug.CONTACT_MISSING, "/contact_id")
    yield from _misshapen(party, activity.capacity)
    if audience is Audience.FAMILIES:
        yield from _family(activity.programme, party, contact_id, known)
    else:
        yield from _professionals(activity.programme, party, contact_id, known)


def adult_in(party: Sequence[Member]) -> str | None:
    """Who is told when nobody is named: the first adult of the party."""
    return next((member.person_id for member in party if member.role is not PartyRole.CHILD), None)


def children_in(party: Iterable[Member]) -> list[str]:
    """The ids of the children of a party."""
    return [member.person_id for member in party if member.role is PartyRole.CHILD]


def why_not_child(child_id: str, programme: str, known: Known, at: str) -> Iterator[Refusal]:
    """Every reason why the child cannot take part in the programme; `at` is the field that names the child."""
    if not known.knows_child(child_id):
        yield _not_known(child_id, Slug.CHILD_NOT_KNOWN, known, at)
    elif not known.is_enrolled(child_id, programme):
        yield Refusal(Slug.CHILD_NOT_ENROLLED, at)
    yield from _unwilling(child_id, known, at)


def why_not_come(member: Member, programme: str, known: Known, at: str) -> Iterator[Refusal]:
    """Every reason why somebody who once might take part no longer may."""
    if member.role is PartyRole.CHILD:
        yield from why_not_child(member.person_id, programme, known, at)
    else:
        yield from _unwilling(member.person_id, known, at)


def _unwilling(person_id: str, known: Known, at: str) -> Iterator[Refusal]:
    if known.consent_is_withdrawn(person_id):
        yield Refusal(Slug.CONSENT_WITHDRAWN, at)


def _not_known(person_id: str, slug: Slug, known: Known, at: str) -> Refusal:
    """Nobody of that role; which no waiting mends where the person is known in another."""
    role = known.role_of(person_id)
    return Refusal(Slug.KNOWN_IN_ANOTHER_ROLE, at, {"role": role}) if role else Refusal(slug, at)


def _closed(activity: Activity, now: datetime) -> Iterator[Refusal]:
    if activity.is_called_off:
        yield Refusal(Slug.ACTIVITY_CALLED_OFF, "")
    elif activity.is_draft:
        yield Refusal(Slug.ACTIVITY_IS_DRAFT, "")
    elif not activity.takes_signups(now):
        yield Refusal(Slug.SIGNUP_CLOSED, "")


def _misshapen(party: Sequence[Member], capacity: int) -> Iterator[Refusal]:
    if len(party) > capacity:
        yield Refusal(Slug.PARTY_TOO_LARGE, "/party", {"seats": len(party), "capacity": capacity})
    if max(Counter(member.person_id for member in party).values()) > 1:
        yield Refusal(Slug.PERSON_TWICE, "/party")


def _family(programme: str, party: Sequence[Member], contact_id: str | None, known: Known) -> Iterator[Refusal]:
    if contact_id and contact_id not in {member.person_id for member in party}:
        yield from _guardian(contact_id, programme, known, "/contact_id")
    for index, member in enumerate(party):
        at = f"/party/{index}/person_id"
        match member.role:
            case PartyRole.CHILD if contact_id and known.bars(contact_id, [member.person_id]):
                yield Refusal(Slug.NOT_IN_FAMILY, at)
            case PartyRole.GUARDIAN if known.bars(member.person_id, children_in(party)):
                yield Refusal(Slug.NOT_IN_FAMILY, at)
            case PartyRole.CHILD:
                yield from why_not_child(member.person_id, programme, known, at)
                yield from _elsewhere(known.guardians_of(member.person_id, programme), contact_id, at)
            case PartyRole.GUARDIAN:
                yield from _guardian(member.person_id, programme, known, at)
                yield from _unwilling(member.person_id, known, at)
                yield from _elsewhere(known.guardians_beside(member.person_id, programme), contact_id, at)
            case PartyRole.PROFESSIONAL:
                yield Refusal(Slug.FOR_FAMILIES, at)


def _elsewhere(family: frozenset[str], contact_id: str | None, at: str) -> Iterator[Refusal]:
    if family and contact_id and contact_id not in family:
        yield Refusal(Slug.NOT_IN_FAMILY, at)


def _guardian(guardian_id: str, programme: str, known: Known, at: str) -> Iterator[Refusal]:
    if not known.knows_guardian(guardian_id):
        yield _not_known(guardian_id, Slug.GUARDIAN_NOT_KNOWN, known, at)
    elif not known.children_of(guardian_id, programme):
        yield Refusal(Slug.GUARDIAN_NOT_ENROLLED, at)


def _professionals(programme: str, party: Sequence[Member], contact_id: str | None, known: Known) -> Iterator[Refusal]:
    programmes = {professional.professional_id: professional.programme for professional in known.professionals}
    if contact_id and contact_id not in {member.person_id for member in party}:
        yield Refusal(Slug.CONTACT_NOT_IN_PARTY, "/contact_id")
    for index, member in enumerate(party):
        at = f"/party/{index}/person_id"
        if member.role is not PartyRole.PROFESSIONAL:
            yield Refusal(Slug.FOR_PROFESSIONALS, at)
        elif member.person_id not in programmes:
            yield _not_known(member.person_id, Slug.PROFESSIONAL_NOT_KNOWN, known, at)
        elif programmes[member.person_id] != programme:
            yield Refusal(Slug.PROFESSIONAL_ELSEWHERE, at)
        yield from _unwilling(member.person_id, known, at)
