"""What an organiser changes of activities that are there: of one, or of many in one step, perhaps only to see what it would do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from services.chassis.storage import Cause
from services.events import covering, telling
from services.events.domain.activity import Activity
from services.events.domain.booking import Clash
from services.events.domain.change import Change, Plan, plan, why_not
from services.events.domain.cover import Cover
from services.events.domain.overlap import Elsewhere
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Affected
from services.events.handlers import booking, overlapping, terms
from services.events.handlers.terms import NOBODY, Touched

if TYPE_CHECKING:
    from services.events.storage import Work


Found = TypeVar("Found", Clash, Elsewhere)


@dataclass(frozen=True)
class Changed:
    """What was done, or would be: the plan, with the activity as it is afterwards; to how many;
    what is then booked twice; who is somewhere else then; whom other terms touch; and of which institutions too many are away.
    """

    plan: Plan
    affected: Affected
    clashes: Sequence[Clash]
    elsewhere: Sequence[Elsewhere]
    touched: Touched = NOBODY
    covers: Sequence[Cover] = ()


def preview(changes: Sequence[Change], work: "Work", cause: Cause) -> Sequence[Changed]:
    """What the changes would do: they are done, and taken back. That too many would be away is told, where doing it would be refused."""
    with work.attempt():
        return _try(changes, work, cause)


def change(changes: Sequence[Change], work: "Work", cause: Cause) -> Sequence[Changed]:
    """Carry the changes out, all or none; each is of another activity."""
    done = _try(changes, work, cause)
    work.resources.refuse(covering.why_not_moved((cover, f"/changes/{at}") for at, one in enumerate(done) for cover in one.covers))
    return done


def _try(changes: Sequence[Change], work: "Work", cause: Cause) -> Sequence[Changed]:
    """The changes, whoever would be missed."""
    asked_for = [asked.activity_id for asked in changes]
    kinds = {activity.activity_id: activity.kind for activity in work.activities.these(asked_for)}
    held = overlapping.hold_signed_up(kinds, work)
    activities = {activity.activity_id: activity for activity in work.activities.lock(asked_for)}
    work.resources.refuse([*_not_there(changes, activities), *overlapping.why_not_now(held, kinds, work)])
    plans = [plan(asked, activities[asked.activity_id], work.now) for asked in changes]
    work.resources.refuse(_refusals(plans, work))
    affected = work.signups.affected(activities)
    outside = terms.count_anew(plans, work)
    _carry_out([planned for planned in plans if planned.changes_anything], work, cause)
    clashes, away, covers = _book_anew(plans, work), _judge(plans, kinds, work), _mind_cover(plans, work)
    covering.spare_others([planned.after for planned in plans if any(step.before for step in planned.steps)], work)
    promoted = terms.give_what_is_free(plans, work, cause)
    touched = {id_: Touched(outside[id_], promoted[id_]) for id_ in outside}
    return [
        Changed(one, affected[id_], _of(one, clashes), _of(one, away), touched.get(id_, NOBODY), covers.get(id_, ()))
        for one in plans
        for id_ in [one.after.activity_id]
    ]


def _mind_cover(plans: Sequence[Plan], work: "Work") -> Mapping[str, Sequence[Cover]]:
    """Of which institutions too many would be away at what was added or moved."""
    return covering.too_many_at([planned.after for planned in plans if any(step.after for step in planned.steps)], work)


def _not_there(changes: Sequence[Change], activities: Mapping[str, Activity]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for index, asked in enumerate(changes):
        if asked.activity_id not in activities:
            yield Refusal(Slug.ACTIVITY_NOT_FOUND, f"/changes/{index}/activity_id")
        elif asked.activity_id in seen:
            yield Refusal(Slug.ACTIVITY_TWICE, f"/changes/{index}/activity_id")
        seen.add(asked.activity_id)


def _refusals(plans: Sequence[Plan], work: "Work") -> Iterator[Refusal]:
    """Every reason of every plan; the institution that a code means is noted in the plan."""
    places = [planned.after for planned in plans]
    programmes, institutions = work.places.programmes_of(places), work.places.institutions_of(places)
    for index, planned in enumerate(plans):
        after = planned.after
        institution = institutions.get((after.programme, after.institution or ""))
        after.institution_id = institution.institution_id if institution else None
        programme = programmes.get(after.programme)
        found = [
            *why_not(planned, kinds=work.resources.kinds, programme=programme, institution=institution, now=work.now),
            *terms.why_not(planned, programme, work),
        ]
        yield from (replace(refusal, field=f"/changes/{index}{refusal.field}") for refusal in found)


def _book_anew(plans: Sequence[Plan], work: "Work") -> Sequence[Clash]:
    """What the moved sessions have booked goes with them."""
    return booking.follow([step.session_id for planned in plans for step in planned.steps if step.before], _fields(plans), work)


def _judge(plans: Sequence[Plan], kinds: Mapping[str, str], work: "Work") -> Sequence[Elsewhere]:
    """Who comes to a session that was added or moved may be somewhere else then."""
    sessions = [step.session_id for planned in plans for step in planned.steps if step.after]
    return overlapping.judge_moved(sessions, _fields(plans), kinds, work)


def _fields(plans: Sequence[Plan]) -> Mapping[str, str]:
    """The field that asks for a change, by activity."""
    return {planned.after.activity_id: f"/changes/{index}" for index, planned in enumerate(plans)}


def _of(planned: Plan, found: Sequence[Found]) -> Sequence[Found]:
    return [one for one in found if one.activity_id == planned.after.activity_id]


def _carry_out(plans: Sequence[Plan], work: "Work", cause: Cause) -> None:
    after = [planned.after for planned in plans]
    work.activities.change(after)
    work.activities.save(after)
    for planned in plans:
        telling.tell_change(planned.after, planned.steps, work, cause)
