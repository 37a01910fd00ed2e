"""The timeline of a child's enrolment (tidslinje): its steps in the order of their days, in whatever order they were heard of.

A request for an enrolment says where the child is and from when on, and so stands where it came. The steps after it are put in the
order of their days; on one day, each time the one that was said first of those that follow. What does not follow on its day does
not count: not yet, or no more. So the same steps come to the same enrolment, whichever came first.

The enrolment stands where the steps until today lead. What is dated ahead is coming: it takes effect on its day, and until then it
can be called back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, takewhile
from operator import attrgetter

from services.registration.domain.clocks import day_of
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import ENDED, ENDS, ENROLLED, FOLLOWS, Coming, Status, Step, Taken, steps_ahead
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

    @property
    def ever_enrolled(self) -> bool:
        """Whether it gets beyond interest, by what is coming too."""
        return any(step.status in ENROLLED for step in counted(self.taken))

    def objections_to(self, step: Taken) -> Iterator[Objection]:
        """What speaks against this step on its day, apart from what is known of where a move leads."""
        if self.enrolment.status is Status.REJECTED:
            yield Objection(Rule.ENROLMENT_NOT_ACCEPTED, "/enrolment_id")
        elif self._in_its_place(step) is None:
            yield _against(until(step.day, counted(self.taken))[-1], step)

    def may_follow_later(self, step: Taken, today: date) -> bool:
        """Whether a step that has not come yet may let this one follow, or the calling back of one that is coming."""
        if self.enrolment.status is Status.REJECTED:
            return False
        firm = until(min(step.day - _A_DAY, today), counted(self.taken))
        return step.step in steps_ahead(firm[-1].status)

    def take(self, step: Taken, places: Mapping[str, Institution], today: date) -> Taken:
        """Put the step in its place; only after nothing spoke against it. `places` are those of the timeline, and where a move leads."""
        led = replace(self._in_its_place(step) or step, number=len(self.taken) + 1)
        self.taken.append(led)
        self.stand(places, today)
        self.enrolment.request_id = step.request_id
        return led

    def objections_to_calling_back(self, number: int, today: date) -> Iterator[Objection]:
        """What has begun is not called back: another step follows it."""
        if not any(one.number == number and self._is_coming(one, today) for one in self.taken):
            yield Objection(Rule.STEP_NOT_COMING, "/number")

    def source_of(self, number: int) -> str | None:
        """Who asked for a step."""
        return next((one.source for one in self.taken if one.number == number), None)

    def is_an_end(self, number: int) -> bool:
        """Whether that step ends the enrolment."""
        return any(one.number == number and one.step in ENDS for one in self.taken)

    def call_back(self, number: int, places: Mapping[str, Institution], today: date) -> None:
        """Let a step that is coming count no more; only after nothing spoke against it."""
        self.taken = [replace(one, called_back=one.called_back or one.number == number) for one in self.taken]
        self.stand(places, today)

    def stand(self, places: Mapping[str, Institution], today: date) -> None:
        """Bring the enrolment to where it is today, and to what is coming."""
        self._stand(until(today, counted(self.taken)), places)
        self.look_ahead(today)

    def look_ahead(self, today: date) -> None:
        """Learn which steps are coming."""
        steps = counted(self.taken)
        coming = [_coming(one) for one in steps[len(until(today, steps)) :]]
        self.enrolment.coming, self.enrolment.next_day = coming, coming[0].effective_date if coming else None

    def follow(self, places: Mapping[str, Institution], today: date) -> Iterator[Enrolment]:
        """Let what has come since take effect, step by step; the enrolment each time it is otherwise than it was told."""
        steps, since, told = counted(self.taken), self.enrolment.next_day or today, self._as_told
        come = [place for place, one in enumerate(steps, start=1) if not one.anew and since <= one.day <= today]
        self.look_ahead(today)
        for place in dict.fromkeys([*come, len(until(today, steps))]):
            self._stand(steps[:place], places)
            if self._as_told != told:
                told = self._as_told
                yield self.enrolment

    @property
    def _as_told(self) -> tuple[object, ...]:
        one = self.enrolment
        return one.status, one.step, one.since, one.end_date, one.institution_id

    def _is_coming(self, step: Taken, today: date) -> bool:
        return step.day > today and not step.anew and not step.called_back

    def _in_its_place(self, step: Taken) -> Taken | None:
        """The step with where it leads, if it counts."""
        found = (one for one in counted([*self.taken, step]) if (one.source, one.request_id) == (step.source, step.request_id))
        return next(found, None)

    def _stand(self, steps: Sequence[Taken], places: Mapping[str, Institution]) -> None:
        last, enrolment = steps[-1], self.enrolment
        enrolment.status, enrolment.step, enrolment.reason, enrolment.steps = last.status, last.step, last.reason, len(self.taken)
        enrolment.request_id = last.request_id
        enrolment.since = None if last.anew else last.effective_date
        enrolment.end_date = last.effective_date if last.status in ENDED else None
        enrolment.was_enrolled = any(step.status in ENROLLED for step in steps)
        enrolment.move(places.get(last.institution or ""), _there_since(steps))


def counted(taken: Iterable[Taken]) -> list[Taken]:
    """The steps that count, of those that were taken in the order in which they came; each with where it leads."""
    found: list[Taken] = []
    dated: list[Taken] = []
    for one in taken:
        if one.anew:
            had_come = [step for step in dated if step.day <= _came_on(one)]
            found += [*_following(found, had_come), one]
            dated = [step for step in dated if step.day > _came_on(one)]
        elif not one.called_back:
            dated.append(one)
    return [*found, *_following(found, dated)]


def until(day: date, steps: Sequence[Taken]) -> list[Taken]:
    """Of the steps that count, those until that day; the request that led to them does, whatever its day."""
    latest = max(place for place, one in enumerate(steps) if one.anew)
    return [one for place, one in enumerate(steps) if place <= latest or one.day <= day]


def in_order(taken: Iterable[Taken]) -> list[Taken]:
    """The steps that count, numbered from 1."""
    return [replace(one, number=number) for number, one in enumerate(counted(taken), start=1)]


def _came_on(step: Taken) -> date:
    """The day on which it was taken; for one that is not stored yet, after all the others."""
    return day_of(step.recorded_at) if step.recorded_at else date.max


def _coming(step: Taken) -> Coming:
    to = (step.institution_id, step.institution) if step.step is Step.MOVE else ()
    return Coming(step.number, step.step, step.day, step.request_id, step.reason, *to)


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
