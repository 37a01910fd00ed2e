"""What happens at a session: the roll is called, online or from a list that was kept without a network."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import telling
from services.events.domain.activity import Activity
from services.events.domain.attendance import (
    AttendanceState,
    CorrectionReason,
    Observation,
    Outcome,
    Roll,
    Seat,
    refused,
    why_not_merge,
    why_not_record,
)
from services.events.domain.dropping_in import as_guest
from services.events.domain.refusal import Refusal
from services.events.handlers.finding import find_activity_of_session, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


@dataclass(frozen=True)
class Mark:
    """What an organiser says of somebody now."""

    person_id: str
    state: AttendanceState
    reason: CorrectionReason | None = None


@dataclass(frozen=True)
class Seen:
    """One line of a list that was kept on a device; `drop_in` says that the person may be without a seat."""

    observation: Observation
    drop_in: bool = False


def record_attendance(session_id: str, marks: Sequence[Mark], by: str, work: "Work", cause: Cause) -> Sequence[Outcome]:
    """Record or correct who came, each person with an outcome of his own; a correction keeps what was said before."""
    activity = lock_activity(find_activity_of_session(session_id, work).activity_id, work)
    roll = call_the_roll(activity, session_id, work)
    work.resources.refuse(why_not_record(activity, roll.session, work.now))
    outcomes = [
        roll.mark(mark.person_id, mark.state, _at(index), new_id=new_id(), by=by, now=work.now, reason=mark.reason)
        for index, mark in enumerate(marks)
    ]
    return keep(roll, outcomes, work, cause)


def merge_observations(session_id: str, lines: Sequence[Seen], work: "Work", cause: Cause) -> Sequence[Outcome]:
    """Take in what was seen at a session, in any order and as often as it comes; each line with an outcome of its own."""
    people = [line.observation.person_id for line in lines]
    kept = work.aliases.around(people)
    guests = {line.observation.person_id for line in lines if line.drop_in}
    known = _as_guests(guests, session_id, kept, work)
    activity = lock_activity(find_activity_of_session(session_id, work).activity_id, work)
    work.resources.refuse(why_not_merge(activity))
    roll = call_the_roll(activity, session_id, work)
    roll.heard = work.attendance.heard(session_id, [line.observation.nonce for line in lines])
    return keep(roll, list(_observed(lines, roll, known, kept, work)), work, cause)


def call_the_roll(activity: Activity, session_id: str, work: "Work") -> Roll:
    """Who has a seat, and what is recorded of them for one session of the activity."""
    seated = work.signups.seats_of(activity.activity_id)
    return Roll(activity, activity.session(session_id), seated, work.attendance.of_session(session_id))


def _as_guests(people: Collection[str], session_id: str, kept: Mapping[str, str], work: "Work") -> Mapping[str, Seat | Refusal]:
    """As what each of those who are said to have dropped in comes, or why he may not; by the id that is kept."""
    if not people:
        return {}
    activity = find_activity_of_session(session_id, work)
    known, audience = work.known_today(kept), work.resources.kinds[activity.kind].audience
    return {kept[person]: as_guest(kept[person], activity.programme, audience, known) for person in people}


def _observed(
    lines: Sequence[Seen], roll: Roll, guests: Mapping[str, Seat | Refusal], kept: Mapping[str, str], work: "Work"
) -> Iterator[Outcome]:
    """Who has a seat is observed under the id with which he sits, whichever of his ids was sent; a guest under the one that is kept."""
    sits = {kept[person]: person for person in roll.seated if person in kept}
    for index, line in enumerate(lines):
        person = kept[line.observation.person_id]
        as_he_sits, guest = sits.get(person, person), guests.get(person) if line.drop_in else None
        if isinstance(guest, Refusal) and person not in sits:
            yield refused(line.observation.person_id, guest.slug, _at(index), **guest.values)
            continue
        roll.guests = {person: guest} if isinstance(guest, Seat) else {}
        yield roll.observe(replace(line.observation, person_id=as_he_sits), _at(index), new_id=new_id(), now=work.now)


def keep(roll: Roll, outcomes: Sequence[Outcome], work: "Work", cause: Cause) -> Sequence[Outcome]:
    """Keep what was seen, and tell of whom something else counts than before."""
    work.attendance.save(outcomes, work.now)
    for attendance in roll.changed.values():
        telling.tell_attendance(attendance, work, cause)
    return outcomes


def _at(index: int) -> str:
    return f"/attendance/{index}/person_id"
