"""Who may do what with which activity and sign-up. The role alone opens a route; here is how far it reaches.

Organisers are coordinators, and leaders within their institutions. A system organises what it opened itself, and acts for the
parties that it signed up itself: what others brought is as hidden from it as from a stranger. Guardians and professionals reach what
is their own: a guardian's or professional's id here is the subject of his token. What they see of a sign-up says `sight.py`.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.chassis.aliases import Aliases
from services.chassis.errors import Forbidden
from services.chassis.http.caller import Caller, Role
from services.events.domain.activity import Activity
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, PartyRole
from services.events.resources import Resources

STAFF = (Role.COORDINATOR, Role.LEADER)
ORGANISERS = (*STAFF, Role.SYSTEM)
PARTICIPANTS = (Role.GUARDIAN, Role.PROFESSIONAL)
EVERYONE = (*ORGANISERS, *PARTICIPANTS, Role.HEALTH_VISITOR)


def organises(caller: Caller, activity: Activity) -> bool:
    """Whether he may run the activity; one without an institution is for those who reach all institutions."""
    reach = ORGANISERS if made_itself(caller, activity.opened_by) else STAFF
    return caller.reaches(activity.institution or "", *reach)


def system(caller: Caller) -> str | None:
    """What a system is known by: the source that it speaks for, else its token's subject. None for people: theirs is the municipality's."""
    sources = () if caller.has(*STAFF) else (grant.source for grant in caller.roles if grant.role is Role.SYSTEM)
    return next((source or caller.subject for source in sources), None)


def made_itself(caller: Caller, system_id: str | None) -> bool:
    """Whether the caller is the system that made what has this mark."""
    return system_id is not None and system_id == system(caller)


def acts_for_others(caller: Caller, activity: Activity) -> bool:
    """Whether he signs up whom he names: an organiser, or a system on its users' behalf."""
    return organises(caller, activity) or system(caller) is not None


def must_let_in(caller: Caller, activity: Activity, resources: Resources) -> None:
    """Raises `Forbidden` unless he may check in who shows a code: an organiser, or a kiosk, which is a system of the institution."""
    if not caller.reaches(activity.institution or "", *ORGANISERS):
        raise forbidden(Slug.NOT_YOUR_INSTITUTION, resources)


def must_organise(caller: Caller, activity: Activity, resources: Resources) -> None:
    """Raises `Forbidden` unless he may run the activity."""
    if not organises(caller, activity):
        raise forbidden(Slug.NOT_YOUR_INSTITUTION, resources)


def must_know(caller: Caller, activity: Activity, resources: Resources) -> None:
    """Raises `NotFound` where it is a draft, which nobody knows of but who may run it."""
    if activity.is_draft and not organises(caller, activity):
        resources.missing(Slug.ACTIVITY_NOT_FOUND)


def drafts_of(caller: Caller) -> Collection[str] | None:
    """The institutions whose drafts he sees besides what he opened as a system; None: every one's."""
    return caller.institutions(*STAFF)


def own_ids(caller: Caller, aliases: Aliases) -> Collection[str]:
    """The ids that mean the caller: more than one where he was stored twice and merged; none where he is no person here."""
    return aliases.around([caller.subject]).keys() if _is_id(caller.subject) else ()


def speaks_for(caller: Caller, own: Collection[str], party: Sequence[Member], contact_id: str | None, resources: Resources) -> str:
    """The caller's own id, as the contact of his party; raises `Forbidden` if he names another, or brings whom he may not.

    A professional brings himself alone; a guardian his family, and whether it is his is for the rules of sign-up.
    """
    own_only = party if not caller.has(Role.GUARDIAN) else [member for member in party if member.role is PartyRole.PROFESSIONAL]
    named = {member.person_id for member in own_only} | {contact_id or caller.subject}
    if not named <= set(own):
        raise forbidden(Slug.NOT_YOURSELF, resources)
    return contact_id or caller.subject


def _is_id(subject: str) -> bool:
    try:
        return str(UUID(subject)) == subject
    except ValueError:
        return False


def forbidden(slug: Slug, resources: Resources) -> Forbidden:
    """The refusal of somebody who may not."""
    return Forbidden(reasons=[resources.reason(Refusal(slug, ""))])
