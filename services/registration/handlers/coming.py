"""What registration does with steps that are dated ahead: let them take effect on their day, and call them back until then.

Nobody has to think of the day: the timer `steps` looks every minute who is due, of however many days, and whoever handles an
enrolment looks before. What takes effect is told then, step by step, in the transaction that keeps that it was told.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.chassis.errors import Conflict, Forbidden
from services.chassis.service import Context
from services.chassis.storage import Cause
from services.registration import telling
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.objection import Rule
from services.registration.domain.timeline import Timeline
from services.registration.texts import explain, reason

if TYPE_CHECKING:
    from services.registration.storage import Work

AT_ONCE = 500
"""How many enrolments a transaction brings up to date."""


def follow(context: Context) -> None:
    """Let every step take effect whose day has come; the timer `steps`."""
    seen = AT_ONCE
    while seen == AT_ONCE:
        with context.work() as work:
            due = work.enrolments.due(AT_ONCE)
            take_effect(due, work)
            seen = len(due)


def take_effect(enrolments: Iterable[Enrolment], work: "Work") -> None:
    """Bring those of them that are due to where they stand today, and tell each step; they are locked."""
    due = [one for one in enrolments if one.next_day and one.next_day <= work.today]
    if not due:
        return
    timelines = _timelines(due, work)
    places = work.programmes.institutions_of(_places(timelines))
    for timeline in timelines:
        for enrolment in timeline.follow(places, work.today):
            telling.tell_enrolment(enrolment, work, None)
    work.enrolments.change(due)


def call_back(enrolment_id: str, number: int, work: "Work", cause: Cause, source: str, *, anybodys: bool) -> Enrolment:
    """Call back a step that is coming; `anybodys`: also one that another source asked for. Raises `Conflict` or `Forbidden`."""
    [enrolment] = work.enrolments.lock([enrolment_id]).values()
    take_effect([enrolment], work)
    [timeline] = _timelines([enrolment], work)
    if objections := list(timeline.objections_to_calling_back(number, work.today)):
        raise Conflict(reasons=explain(objections))
    if not (anybodys or timeline.source_of(number) == source):
        raise Forbidden(reasons=[reason(Rule.STEP_OF_ANOTHER, "/number")])
    if timeline.is_an_end(number) and work.enrolments.follows(enrolment):
        raise Conflict(reasons=[reason(Rule.ALREADY_ENROLLED, "/number")])
    timeline.call_back(number, work.programmes.institutions_of(_places([timeline])), work.today)
    enrolment.request_id = cause.id
    work.history.call_back(enrolment_id, number, source)
    work.enrolments.change([enrolment])
    telling.tell_enrolment(enrolment, work, cause)
    return enrolment


def _timelines(enrolments: Iterable[Enrolment], work: "Work") -> list[Timeline]:
    by_id = {one.enrolment_id: one for one in enrolments}
    return [Timeline(by_id[id_], taken) for id_, taken in work.history.of_all(by_id).items()]


def _places(timelines: Iterable[Timeline]) -> set[str]:
    return {step.institution for timeline in timelines for step in timeline.taken if step.institution}
