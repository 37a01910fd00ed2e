"""The seats law as a state machine over the real storage, against a model that fits on a phone screen.

`SEATS_LAW_RUNS=10000` in the environment makes as many runs; a normal run makes a few.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Invalid
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import FakeClock, published
from services.events.handlers import activities, learning, signups
from services.events.messages import EnrolmentChanged
from tests.events import law
from tests.events.builders import NEXT_WEEK, NOW, Family, a_family, a_workshop
from tests.events.town import Town

RUNS = int(os.environ.get("SEATS_LAW_RUNS", "25"))
STEPS = 40
PLACES = st.tuples(st.integers(0, 1), st.integers(0, 17))
REFUSED = "refused"


@dataclass
class Room:
    """The model of an activity: who sits, who stands in the line, in the order of arrival."""

    activity_id: str
    capacity: int
    seated: dict[str, int] = field(default_factory=dict)
    line: dict[str, int] = field(default_factory=dict)
    open: bool = True
    called_off: bool = False

    @property
    def free(self) -> int:
        """Seats that nobody has."""
        return self.capacity - sum(self.seated.values())

    def arrives(self, signup_id: str, seats: int) -> None:
        """A party goes to the end of the line."""
        self.line[signup_id] = seats
        self.settle()

    def leaves(self, signup_id: str) -> None:
        """A party goes away."""
        self.seated.pop(signup_id, None)
        self.line.pop(signup_id, None)
        self.settle()

    def settle(self) -> None:
        """The first in the line sits down while he fits."""
        while self.open and self.line and next(iter(self.line.values())) <= self.free:
            first = next(iter(self.line))
            self.seated[first] = self.line.pop(first)

    def closes(self) -> None:
        """The organiser calls it off."""
        self.called_off = True
        self.seated.clear()
        self.line.clear()


class Seats(RuleBasedStateMachine):
    """Families sign up to two workshops, cancel, withdraw and repeat themselves, while organisers change their minds."""

    families: list[Family]

    def __init__(self, context: Context, families: list[Family]) -> None:
        super().__init__()
        self.context = context
        self.families = families
        self.rooms: list[Room] = []
        self.signups: dict[tuple[int, int], str] = {}
        self.withdrawn: set[int] = set()

    @initialize(capacities=st.tuples(st.integers(1, 8), st.integers(1, 8)), rush=st.lists(PLACES, max_size=12, unique=True))
    def begins(self, capacities: tuple[int, int], rush: list[tuple[int, int]]) -> None:
        """Two workshops open; every family is enrolled, and some come at once."""
        assert isinstance(self.context.clock, FakeClock)
        self.context.clock.now = NOW
        self.enrol(*range(len(self.families)), status="accepted")
        for capacity in capacities:
            self.rooms.append(Room(self.does(activities.open_activity, a_workshop(capacity))[0].activity_id, capacity))
        for place in rush:
            self.signs_up(place)

    @rule(place=PLACES)
    def signs_up(self, place: tuple[int, int]) -> None:
        """A family signs up: for the first time, again, or where it cannot."""
        room, family = place
        party = self.families[family].party()
        known, there = self.signups.get((room, family)), self.rooms[room]
        answer = self.does(signups.sign_up, there.activity_id, party, None)
        if known in there.seated or known in there.line:
            assert (answer[0].signup_id, answer[1]) == (known, False)
        elif not there.open or there.called_off or len(party) > there.capacity or family in self.withdrawn:
            assert answer == REFUSED
        else:
            signup = answer[0]
            self.signups[room, family] = signup.signup_id
            there.arrives(signup.signup_id, len(party))
            assert signup.position == (list(there.line).index(signup.signup_id) + 1 if signup.signup_id in there.line else None)

    @precondition(lambda self: self.signups)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        """A family cancels, perhaps not for the first time."""
        (room, _), signup_id = data.draw(st.sampled_from(sorted(self.signups.items())))
        assert self.does(signups.cancel, signup_id).signup_id == signup_id
        self.rooms[room].leaves(signup_id)

    @rule(room=st.integers(0, 1), capacity=st.integers(1, 12))
    def resizes(self, room: int, capacity: int) -> None:
        """The organiser changes the capacity, or is told why he cannot."""
        there = self.rooms[room]
        answer = self.does(activities.change_capacity, there.activity_id, capacity)
        if there.called_off or capacity < sum(there.seated.values()) or capacity < max(there.line.values(), default=0):
            assert answer == REFUSED
        else:
            there.capacity = capacity
            there.settle()

    @rule(family=st.integers(0, 17))
    def withdraws(self, family: int) -> None:
        """All children of a family leave the programme: the family comes nowhere any more."""
        if len(self.families[family].party()) == 1:
            return
        self.enrol(family, status="withdrawn")
        self.withdrawn.add(family)
        for room, there in enumerate(self.rooms):
            there.leaves(self.signups.get((room, family), ""))

    @rule(room=st.integers(0, 1), really=st.integers(0, 19))
    def calls_off(self, room: int, really: int) -> None:
        """Now and then the organiser calls a workshop off, perhaps not for the first time."""
        if not really:
            self.does(activities.call_off, self.rooms[room].activity_id)
            self.rooms[room].closes()

    @rule(really=st.integers(0, 29))
    def starts(self, really: int) -> None:
        """Now and then the workshops start: sign-up and the lines are closed."""
        if not really:
            assert isinstance(self.context.clock, FakeClock)
            self.context.clock.now = NEXT_WEEK + timedelta(minutes=5)
            for room in self.rooms:
                room.open = False

    @invariant()
    def law_holds(self) -> None:
        """The tables keep the law, and say of every party what the model says."""
        with self.context.work() as work:
            for room in self.rooms:
                law.check(work.connection, room.activity_id, opened=room.open)
                active = work.signups.active(room.activity_id)
                assert [s.signup_id for s in active if s.status == "waiting"] == list(room.line)
                assert {s.signup_id for s in active if s.status == "seated"} == set(room.seated)
                assert [s.position for s in active if s.position] == list(range(1, len(room.line) + 1))

    def teardown(self) -> None:
        """What was told last of every sign-up is what is true of it; nobody was promoted who had not waited."""
        told: dict[str, list[dict[str, Any]]] = {}
        for fact in published(self.context):
            told.setdefault(fact["subject"], []).append(fact)
        with self.context.work() as work:
            for signup_id in self.signups.values():
                facts, signup = told[signup_id], work.signups.get(signup_id)
                assert facts[-1]["data"]["status"] == signup.status
                assert [int(fact["sequence"]) for fact in facts] == list(range(1, len(facts) + 1))
                assert all(before["data"]["status"] != after["data"]["status"] for before, after in pairwise(facts))
            work.connection.exec_driver_sql("delete from chassis.outbox")

    def does(self, handler: Any, *arguments: Any) -> Any:
        """What a handler answers, in a unit of work of its own."""
        try:
            with self.context.work() as work:
                return handler(*arguments, work, Cause(new_id()))
        except (Conflict, Invalid):
            return REFUSED

    def enrol(self, *families: int, status: str) -> None:
        """What the bus tells of all children of these families."""
        facts = [
            EnrolmentChanged(UUID(enrolment), UUID(child), family.programme, status, [UUID(guardian) for guardian in family.guardians])
            for family in (self.families[index] for index in families)
            for enrolment, child in zip(family.enrolments, family.children, strict=True)
        ]
        messages = [Received(id=new_id(), source="/test", type="", subject=str(fact.enrolment_id), data=fact) for fact in facts]
        with self.context.work() as work:
            learning.learn_enrolments(messages, work)


@pytest.mark.timeout(0)  # as many runs as are asked for; and a failure takes a while to be made small
def test_seats_law(context: Context) -> None:
    """Whatever families and organisers do, in whatever order and however often: seats are conserved, the order is kept, nobody is lost."""
    Town(context)
    families = [a_family(children=size % 6) if size % 6 else Family([new_id()], [new_id()], enrolments=[new_id()]) for size in range(18)]
    machine: Any = lambda: Seats(context, families)  # noqa: E731 - Hypothesis takes a factory where its types say a class
    run_state_machine_as_test(machine, settings=settings(max_examples=RUNS, stateful_step_count=STEPS, deadline=None))
