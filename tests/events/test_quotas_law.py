"""The seats law with quotas, reserved seats and holds, as a state machine over the real storage, beside a model.

`SEATS_LAW_RUNS=10000` in the environment makes as many runs; a normal run makes a few.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import FakeClock
from services.events import seating
from services.events.domain.hold import lasts
from services.events.domain.moment import Moment
from services.events.domain.quota import Quota
from services.events.domain.rule import Condition, Rule
from services.events.domain.signup import PartyRole
from services.events.handlers import activities, holding, quotas, signups
from tests.events import law
from tests.events.builders import NEXT_WEEK, NOW, Family, a_family, a_workshop
from tests.events.town import Town

RUNS = int(os.environ.get("SEATS_LAW_RUNS", "15"))
STEPS = 30
FAMILIES = 12
RELEASE = Moment(1, "12:00")
CHILDREN, HEDEGAARDEN = Rule(all=(Condition(roles=(PartyRole.CHILD,)),)), Rule(all=(Condition(districts=("hedegaarden",)),))
REFUSED = "refused"


class Party(NamedTuple):
    """How many come, how many of them are children, and how many belong to the district for which seats are kept."""

    seats: int
    children: int
    local: int


@dataclass
class Room:
    """The model of the workshop: who sits, holds and waits, and how many seats there are for whom."""

    capacity: int
    children: int
    kept: int
    seated: dict[int, Party] = field(default_factory=dict)
    held: dict[int, Party] = field(default_factory=dict)
    line: dict[int, Party] = field(default_factory=dict)

    def left(self, *more: Party) -> tuple[int, int]:
        """Open seats and children's seats that are left, if these came too."""
        parties = [*self.seated.values(), *self.held.values(), *more]
        seats, children, local = (sum(column) for column in zip(Party(0, 0, 0), *parties, strict=True))
        return self.capacity - seats - max(0, self.kept - local), self.children - children

    def could_sit(self, party: Party, before: list[Party]) -> bool:
        """Whether there is room for it, and nobody who waits before it is set back."""
        pairs = chain(zip(self.left(), self.left(party), strict=True), zip(self.left(*before), self.left(*before, party), strict=True))
        enough = sum(one.seats for one in [*self.seated.values(), *self.held.values(), party]) <= self.capacity
        return enough and all(then >= 0 or then == was for was, then in pairs)

    def settle(self) -> None:
        """Everybody in the line who can sit sits down, in order."""
        before: list[Party] = []
        for family, party in list(self.line.items()):
            if self.could_sit(party, before):
                self.seated[family] = self.line.pop(family)
            else:
                before.append(self.held_for(party))

    def held_for(self, party: Party) -> Party:
        """What is held for who waits: all that he wants, or children's seats alone while these are what he is short of."""
        return party if self.left(party)[1] >= 0 or not party.children else Party(0, party.children, 0)

    def leaves(self, family: int) -> None:
        """A family gives up whatever it has."""
        self.seated.pop(family, None)
        self.line.pop(family, None)
        self.settle()


class Shares(RuleBasedStateMachine):
    """Families of two districts hold seats, sign up and cancel, time passes, and the organiser resizes everything."""

    def __init__(self, context: Context, families: list[Family]) -> None:
        super().__init__()
        self.context = context
        self.families = families
        self.room = Room(0, 0, 0)
        self.activity_id = ""
        self.signups: dict[int, str] = {}
        self.holds: dict[int, tuple[str, datetime]] = {}

    @property
    def clock(self) -> FakeClock:
        """The time of the story."""
        assert isinstance(self.context.clock, FakeClock)
        return self.context.clock

    @initialize(capacity=st.integers(3, 12), children=st.integers(1, 8), kept=st.integers(0, 4))
    def begins(self, capacity: int, children: int, kept: int) -> None:
        """A workshop with seats for so many children, of which some are kept for Hedegården until the day before."""
        self.clock.now = NOW
        self.room = Room(capacity, children, min(kept, capacity))
        shares = [Quota("children", CHILDREN, children), Quota("local", HEDEGAARDEN, self.room.kept, RELEASE)]
        self.activity_id = self.does(activities.open_activity, a_workshop(capacity, quotas=shares))[0].activity_id

    def party(self, family: int) -> Party:
        """What the model has to know of a family; every second one lives in Hedegården."""
        seats = 1 + len(self.families[family].children)
        return Party(seats, seats - 1, 0 if family % 2 else seats)

    def can_never_come(self, family: int) -> bool:
        """Whether it is too large for the workshop or the children's quota."""
        party = self.party(family)
        return party.seats > self.room.capacity or party.children > self.room.children

    @rule(family=st.integers(0, FAMILIES - 1))
    def signs_up(self, family: int) -> None:
        """A family signs up without what it may hold: seats if they are there, or a place in the line."""
        answer = self.does(signups.sign_up, self.activity_id, self.families[family].party(), None)
        if family in self.room.seated or family in self.room.line:
            assert (answer[0].signup_id, answer[1]) == (self.signups[family], False)
        elif self.can_never_come(family):
            assert answer == REFUSED
        else:
            self.signups[family] = answer[0].signup_id
            self.room.line[family] = self.party(family)
            self.room.settle()
            assert answer[0].status == ("seated" if family in self.room.seated else "waiting")

    @rule(family=st.integers(0, FAMILIES - 1))
    def holds_seats(self, family: int) -> None:
        """A family begins to fill in the form."""
        party = self.party(family)
        answer = self.does(
            holding.hold_seats, self.activity_id, self.families[family].party(), None, held_by=self.families[family].mother, most=RUNS
        )
        has_some = {*self.room.seated, *self.room.line, *self.room.held}
        if family in has_some or self.can_never_come(family) or not self.room.could_sit(party, [*self.room.line.values()]):
            assert answer == REFUSED
        else:
            self.holds[family] = answer.hold_id, self.clock.now + lasts(party.seats)
            self.room.held[family] = party

    @precondition(lambda self: self.room.held)
    @rule(data=st.data())
    def confirms(self, data: st.DataObject) -> None:
        """The sign-up that names the hold gets its seats, whoever waits."""
        family = data.draw(st.sampled_from(sorted(self.room.held)))
        named = self.holds[family][0], self.families[family].mother
        answer = self.does(signups.sign_up, self.activity_id, self.families[family].party(), None, hold=named)
        if family in self.room.line or family in self.room.seated:
            assert not answer[1]
        elif self.can_never_come(family):
            assert answer == REFUSED
        else:
            self.signups[family] = answer[0].signup_id
            self.room.seated[family] = self.room.held.pop(family)
            assert answer[0].status == "seated"

    @precondition(lambda self: self.room.held)
    @rule(data=st.data())
    def gives_back(self, data: st.DataObject) -> None:
        """A family closes the form."""
        family = data.draw(st.sampled_from(sorted(self.room.held)))
        self.does(holding.give_back, self.holds[family][0], self.families[family].mother)
        self.room.held.pop(family)
        self.room.settle()

    @precondition(lambda self: self.signups)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        """A family cancels, perhaps not for the first time."""
        family = data.draw(st.sampled_from(sorted(self.signups)))
        self.does(signups.cancel, self.signups[family])
        self.room.leaves(family)

    @rule(minutes=st.sampled_from([5, 10, 30]))
    def time_passes(self, minutes: int) -> None:
        """Holds expire, and their seats go to the line."""
        self.clock.advance(timedelta(minutes=minutes))
        over = [family for family in self.room.held if self.holds[family][1] <= self.clock.now]
        for family in over:
            self.room.held.pop(family)
        seating.expire(self.context)
        if over:
            self.room.settle()

    @rule(really=st.integers(0, 9))
    def is_the_day_before(self, really: int) -> None:
        """Now and then the kept seats are released, and every hold of that time is over."""
        if not really and self.clock.now < NEXT_WEEK - timedelta(days=2):
            self.clock.now = NEXT_WEEK - timedelta(days=1) + timedelta(hours=2)
            self.room.held.clear()
            self.room.kept = 0
            seating.expire(self.context)
            seating.release(self.context)
            self.room.settle()

    @rule(seats=st.integers(0, 10))
    def resizes_the_quota(self, seats: int) -> None:
        """The organiser wants more children or fewer, or is told why he cannot."""
        answer = self.does(quotas.resize_quota, self.activity_id, "children", seats)
        if seats < max((p.children for p in self.room.line.values()), default=0):
            assert answer == REFUSED
        else:
            self.room.children = seats
            self.room.settle()

    @rule(capacity=st.integers(3, 14))
    def resizes(self, capacity: int) -> None:
        """The organiser changes the capacity, or is told why he cannot."""
        answer = self.does(activities.change_capacity, self.activity_id, capacity)
        everybody = [*self.room.seated.values(), *self.room.held.values()]
        if capacity < sum(party.seats for party in everybody) or capacity < max((p.seats for p in self.room.line.values()), default=0):
            assert answer == REFUSED
        elif capacity != self.room.capacity:
            self.room.capacity = capacity
            self.room.settle()

    @invariant()
    def law_holds(self) -> None:
        """The tables keep the law, and say of every family what the model says."""
        with self.context.work() as work:
            law.check(work.connection, self.activity_id)
            active = {signup.signup_id: signup.status for signup in work.signups.active(self.activity_id)}
        assert {self.signups[family] for family in self.room.seated} == {id_ for id_, status in active.items() if status == "seated"}
        assert [self.signups[family] for family in self.room.line] == [id_ for id_, status in active.items() if status == "waiting"]

    def teardown(self) -> None:
        """Nothing is left to be sent."""
        with self.context.work() as work:
            work.connection.exec_driver_sql("delete from chassis.outbox")

    def does(self, handler: Any, *arguments: Any, **options: Any) -> Any:
        """What a handler answers, in a unit of work of its own."""
        try:
            with self.context.work() as work:
                return handler(*arguments, work, Cause(new_id()), **options)
        except (Conflict, Invalid, NotFound):
            return REFUSED


@pytest.mark.timeout(0)  # as many runs as are asked for; and a failure takes a while to be made small
def test_quotas_law(context: Context) -> None:
    """Whatever is held, signed up, cancelled, resized, released or left to expire: no quota is overbooked, no seat kept from the line."""
    town = Town(context)
    families = [a_family(children=1 + size % 3, guardians=1) for size in range(FAMILIES)]
    for district, those in (("hedegaarden", families[::2]), ("baltorp", families[1::2])):
        town.enrols_all(those, district=district)
    machine: Any = lambda: Shares(context, families)  # noqa: E731 - Hypothesis takes a factory where its types say a class
    run_state_machine_as_test(machine, settings=settings(max_examples=RUNS, stateful_step_count=STEPS, deadline=None))
