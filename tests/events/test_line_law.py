"""The law of lines as a state machine over the real storage: every rule of a line, and parties that move between dates.

`DELTAG_FAULT_ROUNDS=10000` in the environment makes as many runs; a normal run makes a few.
"""

from bisect import insort
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from services.chassis.errors import Conflict, Invalid
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import FakeClock
from services.events.domain.line import BestFit, Group, LineRule
from services.events.handlers import activities as handlers
from services.events.handlers import signups, transfers
from tests.events import law
from tests.events.builders import NEXT_WEEK, NOW, Family, a_family, a_session, a_workshop
from tests.events.town import Town
from tests.reliability.chance import rounds

RUNS = 12
STEPS = 30
FAMILIES = 14
LARGE = Group("large", {"da": "Store familier", "en": "Large families"}, people_from=4)
RULES = (LineRule(), LineRule([LARGE]), LineRule(best_fit=BestFit(2, 30)), LineRule([LARGE], BestFit(1, 30)))
REFUSED = "refused"


@dataclass(order=True)
class Waiter:
    """A party in the line of the model, sorted by group and by when it first signed up."""

    rank: int
    since: int
    number: int
    signup_id: str = field(compare=False)
    seats: int = field(compare=False)
    passes: int = field(default=0, compare=False)


@dataclass
class Room:
    """The model of an activity: who sits and who waits, by a rule that is written here a second time and otherwise."""

    activity_id: str
    capacity: int
    rule: LineRule
    seated: dict[str, int] = field(default_factory=dict)
    line: list[Waiter] = field(default_factory=list)
    number: int = 0

    @property
    def free(self) -> int:
        """Seats that nobody has."""
        return self.capacity - sum(self.seated.values())

    def arrives(self, signup_id: str, seats: int, since: int) -> None:
        """A party stands where it belongs by its group and by when it signed up."""
        self.number += 1
        rank = int(seats < LARGE.people_from) if self.rule.groups else 0
        insort(self.line, Waiter(rank, since, self.number, signup_id, seats))

    def settles(self) -> list[str]:
        """The next sit down, until nobody is next; those who did."""
        seated = []
        while (index := self._next()) is not None:
            for passed in self.line[:index]:
                passed.passes += 1
            chosen = self.line.pop(index)
            self.seated[chosen.signup_id] = chosen.seats
            seated.append(chosen.signup_id)
        return seated

    def _next(self) -> int | None:
        for index, waiter in enumerate(self.line):
            if waiter.seats <= self.free:
                return index
            if not self.rule.best_fit or waiter.passes == self.rule.best_fit.most_passes:
                return None
        return None

    def loses(self, signup_id: str) -> None:
        """A party is here no more."""
        self.seated.pop(signup_id, None)
        self.line = [waiter for waiter in self.line if waiter.signup_id != signup_id]

    def has(self, signup_id: str) -> bool:
        """Whether the party sits or waits here."""
        return signup_id in self.seated or any(waiter.signup_id == signup_id for waiter in self.line)


class Lines(RuleBasedStateMachine):
    """Families sign up to two dates, cancel and move between them, while organisers change their minds."""

    def __init__(self, context: Context, families: list[Family]) -> None:
        super().__init__()
        self.context = context
        self.families = families
        self.rooms: list[Room] = []
        self.since: dict[str, int] = {}
        self.moves: dict[str, str] = {}

    @initialize(capacities=st.tuples(st.integers(2, 7), st.integers(2, 7)), rules=st.tuples(st.sampled_from(RULES), st.sampled_from(RULES)))
    def begins(self, capacities: tuple[int, int], rules: tuple[LineRule, LineRule]) -> None:
        """Two dates are open, each with its rule."""
        assert isinstance(self.context.clock, FakeClock)
        self.context.clock.now = NOW
        for week, (capacity, line) in enumerate(zip(capacities, rules, strict=True)):
            workshop = a_workshop(capacity, line=line, sessions=[a_session(NEXT_WEEK + timedelta(days=7 * week))])
            self.does(handlers.open_activity, workshop)
            self.rooms.append(Room(workshop.activity_id, capacity, line))

    @rule(room=st.integers(0, 1), family=st.integers(0, FAMILIES - 1))
    def signs_up(self, room: int, family: int) -> None:
        """A family signs up, perhaps again."""
        self.context.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of tests
        there, party = self.rooms[room], self.families[family].party()
        answer = self.does(signups.sign_up, there.activity_id, party, None)
        if len(party) > there.capacity:
            assert answer == REFUSED
        elif answer[1]:
            signup = answer[0]
            self.since[signup.signup_id] = len(self.since)
            there.arrives(signup.signup_id, len(party), self.since[signup.signup_id])
            self.settle(there)
            assert (signup.position is None) == (signup.signup_id in there.seated)

    @precondition(lambda self: self.since)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        """A family cancels, perhaps not for the first time."""
        signup_id = data.draw(st.sampled_from(sorted(self.since)))
        self.does(signups.cancel, signup_id)
        for room in self.rooms:
            if room.has(signup_id):
                room.loses(signup_id)
                self.settle(room)

    @rule(room=st.integers(0, 1), capacity=st.integers(1, 9))
    def resizes(self, room: int, capacity: int) -> None:
        """The organiser changes the capacity, or is told why he cannot."""
        there = self.rooms[room]
        if self.does(handlers.change_capacity, there.activity_id, capacity) == REFUSED:
            assert capacity < max([sum(there.seated.values()), *(waiter.seats for waiter in there.line)])
        else:
            there.capacity = capacity
            self.settle(there)

    @precondition(lambda self: self.since)
    @rule(data=st.data())
    def moves_over(self, data: st.DataObject) -> None:
        """A family moves to the other date, or is told why it cannot; perhaps once more."""
        old_id = data.draw(st.sampled_from(sorted(self.since)))
        here = next((room for room in self.rooms if room.has(old_id)), None)
        if here is None:
            return
        there = self.rooms[1 - self.rooms.index(here)]
        answer = self.does(transfers.transfer, old_id, there.activity_id)
        if answer == REFUSED or not answer[1]:
            return
        new = answer[0]
        seats = here.seated.get(old_id) or next(waiter.seats for waiter in here.line if waiter.signup_id == old_id)
        waited = old_id not in here.seated
        self.since[new.signup_id] = self.since[old_id]
        self.moves[new.signup_id] = self.moves.get(old_id, old_id) if waited else old_id
        there.arrives(new.signup_id, seats, self.since[old_id])
        seated = there.settles()
        if waited:
            here.loses(old_id)
            self.settle(here)
        self.follow(seated)

    def settle(self, room: Room) -> None:
        """Who is next in a room sits down; who moved there leaves what he had, and so on."""
        self.follow(room.settles())

    def follow(self, seated: list[str]) -> None:
        """Those who sit give back what they had elsewhere."""
        for signup_id in seated:
            old_id = self.moves.get(signup_id, "")
            for room in (room for room in self.rooms if room.has(old_id)):
                room.loses(old_id)
                self.settle(room)

    @invariant()
    def law_holds(self) -> None:
        """The tables keep the law, and say of every party what the model says."""
        with self.context.work() as work:
            for room in self.rooms:
                law.check(work.connection, room.activity_id, now=work.now)
                active = work.signups.active(room.activity_id)
                line = sorted((signup for signup in active if signup.position), key=lambda signup: signup.position or 0)
                assert [(signup.signup_id, signup.passes) for signup in line] == [(one.signup_id, one.passes) for one in room.line]
                assert {signup.signup_id for signup in active if signup.status == "seated"} == set(room.seated)
                assert [signup.position for signup in line] == list(range(1, len(line) + 1))

    def does(self, handler: Any, *arguments: Any) -> Any:
        """What a handler answers, in a unit of work of its own."""
        try:
            with self.context.work() as work:
                return handler(*arguments, work, Cause(new_id()))
        except (Conflict, Invalid):
            return REFUSED


@pytest.mark.timeout(0)  # as many runs as are asked for; and a failure takes a while to be made small
def test_line_law(context: Context) -> None:
    """Whatever families and organisers do, under every rule: seats and order are kept, nobody is lost or starves, and all is explained."""
    town = Town(context)
    families = [a_family(children=1 + number % 4) for number in range(FAMILIES)]
    town.enrols_all(families)
    machine: Any = lambda: Lines(context, families)  # noqa: E731 - Hypothesis takes a factory where its types say a class
    run_state_machine_as_test(machine, settings=settings(max_examples=rounds(RUNS), stateful_step_count=STEPS, deadline=None))
