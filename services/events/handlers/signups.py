"""What those who come do: they sign up, and they cancel."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import seating, telling
from services.events.domain import waitlist
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.eligibility import Known, adult_in, children_in, why_not_sign_up
from services.events.domain.line import Traits
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup, SignupStatus, as_kept
from services.events.handlers.finding import find_signup, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


def sign_up(activity_id: str, party: Sequence[Member], contact_id: str | None, work: "Work", cause: Cause) -> tuple[Signup, bool]:
    """Seat the party or put it in the line, all or none; True if it is new.

    The same party again is the sign-up that it has already, and False, while its contact may be told of it. `contact_id` is
    who is told; without it, the party's first adult.
    """
    contact_id = contact_id or adult_in(party)
    people = [member.person_id for member in party]
    kept = work.aliases.around([*people, contact_id] if contact_id else people)
    known = work.known_today(kept, hold=True)
    activity = lock_activity(activity_id, work)
    theirs = work.signups.of_people([id_ for id_ in kept if id_ != contact_id or id_ in people], [activity_id])
    asking = as_kept(party, kept), kept.get(str(contact_id))
    again = _same_party(theirs, *asking, kept)
    if again and known.may_be_told(str(asking[1]), children_in(asking[0])):
        return again, False
    audience = work.resources.kinds[activity.kind].audience
    refusals = list(why_not_sign_up(activity, audience, *asking, known, now=work.now))
    work.resources.refuse([*refusals, *why_not_again(asking[0], theirs, {refusal.field for refusal in refusals}, kept)])
    signup = _new_signup(activity, party, str(contact_id), work)
    traits = traits_of(activity, party, kept, known, work)
    signup.rank, signup.lots = activity.line.rank(traits), activity.line.lots(traits)
    stand_in_line(activity, signup, work, cause)
    return signup, True


def cancel(signup_id: str, work: "Work", cause: Cause) -> Signup:
    """The party does not come; what it held goes to the line. Doing it again changes nothing."""
    activity = lock_activity(find_signup(signup_id, work).activity_id, work)
    signup = find_signup(signup_id, work)
    if not signup.active:
        return signup
    work.resources.refuse(why_not_change(activity, work.now))
    waitlist.leave(activity, signup, signup.own_reason)
    work.signups.save([signup])
    telling.tell_signup(signup, work, cause)
    seating.settle([activity], work, {activity.activity_id: cause})
    return signup


def stand_in_line(activity: Activity, signup: Signup, work: "Work", cause: Cause) -> None:
    """The new sign-up gets its seats or its place in the line of the locked activity."""
    free = activity.free
    seating.keep(waitlist.join(activity, signup, _before(activity, signup, work), now=work.now), work)
    work.signups.add(signup)
    work.activities.save([activity])
    if signup.status is SignupStatus.WAITING and (activity.line.lets_past or signup.place != signup.number):
        signup.position = work.signups.position(signup.signup_id)
    signup.draws_at = activity.line.draw.closes_at if activity.line.draw and activity.is_gathering else None
    telling.tell_signup(signup, work, cause, free=free)


def _before(activity: Activity, signup: Signup, work: "Work") -> Sequence[Signup]:
    """Who waits already, where the newcomer may be seated all the same."""
    if not (activity.waiting and activity.free and (activity.line.lets_past or signup.place)):
        return ()
    return work.signups.lines({activity.activity_id: None})[activity.activity_id]


def traits_of(activity: Activity, party: Sequence[Member], kept: Mapping[str, str], known: Known, work: "Work") -> Traits:
    """What the line's rule asks about the party; whether the family was reached counts for all whom we know of it."""
    if not activity.line.asks_reach:
        return Traits(len(party), never_reached=False)
    family = {id_ for one in known.enrolments for id_ in (one.child_id, *one.guardian_ids)}
    everybody = work.aliases.around([*family, *kept])
    return Traits(len(party), never_reached=not work.reach.includes(everybody, activity.programme))


def _new_signup(activity: Activity, party: Sequence[Member], contact_id: str, work: "Work") -> Signup:
    return Signup(
        signup_id=new_id(),
        activity_id=activity.activity_id,
        programme=activity.programme,
        kind=activity.kind,
        district=activity.district,
        contact_id=contact_id,
        party=party,
        signed_up_at=work.now,
    )


def _same_party(signups: Sequence[Signup], party: Sequence[Member], contact_id: str | None, kept: Mapping[str, str]) -> Signup | None:
    match signups:
        case [signup] if set(as_kept(signup.party, kept)) == set(party) and kept.get(signup.contact_id) == contact_id:
            return signup
    return None


def why_not_again(
    party: Sequence[Member], theirs: Sequence[Signup], refused: Collection[str], kept: Mapping[str, str]
) -> Iterator[Refusal]:
    """Who has a sign-up already; of somebody who is refused anyway (a stranger, perhaps) nothing more is said."""
    taken = {member.person_id: signup.signup_id for signup in theirs for member in as_kept(signup.party, kept)}
    for index, member in enumerate(party):
        at = f"/party/{index}/person_id"
        if member.person_id in taken and at not in refused:
            yield Refusal(Slug.ALREADY_SIGNED_UP, at, {"signup_id": taken[member.person_id]})
