"""What somebody does who fills in a form: he holds the seats meanwhile, takes a little longer, or gives them back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import covering, seating, telling
from services.events.domain import waitlist
from services.events.domain.activity import Activity
from services.events.domain.hold import Hold, lasts, why_not_confirm, why_not_extend, why_not_hold
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup
from services.events.handlers import overlapping
from services.events.handlers.asking import Asking, ask
from services.events.handlers.finding import lock_activity
from services.events.handlers.naming import named

if TYPE_CHECKING:
    from services.events.storage import Work


def hold_seats(
    activity_id: str, party: Sequence[Member], contact_id: str | None, work: "Work", cause: Cause, *, held_by: str, most: int
) -> Hold:
    """Hold the party's seats for some minutes, if they are free and nobody waits for them; whoever may not sign up holds none.

    `held_by` is the caller, who may hold `most` at once, and one in the same activity.
    """
    asking = ask(activity_id, party, contact_id, work, hold=True)
    overlapping.judge_before(party, asking.activity, work)
    held = work.holds.of_holder(held_by, work.now)
    beside = why_not_hold(len(held), most, holds_here=any(hold.activity_id == activity_id for hold in held))
    again = [Refusal(Slug.ALREADY_SIGNED_UP, "/party", {"signup_id": asking.again.signup_id})] if asking.again else []
    work.resources.refuse([*named(asking.refusals, asking.activity, work), *again, *beside])
    return _held(asking, held_by, work, cause)


def extend_hold(hold_id: str, held_by: str, work: "Work") -> Hold:
    """The hold's whole time again, from now; once."""
    hold = _locked(hold_id, held_by, work)
    work.resources.refuse(why_not_extend(hold))
    longer = hold.longer(work.now)
    work.holds.save(longer)
    return longer


def give_back(hold_id: str, held_by: str, work: "Work", cause: Cause) -> None:
    """The seats are free again, for the line first."""
    hold = _locked(hold_id, held_by, work)
    (activity,) = work.activities.lock([hold.activity_id])
    work.holds.drop(hold)
    activity.give_back(hold)
    seating.settle([activity], work, {activity.activity_id: cause})


def confirm_hold(named: tuple[str, str], signup: Signup, activity: Activity, work: "Work", cause: Cause) -> None:
    """The new sign-up gets the seats that are held for it, whoever waits; what it does not need of them goes to the line.

    `named` is the hold's id, and who holds it.
    """
    hold = work.holds.get(*named)
    usable = hold if hold and hold.activity_id == activity.activity_id and not hold.is_over(work.now) else None
    work.resources.refuse([*why_not_confirm(usable, signup), *covering.why_not_now(activity, signup.party, work)])
    if usable:
        work.holds.drop(usable)
        waitlist.take_over(activity, signup, usable)
        work.signups.add(signup)
        telling.tell_signup(signup, work, cause, free=usable.seats)
        seating.settle([activity], work, {activity.activity_id: cause})


def _held(asking: Asking, held_by: str, work: "Work", cause: Cause) -> Hold:
    activity, seats = asking.activity, len(asking.party)
    hold = Hold(new_id(), activity.activity_id, held_by, seats, asking.admission.counted, work.now + lasts(seats))
    seating.settle_due(hold, [activity], work, cause)
    if not waitlist.may_be_held(hold, activity, seating.line_before(hold, activity, work)):
        work.resources.refuse([Refusal(Slug.NO_SEATS_TO_HOLD, "")])
    activity.take(hold)
    work.activities.save([activity])
    work.holds.add(hold)
    return hold


def _locked(hold_id: str, held_by: str, work: "Work") -> Hold:
    """The caller's hold while nobody else can change it; one that is over is not found."""
    if seen := work.holds.get(hold_id, held_by):
        lock_activity(seen.activity_id, work)
    hold = work.holds.get(hold_id, held_by)
    return hold if hold and not hold.is_over(work.now) else work.resources.missing(Slug.HOLD_NOT_FOUND)
