"""Checking in at the door: a party shows its code, and is present."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events.domain.activity import Activity
from services.events.domain.attendance import AttendanceState, Outcome, Result, Roll, refused, why_not_record
from services.events.domain.code import tail_of
from services.events.domain.refusal import Refusal, Slug
from services.events.handlers.attendance import call_the_roll, keep
from services.events.handlers.finding import find_activity_of_session, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


@dataclass(frozen=True)
class Scan:
    """A code as somebody scanned or typed it, and who of the party has come (None: all)."""

    code: str
    by: str
    people: Sequence[str] | None = None


def check_in_by_code(session_id: str, scan: Scan, work: "Work", cause: Cause) -> Sequence[Outcome]:
    """The party, or those of it who are named, is present. Who is recorded as having come stays as he is."""
    activity = lock_activity(find_activity_of_session(session_id, work).activity_id, work)
    roll = call_the_roll(activity, session_id, work)
    party = roll.party(_signup_with(scan.code, activity, work))
    work.resources.refuse(why_not_record(activity, roll.session, work.now))
    if not party:
        work.resources.refuse([Refusal(Slug.CODE_NOT_HERE, "/code")])
    asked = dict.fromkeys(scan.people or party)
    outcomes = [_arrived(person, f"/people/{index}", roll, party, by=scan.by, now=work.now) for index, person in enumerate(asked)]
    return keep(roll, outcomes, work, cause)


def _signup_with(code: str, activity: Activity, work: "Work") -> str | None:
    """The sign-up to the activity whose code it is, or None; refuses what is no code at all."""
    tail = tail_of(code)
    if tail is None:
        work.resources.refuse([Refusal(Slug.CODE_MISTYPED, "/code")])
    found = work.signups.ending_in(activity.activity_id, tail or "")
    return found[0] if len(found) == 1 else None


def _arrived(person: str, at: str, roll: Roll, party: Collection[str], *, by: str, now: datetime) -> Outcome:
    known = roll.recorded.get(person)
    if person not in party:
        return refused(person, Slug.NOT_IN_PARTY, at)
    if known and known.state.came:
        return Outcome(person, Result.UNCHANGED, known)
    return roll.mark(person, AttendanceState.PRESENT, at, new_id=new_id(), by=by, now=now)
