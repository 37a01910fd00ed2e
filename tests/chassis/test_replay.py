"""Catching up from the log, and from a service's present state."""

from dataclasses import replace

import sqlalchemy as sa

from services.chassis.bus import Delivery
from services.chassis.replay import refresh, replay
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event, published
from tests.chassis.tiny import DONE, ECHO, SERVICE, effects

FACTS = SERVICE.listens[0]


def logged(*numbers: int) -> list[Delivery]:
    """What the log holds: this service's facts, and some that it does not listen to."""
    mine = [Delivery(event(DONE, {"number": n}, subject="a", sequence=n), n, "deltag.events", DONE) for n in numbers]
    return [*mine, Delivery(event("somebody.else.spoke.v1", {}, subject="x", sequence=1), 99, "deltag.events", "somebody.else.spoke.v1")]


def test_replay_closes_a_gap(context: Context) -> None:
    """What was missed is taken from the log, and what waited behind it is a duplicate or follows."""
    deliver_raw(context, FACTS, [event(DONE, {"number": n}, subject="a", sequence=n) for n in (1, 4)])
    assert list(replay(context, logged(1, 2, 3, 4))) == [(99, 4)]
    assert effects(context) == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]


def test_replay_again_changes_nothing(context: Context) -> None:
    """The log may be taken any number of times."""
    for _ in range(2):
        list(replay(context, logged(1, 2)))
    assert effects(context) == [("a", 1), ("a", 2)]


def test_replay_begins_with_little(context: Context) -> None:
    """As off a queue, at first little is taken at a time, and more only as long as that goes quickly; in the end all of it."""
    log = (Delivery(event(DONE, {"number": n}, subject="a", sequence=n), n, "deltag.events", DONE) for n in range(1, 251))
    steps = list(replay(context, log))
    assert (steps[0], steps[-1]) == ((100, 100), (250, 250))


def test_refresh_tells_the_present_state_under_its_own_sequence(context: Context) -> None:
    """A snapshot carries the aggregate's last sequence number, takes no new one, and is marked."""

    def tell(work: object) -> None:
        work.snapshot(ECHO, subject="a", data={"number": 2})  # type: ignore[attr-defined]

    with context.work() as work:
        work.emit(ECHO, subject="a", data={"number": 1})
        work.emit(ECHO, subject="a", data={"number": 2})
    context.service = replace(SERVICE, refresh=tell)
    refresh(context)
    *_, snapshot = published(context)
    assert (snapshot["sequence"], snapshot["snapshot"]) == ("0000000002", True)
    with context.work() as work:
        assert work.connection.execute(sa.text("select last from chassis.aggregate_sequence")).scalars().all() == [2]
