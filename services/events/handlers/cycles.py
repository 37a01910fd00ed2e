"""Several activities as one: put together, signed up to, completed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.chassis.storage import Cause
from services.events.domain import cycle as rules
from services.events.domain.activity import Activity
from services.events.domain.cycle import Cycle, CycleCompletion
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup
from services.events.handlers import signups

if TYPE_CHECKING:
    from services.events.storage import Work

MOST_PEOPLE = 10_000
"""More than have seats in any activity."""


def put_together(asked: Cycle, work: "Work") -> tuple[Cycle, bool]:
    """A cycle of activities; True if it is new. The same id with the same content is the cycle as it is, and False."""
    work.resources.refuse(rules.why_not_cycle(asked, parts_of(asked, work)))
    if work.cycles.add(asked):
        return asked, True
    known = find_cycle(asked.cycle_id, work)
    if known != asked:
        work.resources.refuse([Refusal(Slug.CYCLE_EXISTS, "/cycle_id")])
    return known, False


def find_cycle(cycle_id: str, work: "Work") -> Cycle:
    return work.cycles.get(cycle_id) or work.resources.missing(Slug.CYCLE_NOT_FOUND)


def parts_of(cycle: Cycle, work: "Work") -> Mapping[str, Activity]:
    """Its activities that are there, by id."""
    return {activity.activity_id: activity for activity in work.activities.these(cycle.parts)}


def sign_up(
    cycle: Cycle, party: Sequence[Member], contact_id: str | None, work: "Work", cause: Cause, *, made_by: str | None = None
) -> tuple[Sequence[Signup], bool]:
    """The party's sign-ups to all parts, or to none; True if any is new.

    Who they are is held, then all parts in one order, so that two who sign up to cycles of the same parts take turns.
    """
    kept = work.aliases.around([member.person_id for member in party])
    work.known_today(kept, hold=True)
    work.activities.lock(cycle.parts)
    made = [signups.sign_up(part, party, contact_id, work, cause, made_by=made_by) for part in cycle.parts]
    return [signup for signup, _ in made], any(is_new for _, is_new in made)


def completions(cycle: Cycle, work: "Work") -> Sequence[CycleCompletion]:
    """Who has a seat in any part, and how many parts he completed."""
    parts = parts_of(cycle, work)
    activities = [parts[part] for part in cycle.parts if part in parts]
    return rules.completions((activity, work.attendance.completions(activity, None, MOST_PEOPLE)) for activity in activities)
