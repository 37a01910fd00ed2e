"""The seats law with offers, draws and transfers between dates, as a state machine over the real storage.

`SEATS_LAW_RUNS=10000` in the environment makes as many runs; a normal run makes a few.
"""

import os
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from services.chassis.errors import Conflict, Invalid
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import FakeClock, deliver
from services.events import seating
from services.events.domain.draw import DrawRule
from services.events.domain.line import LineRule
from services.events.domain.offer import MOST_OFFERS, OfferRule
from services.events.domain.signup import SignupStatus
from services.events.handlers import activities, draws, offers, signups, transfers
from tests.events import law
from tests.events.builders import NOW, Family, a_family, a_session, a_workshop
from tests.events.town import Town

RUNS = int(os.environ.get("SEATS_LAW_RUNS", "10"))
STEPS = 30
FAMILIES = 12
DAY = timedelta(days=1)
DRAWN_AT = NOW + 5 * DAY
OWN_ENDS = {"by-family", offers.DECLINED, offers.EXPIRED, offers.UNDELIVERABLE, seating.TRANSFERRED}
"""Nobody ends otherwise here: whoever is not in one of these sits, is offered seats, or waits."""
REFUSED = "refused"
_TWICE = sa.text("""
select count(*) from signup n join signup o on o.signup_id = n.transfers_from
where n.status = 'seated' and o.status in ('seated', 'offered')
""")


class Asked(RuleBasedStateMachine):
    """Families sign up to two dates, are drawn, offered seats, told of it, answer or do not, move between the dates, and cancel."""

    def __init__(self, context: Context, families: list[Family]) -> None:
        super().__init__()
        self.context = context
        self.families = families
        self.rooms: list[str] = []
        self.signups: set[str] = set()

    @property
    def clock(self) -> FakeClock:
        """The time of the story."""
        assert isinstance(self.context.clock, FakeClock)
        return self.context.clock

    @initialize(capacities=st.tuples(st.integers(2, 6), st.integers(2, 6)), again=st.booleans(), by_draw=st.booleans())
    def begins(self, capacities: tuple[int, int], again: bool, by_draw: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """Two dates a month ahead: freed seats of both are offered; the places of the second are perhaps drawn."""
        self.clock.now = NOW
        asks = OfferRule(answer_hours=4, queue_again=again)
        lines = (LineRule(offers=asks), LineRule(offers=asks, draw=DrawRule(DRAWN_AT) if by_draw else None))
        for week, (capacity, line) in enumerate(zip(capacities, lines, strict=True)):
            workshop = a_workshop(capacity, line=line, sessions=[a_session(NOW + (28 + 7 * week) * DAY)])
            self.rooms.append(self.does(activities.open_activity, workshop)[0].activity_id)

    @rule(room=st.integers(0, 1), family=st.integers(0, FAMILIES - 1))
    def signs_up(self, room: int, family: int) -> None:
        """A family signs up, perhaps again."""
        answer = self.does(signups.sign_up, self.rooms[room], self.families[family].party(), None)
        if answer != REFUSED:
            self.signups.add(answer[0].signup_id)

    @precondition(lambda self: self.signups)
    @rule(data=st.data(), what=st.sampled_from([signups.cancel, offers.accept, offers.decline]))
    def answers(self, data: st.DataObject, what: Any) -> None:
        """A family cancels, or answers an offer, also one that it does not have or no longer has."""
        signup_id = data.draw(st.sampled_from(sorted(self.signups)))
        before = self.stands(signup_id)
        answer = self.does(what, signup_id)
        if what is offers.accept:
            assert (answer == REFUSED) == (before not in {SignupStatus.OFFERED, SignupStatus.SEATED})

    @precondition(lambda self: self.signups)
    @rule(data=st.data())
    def moves_over(self, data: st.DataObject) -> None:
        """A family moves to the other date, or is told why it cannot."""
        old = data.draw(st.sampled_from(sorted(self.signups)))
        with self.context.work() as work:
            here = work.signups.get(old).activity_id
        answer = self.does(transfers.transfer, old, self.rooms[1 - self.rooms.index(here)])
        if answer != REFUSED:
            self.signups.add(answer[0].signup_id)

    @precondition(lambda self: self.signups)
    @rule(data=st.data(), fate=st.sampled_from(["sent", "suppressed"]))
    def letter_leaves(self, data: st.DataObject, fate: str) -> None:
        """Notifications tells of a letter with an offer: it left, or could not; perhaps it tells it of one that is answered."""
        signup_id = data.draw(st.sampled_from(sorted(self.signups)))
        facts = {"kind": "offer", "signup_id": signup_id, "reason": None if fate == "sent" else "no-address"}
        deliver(self.context, f"notifications.mail.{fate}.v1", facts, subject=new_id(), time=self.clock.now)

    @rule(room=st.integers(0, 1), capacity=st.integers(1, 8))
    def resizes(self, room: int, capacity: int) -> None:
        """The organiser changes the capacity, or is told why he cannot."""
        self.does(activities.change_capacity, self.rooms[room], capacity)

    @rule(hours=st.sampled_from([1, 5, 30]))
    def time_passes(self, hours: int) -> None:
        """Offers end, and when its time has come the draw is held; what was left behind is given back."""
        self.clock.now = min(self.clock.now + timedelta(hours=hours), NOW + 20 * DAY)
        for timer in (offers.end_due, draws.hold_due, transfers.finish_transfers):
            timer(self.context)

    @invariant()
    def law_holds(self) -> None:
        """Seats are conserved with those that are offered; no free seat is kept from who is next; nobody is lost, or has both dates."""
        with self.context.work() as work:
            for activity_id in self.rooms:
                law.check(work.connection, activity_id, now=work.now)
            everybody = work.signups.some(self.signups)
            assert work.connection.execute(_TWICE).scalar() == 0
        assert {signup.reason for signup in everybody if not signup.active} <= OWN_ENDS
        assert all(signup.offers <= MOST_OFFERS or signup.reason != offers.EXPIRED for signup in everybody)
        assert all(signup.answer_by is not None for signup in everybody if signup.status is SignupStatus.OFFERED)

    def teardown(self) -> None:
        """Nothing is left to be sent."""
        with self.context.work() as work:
            work.connection.exec_driver_sql("delete from chassis.outbox")

    def stands(self, signup_id: str) -> SignupStatus:
        """How a sign-up stands now."""
        with self.context.work() as work:
            status: SignupStatus = work.signups.get(signup_id).status
            return status

    def does(self, handler: Any, *arguments: Any) -> Any:
        """What a handler answers, in a unit of work of its own."""
        try:
            with self.context.work() as work:
                return handler(*arguments, work, Cause(new_id()))
        except (Conflict, Invalid):
            return REFUSED


@pytest.mark.timeout(0)  # as many runs as are asked for; and a failure takes a while to be made small
def test_offers_law(context: Context) -> None:
    """Whoever is drawn, offered, answers, lets it expire or moves: no seat is given twice, kept from who is next, or lost on the way."""
    town = Town(context)
    families = [a_family(children=1 + number % 3, guardians=1) for number in range(FAMILIES)]
    town.enrols_all(families)
    machine: Any = lambda: Asked(context, families)  # noqa: E731 - Hypothesis takes a factory where its types say a class
    run_state_machine_as_test(machine, settings=settings(max_examples=RUNS, stateful_step_count=STEPS, deadline=None))
