"""What is known of one person of a party, as rules ask for it: coarse, and as registration's facts tell it.

Nothing is asked of a guardian that is not his children's: his track, district, institution and age are those of his children
in the party or, where he comes alone, of all his children in the programme. None among them is what may not be told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.events.domain.signup import Member, PartyRole

if TYPE_CHECKING:
    from services.events.domain.eligibility import Enrolment, Known, Professional


@dataclass(frozen=True)
class Traits:
    """`birth_months` are YYYY-MM, `attended` the kinds of activity to which the person has come."""

    role: PartyRole
    programmes: frozenset[str | None] = frozenset()
    tracks: frozenset[str | None] = frozenset()
    districts: frozenset[str | None] = frozenset()
    institutions: frozenset[str | None] = frozenset()
    professions: frozenset[str | None] = frozenset()
    birth_months: frozenset[str | None] = frozenset()
    attended: frozenset[str] = frozenset()


def traits_of(party: Sequence[Member], programme: str, known: "Known") -> Sequence[Traits]:
    """Those of each member of the party, in its order, for an activity of this programme."""
    return [
        _of_professional(member, known) if member.role is PartyRole.PROFESSIONAL else _of_family(member, party, programme, known)
        for member in party
    ]


def _of_professional(member: Member, known: "Known") -> Traits:
    rows: Sequence[Professional] = [one for one in known.professionals if one.professional_id == member.person_id]
    return Traits(
        role=member.role,
        programmes=frozenset(one.programme for one in rows),
        districts=frozenset(one.district for one in rows),
        institutions=frozenset(one.institution for one in rows),
        professions=frozenset(one.profession for one in rows),
        attended=known.attended.get(member.person_id, frozenset()),
    )


def _of_family(member: Member, party: Sequence[Member], programme: str, known: "Known") -> Traits:
    children = {member.person_id} if member.role is PartyRole.CHILD else _children(member, party, programme, known)
    theirs = [enrolment for enrolment in known.enrolments if enrolment.accepted and enrolment.child_id in children]
    here = [enrolment for enrolment in theirs if enrolment.programme == programme]
    return Traits(
        role=member.role,
        programmes=frozenset(enrolment.programme for enrolment in theirs),
        tracks=frozenset(enrolment.track for enrolment in here),
        districts=frozenset(enrolment.district for enrolment in here),
        institutions=frozenset(enrolment.institution for enrolment in here),
        birth_months=_births(here),
        attended=frozenset().union(*(known.attended.get(person_id, frozenset()) for person_id in {member.person_id, *children})),
    )


def _children(guardian: Member, party: Sequence[Member], programme: str, known: "Known") -> frozenset[str]:
    his = known.children_of(guardian.person_id, programme)
    return his & {member.person_id for member in party} or his


def _births(enrolments: "Iterable[Enrolment]") -> frozenset[str | None]:
    return frozenset(enrolment.birth_month for enrolment in enrolments)
