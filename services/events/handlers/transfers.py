"""A party moves to another date: its sign-up is transferred to another activity, all of it, and it is never without what it had.

At another date of the same activity (`domain/dates.py`) it stands where it would stand had it signed up there when it first did. At
any other activity it signs up now: else whoever signs up early to anything would stand before those who waited. It gets seats there
as anybody does who stands there. Until then it keeps the seats that it has; who only waits changes one line for the other at
once. As soon as it has its new seats the old ones are given back, in the same transaction unless somebody is just busy
with that activity: then within seconds (the timer `transfers`), for two activities are never waited for in a circle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.storage import Cause
from services.events import seating
from services.events.domain.activity import Activity, why_not_change
from services.events.domain.dates import are_dates_of_one
from services.events.domain.line import Traits
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus, as_kept
from services.events.handlers import overlapping
from services.events.handlers.asking import admission_to, why_not_again
from services.events.handlers.finding import find_signup
from services.events.handlers.naming import named
from services.events.handlers.signups import stand_in_line

if TYPE_CHECKING:
    from services.events.storage import Work


def transfer(signup_id: str, to_id: str, work: "Work", cause: Cause) -> tuple[Signup, bool, Sequence[Refusal]]:
    """The party's sign-up to the other activity, and warnings; True if it is new. The same transfer again is the one that was made."""
    asked = find_signup(signup_id, work)
    overlapping.hold_party(asked.party, work)
    kept = work.aliases.around([*asked.people, asked.contact_id])
    known = work.known_today(kept, hold=True)
    source, target = _locked(asked.activity_id, to_id, work)
    old = find_signup(signup_id, work)
    theirs = work.signups.of_people(kept, [to_id])
    if made := _made_before(old, theirs):
        return made, False, ()
    party, contact_id = as_kept(old.party, kept), kept[old.contact_id]
    admission = admission_to(target, party, contact_id, known, work)
    refusals = [*_why_not_transfer(old, source, target, work), *admission.refusals, *why_not_again(party, theirs, (), kept)]
    work.resources.refuse(named(refusals, target, work))
    since = old.signed_up_at if are_dates_of_one(source, target) else work.now
    new = replace(_as_new(old, target, admission.standing, since, work), counted=admission.counted)
    warnings = overlapping.judge_again(new, work, but_for=source.activity_id)
    stand_in_line(target, new, work, cause)
    work.needs.copy({new.signup_id: old.signup_id})
    if old.status is SignupStatus.WAITING:
        seating.leave_for_others([old], [source], work, {old.signup_id: cause})
    if new.status is not SignupStatus.WAITING:
        seating.give_back_transferred([new], work, {target.activity_id: cause})
    return new, True, warnings


def finish_transfers(context: Context) -> None:
    """Give back what was left behind while somebody was busy with it; the timer `transfers`."""
    with context.work() as work:
        activities = work.activities.lock({signup.activity_id for signup in work.signups.left_behind()})
        left = work.signups.left_behind()
        seating.leave_for_others(left, activities, work, dict.fromkeys(signup.signup_id for signup in left))


def _locked(source_id: str, target_id: str, work: "Work") -> tuple[Activity, Activity]:
    locked = {activity.activity_id: activity for activity in work.activities.lock({source_id, target_id})}
    return locked[source_id], locked.get(target_id) or work.resources.missing(Slug.ACTIVITY_NOT_FOUND)


def _made_before(old: Signup, theirs: Sequence[Signup]) -> Signup | None:
    """The sign-up that an equal transfer made: the old one is transferred, or waits for this one."""
    was = {old.signup_id, old.transfers_from} if old.reason == seating.TRANSFERRED else {old.signup_id}
    return next((signup for signup in theirs if signup.transfers_from in was - {None}), None)


def _why_not_transfer(old: Signup, source: Activity, target: Activity, work: "Work") -> Iterator[Refusal]:
    if not old.active:
        yield Refusal(Slug.SIGNUP_CANCELLED, "")
    yield from why_not_change(source, work.now)
    if source.activity_id == target.activity_id or (source.programme, source.kind) != (target.programme, target.kind):
        yield Refusal(Slug.TRANSFER_ELSEWHERE, "/activity_id", {"kind": source.kind, "programme": source.programme})
    if pending := work.signups.pending_transfer(old.signup_id):
        yield Refusal(Slug.TRANSFER_PENDING, "", {"signup_id": pending})


def _as_new(old: Signup, target: Activity, traits: Traits, since: datetime, work: "Work") -> Signup:
    """The same party's sign-up there, as if made at `since`: who only waits takes with him what he was to give back for it."""
    rank = target.line.rank(traits)
    return replace(
        old,
        signup_id=new_id(),
        activity_id=target.activity_id,
        district=target.district,
        status=SignupStatus.WAITING,
        position=None,
        signed_up_at=since,
        rank=rank,
        place=work.signups.place_since(target.activity_id, rank, since) or 0,
        passes=0,
        offers=0,
        instead_of=None,
        lots=target.line.lots(traits),
        answer_hours=target.line.answer_hours,
        transfers_from=old.signup_id if old.status is not SignupStatus.WAITING else old.transfers_from or old.signup_id,
    )
