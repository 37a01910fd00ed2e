"""What those who come do: they sign up, and they cancel."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import covering, seating, telling
from services.events.domain import waitlist
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup, SignupStatus
from services.events.handlers.asking import Asking, ask
from services.events.handlers.finding import find_signup, lock_activity
from services.events.handlers.holding import confirm_hold
from services.events.handlers.naming import named

if TYPE_CHECKING:
    from services.events.storage import Work


def sign_up(
    activity_id: str,
    party: Sequence[Member],
    contact_id: str | None,
    work: "Work",
    cause: Cause,
    *,
    hold: tuple[str, str] | None = None,
    made_by: str | None = None,
) -> tuple[Signup, bool]:
    """Seat the party or put it in the line, all or none; True if it is new.

    The same party again is the sign-up that it has already, and False, while its contact may be told of it. `contact_id` is
    who is told; without it, the party's first adult. `hold` is the hold whose seats it gets, and who holds them; `made_by` is the
    system that signs it up, which is not shown what others made.
    """
    asking = ask(activity_id, party, contact_id, work, hold=True)
    if asking.again:
        work.resources.refuse(_why_not_shown(asking.again, made_by))
        return asking.again, False
    work.resources.refuse(named(asking.refusals, asking.activity, work))
    signup = replace(_new_signup(asking, work), made_by=made_by)
    if hold:
        confirm_hold(hold, signup, asking.activity, work, cause)
    else:
        stand_in_line(asking.activity, signup, work, cause)
    return signup, True


def may_sign_up(activity_id: str, party: Sequence[Member], contact_id: str | None, work: "Work") -> Asking:
    """What would be said to the party if it signed up now; nothing is changed."""
    return ask(activity_id, party, contact_id, work, hold=False)


def cancel(signup_id: str, work: "Work", cause: Cause) -> Signup:
    """The party does not come; what it held goes to the line, also after the deadline. Doing it again changes nothing."""
    activity = lock_activity(find_signup(signup_id, work).activity_id, work)
    signup = find_signup(signup_id, work)
    if not signup.active:
        return signup
    work.resources.refuse(why_not_change(activity, work.now))
    signup.late = signup.status is SignupStatus.SEATED and activity.windows.is_late(activity.starts_at, work.now)
    waitlist.leave(activity, signup, signup.own_reason)
    work.signups.save([signup])
    telling.tell_signup(signup, work, cause)
    seating.settle([activity], work, {activity.activity_id: cause})
    return signup


def stand_in_line(activity: Activity, signup: Signup, work: "Work", cause: Cause) -> None:
    """The new sign-up gets its seats or its place in the line of the locked activity."""
    seating.settle_due(signup, [activity], work, cause)
    free = activity.free
    before = _before(activity, signup, work)
    with covering.minded(activity, [signup, *before], work):
        seating.keep(waitlist.join(activity, signup, before, now=work.now), work)
    work.signups.add(signup)
    work.activities.save([activity])
    if signup.status is SignupStatus.WAITING and (activity.line.lets_past or signup.place != signup.number):
        signup.position = work.signups.position(signup.signup_id)
    signup.draws_at = activity.line.draw.closes_at if activity.line.draw and activity.is_gathering else None
    telling.tell_signup(signup, work, cause, free=free)


def _why_not_shown(signup: Signup, made_by: str | None) -> Iterator[Refusal]:
    if made_by and signup.made_by != made_by:
        yield Refusal(Slug.ALREADY_SIGNED_UP, "/party/0/person_id", {"signup_id": signup.signup_id})


def _before(activity: Activity, signup: Signup, work: "Work") -> Sequence[Signup]:
    """Who waits already, where the newcomer may be seated all the same."""
    may_pass = activity.line.lets_past or signup.place or activity.quotas or covering.applies(activity, work)
    if not (activity.waiting and activity.free and may_pass):
        return ()
    return work.signups.lines({activity.activity_id: None})[activity.activity_id]


def _new_signup(asking: Asking, work: "Work") -> Signup:
    activity = asking.activity
    standing = asking.admission.standing
    return Signup(
        signup_id=new_id(),
        activity_id=activity.activity_id,
        programme=activity.programme,
        kind=activity.kind,
        district=activity.district,
        contact_id=str(asking.contact_id),
        party=asking.party,
        signed_up_at=work.now,
        rank=activity.line.rank(standing),
        lots=activity.line.lots(standing),
        answer_hours=activity.line.answer_hours,
        counted=asking.admission.counted,
    )
