"""The timeline of a child's enrolment (tidslinje): its steps in the order of their days, in whatever order they were heard of.

A request for an enrolment says where the child is and from when on, and so stands where it came. The steps after it are put in the
order of their days; on one day, each time the one that was said first of those that follow. What does not follow on its day does
not count: not yet, or no more. So the same steps come to the same enrolment, whichever came first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, takewhile
from operator import attrgetter

from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import ENDED, ENROLLED, FOLLOWS, Status, Step, Taken, steps_ahead
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution
from services.registration.domain.step import not_allowed

_NEVER = datetime.min.replace(tzinfo=UTC)
_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class Timeline:
    """An enrolment, and every step that was ever taken of it, in the order in which they came."""

    enrolment: Enrolment
    taken: list[Taken]

    def objections_to(self, step: Taken) -> Iterator[Objection]:
        """What speaks against this step on its day, apart from what is known of where a move leads."""
        if self.enrolment.status is Status.REJECTED:
            yield Objection(Rule.ENROLMENT_NOT_ACCEPTED, "/enrolment_id")
        elif self._in_its_place(step) is None:
            yield _against(self._until(step.day)[-1], step)

    def may_follow_later(self, step: Taken) -> bool:
        """Whether a step that has not come yet may let this one follow."""
        rejected = self.enrolment.status is Status.REJECTED
        return not rejected and step.step in steps_ahead(self._until(step.day - _A_DAY)[-1].status)

    def take(self, step: Taken, places: Mapping[str, Institution]) -> Taken:
        """Put the step in its place; only after nothing spoke against it. `places` are those of the timeline, and where a move leads."""
        led = replace(self._in_its_place(step) or step, number=len(self.taken) + 1)
        self.taken.append(led)
        self._bring_up_to_date(places)
        self.enrolment.request_id = step.request_id
        return led

    def _in_its_place(self, step: Taken) -> Taken | None:
        """The step with where it leads, if it counts."""
        counted = in_order([*self.taken, step])
        return next((one for one in counted if (one.source, one.request_id) == (step.source, step.request_id)), None)

    def _until(self, day: date) -> list[Taken]:
        """The steps that count until that day; the request that led to them does, whatever its day."""
        latest = max(place for place, one in enumerate(self.taken) if one.anew)
        return in_order([one for place, one in enumerate(self.taken) if place <= latest or one.day <= day])

    def _bring_up_to_date(self, places: Mapping[str, Institution]) -> None:
        steps, enrolment = in_order(self.taken), self.enrolment
        last = steps[-1]
        enrolment.status, enrolment.step, enrolment.reason, enrolment.steps = last.status, last.step, last.reason, len(self.taken)
        enrolment.since = None if last.anew else last.effective_date
        enrolment.end_date = last.effective_date if last.status in ENDED else None
        enrolment.was_enrolled = any(step.status in ENROLLED for step in steps)
        enrolment.move(places.get(last.institution or ""), _there_since(steps))


def in_order(taken: Iterable[Taken]) -> list[Taken]:
    """The steps that count, of those that were taken in the order in which they came: numbered from 1, each with where it led."""
    counted: list[Taken] = []
    dated: list[Taken] = []
    for one in taken:
        if one.anew:
            counted += [*_following(counted, dated), one]
            dated = []
        else:
            dated.append(one)
    counted += _following(counted, dated)
    return [replace(one, number=number) for number, one in enumerate(counted, start=1)]


def _following(counted: Sequence[Taken], steps: Iterable[Taken]) -> Iterator[Taken]:
    where = counted[-1] if counted else None
    for _, of_day in groupby(sorted(steps, key=_by_day), attrgetter("day")):
        waiting = list(of_day)
        while where and (step := next((one for one in waiting if _follows(where, one)), None)):
            waiting.remove(step)
            where = _led(where, step)
            yield where


def _follows(where: Taken, step: Taken) -> bool:
    leads = step.step is not Step.MOVE or step.institution_id != where.institution_id
    return leads and step.step in FOLLOWS[where.status]


def _against(where: Taken, step: Taken) -> Objection:
    """Why it does not follow from there."""
    if step.step is Step.WITHDRAW and where.status is Status.WITHDRAWN:
        return Objection(Rule.ALREADY_WITHDRAWN, "/enrolment_id")
    if step.step in FOLLOWS[where.status]:
        return Objection(Rule.ALREADY_THERE, "/institution")
    return not_allowed(step.step, where.status)


def _led(where: Taken, step: Taken) -> Taken:
    """The step with the stage and the place to which it leads from there."""
    at = step if step.step is Step.MOVE else where
    status = FOLLOWS[where.status][step.step]
    return replace(step, status=status, track=where.track, institution_id=at.institution_id, institution=at.institution)


def _there_since(steps: Sequence[Taken]) -> date:
    """The first day at the place where the last step leaves the child."""
    there = takewhile(lambda step: step.institution_id == steps[-1].institution_id, reversed(steps))
    return [*there][-1].day


def _by_day(step: Taken) -> tuple[date, datetime, str, str]:
    return step.day, step.said_at or _NEVER, step.source, step.request_id
