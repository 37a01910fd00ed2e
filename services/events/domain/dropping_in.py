"""Who may be recorded as having dropped in (uanmeldt): at a session without a seat, and there all the same.

Not who may sign up: no quota and no window holds for what has happened. But nobody is recorded whom the programme does not
know, nor anybody who has said that he does not take part.
"""

from services.events.domain.activity import Audience
from services.events.domain.attendance import Seat
from services.events.domain.eligibility import Known, why_not_come
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, PartyRole


def as_guest(person_id: str, programme: str, audience: Audience, known: Known) -> Seat | Refusal:
    """As what the person is here, without a sign-up; or why he cannot be recorded. The refusal names no field."""
    role = _role(person_id, programme, audience, known)
    if role is None:
        return Refusal(Slug.PERSON_NOT_KNOWN, "")
    refusal = next(why_not_come(Member(person_id, role), programme, known, ""), None)
    return refusal or Seat(None, role)


def _role(person_id: str, programme: str, audience: Audience, known: Known) -> PartyRole | None:
    if audience is Audience.PROFESSIONALS:
        is_one = any(one.professional_id == person_id and one.programme == programme for one in known.professionals)
        return PartyRole.PROFESSIONAL if is_one else None
    if known.knows_child(person_id):
        return PartyRole.CHILD
    return PartyRole.GUARDIAN if known.children_of(person_id, programme) else None
