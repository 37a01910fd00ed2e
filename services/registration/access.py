"""Who may do what here: the roles of each door, and how far a caller reaches behind it."""

from typing import Final
from uuid import UUID

from services.chassis.errors import Forbidden
from services.chassis.http.caller import Caller, Role
from services.chassis.http.request import Request
from services.registration.domain.origin import DoneBy
from services.registration.domain.programme import Institution
from services.registration.domain.protection import MUNICIPALITY
from services.registration.domain.reach import Reach
from services.registration.texts import reason

EVERYONE: Final = tuple(Role)
STAFF: Final = (Role.COORDINATOR, Role.LEADER, Role.HEALTH_VISITOR)
ENROLLERS: Final = (Role.SYSTEM, *STAFF)
SENDERS: Final = (*ENROLLERS, Role.PROFESSIONAL)
"""Who may ask for an enrolment: systems, and staff with or for a family of their institutions."""
ENROLMENT_READERS: Final = (*ENROLLERS, Role.GUARDIAN)
STEPPERS: Final = (*ENROLLERS, Role.GUARDIAN)
NEED_NAMES: Final = frozenset({"handle-enrolment"})
"""The purposes for which the name behind an alias is read."""
GIVERS: Final = (Role.GUARDIAN, Role.PROFESSIONAL)
WITHDRAWERS: Final = (Role.SYSTEM, Role.COORDINATOR, Role.LEADER, Role.GUARDIAN)


def reach_of(caller: Caller) -> Reach:
    """Staff reach their institutions, a system its source, a guardian (whose subject is our id of him) his family."""
    return Reach(
        institutions=caller.institutions(*STAFF),
        sources=_sources(caller),
        guardian_id=caller.subject if caller.has(Role.GUARDIAN) and _is_uuid(caller.subject) else None,
    )


def source_of(caller: Caller) -> str:
    """In whose name a request over HTTP is sent: the system's CloudEvents source, or the person himself."""
    sources = sorted(source for grant in caller.roles if grant.role is Role.SYSTEM and (source := grant.source))
    return sources[0] if sources else f"/callers/{caller.subject}"


def asked_by(caller: Caller) -> str:
    """Whose word it is: the municipality's where a coordinator speaks, else the system's source."""
    return MUNICIPALITY if caller.has(Role.COORDINATOR) else source_of(caller)


def done_by(caller: Caller) -> DoneBy | None:
    """The person who asks, in the first of his roles that may; None for a system, whose source says enough."""
    roles = [role for role in (*STAFF, Role.PROFESSIONAL) if caller.has(role)]
    return DoneBy(caller.subject, roles[0]) if roles and not caller.has(Role.SYSTEM) else None


def must_act_for(institution: Institution | None, caller: Caller, *roles: Role) -> None:
    """Raises `Forbidden` where staff act for another institution than their own. An unknown one is the rules' business."""
    if institution and not caller.has(Role.SYSTEM) and not caller.reaches(institution.code, *roles):
        raise Forbidden(reasons=[reason("not-your-institution", "/institution")])


def needs_names(request: Request) -> bool:
    """Whether he reads the name of somebody who is protected: a guardian his family's, staff whose work on the case needs it."""
    return reach_of(request.caller).family_only or request.purpose in NEED_NAMES


def needs_addresses(request: Request) -> bool:
    """Whether he reads where somebody lives who is protected: the guardian himself, and a coordinator who handles the case."""
    return reach_of(request.caller).family_only or (request.caller.has(Role.COORDINATOR) and request.purpose in NEED_NAMES)


def acts_at_homes(caller: Caller) -> bool:
    """Whether children who are in no institution are his to enrol."""
    return caller.has(Role.SYSTEM) or caller.has(Role.HEALTH_VISITOR) or caller.institutions(*STAFF) is None


def _sources(caller: Caller) -> frozenset[str] | None:
    grants = [grant for grant in caller.roles if grant.role is Role.SYSTEM]
    if any(grant.source is None for grant in grants):
        return None
    return frozenset(grant.source for grant in grants if grant.source)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
