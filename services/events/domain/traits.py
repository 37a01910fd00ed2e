"""What is known of one person of a party, as rules ask for it: coarse, and as registration's facts tell it.

Nothing is asked of a guardian that is not his children's: his track, district, institution and age are those of his children
in the party or, where he comes alone, of all his children in the programme. None among them is what may not be told.

Whom the programme has *reached* (nået) is said here once, for who may come, for quotas and for the order in a line alike: who
himself came to a session of the programme, or one of the family's children. That another guardian came is his own affair: nobody
could ask about it without learning where he goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.events.domain.signup import Member, PartyRole

if TYPE_CHECKING:
    from services.events.domain.eligibility import Enrolment, Known, Professional


@dataclass(frozen=True)
class Traits:
    """`birth_months` are YYYY-MM, `attended` the kinds of activity to which the person has come; `reached` as above."""

    role: PartyRole
    programmes: frozenset[str | None] = frozenset()
    tracks: frozenset[str | None] = frozenset()
    districts: frozenset[str | None] = frozenset()
    institutions: frozenset[str | None] = frozenset()
    professions: frozenset[str | None] = frozenset()
    birth_months: frozenset[str | None] = frozenset()
    attended: frozenset[str] = frozenset()
    reached: bool = False


def traits_of(party: Sequence[Member], programme: str, known: "Known") -> Sequence[Traits]:
    """Those of each member of the party, in its order, for an activity of this programme."""
    return [
        _of_professional(member, programme, known) if member.role is PartyRole.PROFESSIONAL else _of_family(member, party, programme, known)
        for member in party
    ]


def _of_professional(member: Member, programme: str, known: "Known") -> Traits:
    rows: Sequence[Professional] = [one for one in known.professionals if one.professional_id == member.person_id]
    return Traits(
        role=member.role,
        programmes=frozenset(one.programme for one in rows),
        districts=frozenset(one.district for one in rows),
        institutions=frozenset(one.institution for one in rows),
        professions=frozenset(one.profession for one in rows),
        attended=_kinds([member.person_id], known),
        reached=_reached([member.person_id], programme, known),
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
        attended=_kinds([member.person_id, *children], known),
        reached=_reached([member.person_id, *_siblings(member, programme, known)], programme, known),
    )


def _children(guardian: Member, party: Sequence[Member], programme: str, known: "Known") -> frozenset[str]:
    his = known.children_of(guardian.person_id, programme)
    return his & {member.person_id for member in party} or his


def _siblings(member: Member, programme: str, known: "Known") -> Iterable[str]:
    """All children in the programme of the guardian, or of the child's guardians."""
    is_child = member.role is PartyRole.CHILD
    guardians = known.guardians_of(member.person_id, programme) if is_child else [member.person_id]
    return {child for guardian in guardians for child in known.children_of(guardian, programme)}


def _kinds(people: Iterable[str], known: "Known") -> frozenset[str]:
    return frozenset(came.kind for person_id in people for came in known.attended.get(person_id, ()))


def _reached(people: Iterable[str], programme: str, known: "Known") -> bool:
    return any(came.programme == programme for person_id in people for came in known.attended.get(person_id, ()))


def _births(enrolments: "Iterable[Enrolment]") -> frozenset[str | None]:
    return frozenset(enrolment.birth_month for enrolment in enrolments)
