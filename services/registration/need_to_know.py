"""Who needs to know an answer: whoever reads for the purpose that its question names, in a role that has to do with that purpose.

A purpose says why personal data are read; here stands whose work it is. A guardian reads what his own family answered, and a
professional what he answered himself, for whatever purpose they name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.chassis.http.caller import Caller, Role
from services.chassis.http.request import Request
from services.registration import access
from services.registration.domain.programme import Programme
from services.registration.domain.reach import Reach

READERS: Final[Mapping[str, tuple[Role, ...]]] = {
    "own-family": (),
    "handle-enrolment": access.STAFF,
    "plan-workshop": (Role.COORDINATOR, Role.LEADER),
    "run-activities": (*access.STAFF, Role.PROFESSIONAL),
    "answer-enquiry": (Role.COORDINATOR,),
    "mend-error": (Role.COORDINATOR,),
    "supervise": (Role.COORDINATOR,),
}
"""Purpose → the staff whose work it is; each within the institutions of that role."""


def reach_of(request: Request) -> Reach:
    """Whose answers are within the caller's reach for the purpose that he names."""
    family = access.reach_of(request.caller).guardian_id
    return Reach(institutions=institutions(request.caller, request.purpose), guardian_id=family)


def institutions(caller: Caller, purpose: str | None) -> frozenset[str] | None:
    """Where the caller's work asks for answers that are read for this purpose: codes, or None for everywhere."""
    roles = READERS.get(purpose or "", ())
    return caller.institutions(*roles) if roles else frozenset()


def without_answers(data: Any, needed: frozenset[str]) -> Any:
    """A request for an enrolment (decoded JSON) without the answers to any but these questions."""
    if isinstance(data, dict):
        return {name: _needed(value, needed) if name == "answers" else without_answers(value, needed) for name, value in data.items()}
    return [without_answers(value, needed) for value in data] if isinstance(data, list) else data


def _needed(answers: Iterable[Mapping[str, Any]], needed: frozenset[str]) -> list[Mapping[str, Any]]:
    return [answer for answer in answers if answer["question"] in needed]


def readable(programme: Programme, request: Request) -> frozenset[str]:
    """The questions whose answers are read for the purpose that the caller names; none where that is not his work."""
    if not request.caller.has(*READERS.get(request.purpose or "", ())):
        return frozenset()
    return frozenset(question.code for question in programme.questions if question.purpose == request.purpose)
