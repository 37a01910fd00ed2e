"""Clocks that jump: delays, leases and order are the database's business, so nobody waits for an hour and nothing happens twice."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.reliability.lethal import OUTAGE
from tests.reliability.load import Raw, publish
from tests.reliability.oracle import deferred, number
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.ward import ECHO, Clock, Fault, Ward, fact
from tests.reliability.witness import Passed

AN_HOUR = timedelta(hours=1)
SUMMER_TIME_BEGINS = datetime(2026, 3, 29, 1, tzinfo=UTC)
SUMMER_TIME_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)
JUST_BEFORE = timedelta(seconds=20)
ROUGHLY = timedelta(minutes=5)
WAITING = dict(fact(f"child-{n:02d}", 1, OUTAGE) for n in range(20))
EARLY = dict(fact(f"child-{n:02d}", 2) for n in range(40))
LATE = dict(fact(f"child-{n:02d}", 1) for n in range(20, 40))
AFTERWARDS = dict(fact(f"child-{n:02d}", 1) for n in range(40, 80))


@pytest.fixture
def clocks(ward: Ward, fault: Fault, tmp_path: Path) -> list[Clock]:
    """Those of two processes, with which some messages wait for a retry and others for an earlier one."""
    clocks = [Clock(tmp_path / f"clock-{n}") for n in range(2)]
    for clock in clocks:
        ward.start(TZ="Europe/Copenhagen", DELTAG_RETRY_ATTEMPTS="6", **fault.variables, **clock.variables).await_ready()
    publish(ward.bus_url, [*WAITING.values(), *EARLY.values()])
    eventually(lambda: deferred(ward.context, kinds=["retry"]) == len(WAITING), within=START_WITHIN_S, what="retries")
    return clocks


def test_clocks_jump(ward: Ward, fault: Fault, clocks: list[Clock]) -> None:
    """Fault 36: while messages wait for a retry and for an earlier one, the clocks of both processes jump, one an hour on and one back."""
    jumps = (AN_HOUR, -AN_HOUR)
    for clock, jump in zip(clocks, jumps, strict=True):
        clock.jump(jump.total_seconds())
    handle(ward, LATE, 40)
    sent, facts = WAITING | EARLY | LATE, list[Passed]()
    sent |= flow_until_told(ward, facts, jumps)
    fault.heal()
    ward.figures(sent, ward.settle(effects=len(sent)), facts).judge("a clock an hour on, and one an hour back, as what both told says")


@pytest.mark.thorough
def test_summer_time_begins_and_ends(ward: Ward, fault: Fault, clocks: list[Clock]) -> None:
    """Fault 36: with one process summer time begins, with the other it ends, while messages wait for a retry and for an earlier one.
    What each tells shows that it worked on either side of the change.
    """
    changes = (SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS)
    began = datetime.now(UTC)
    for clock, change in zip(clocks, changes, strict=True):
        clock.jump((change - JUST_BEFORE - began).total_seconds())
    handle(ward, LATE, 40)
    eventually(lambda: datetime.now(UTC) > began + JUST_BEFORE, within=2 * JUST_BEFORE.total_seconds(), what="the changes")
    handle(ward, AFTERWARDS, 80)
    fault.heal()
    sent = WAITING | EARLY | LATE | AFTERWARDS
    seconds = ward.settle(effects=len(sent))
    facts = ward.witness.testimony()
    times = times_of(facts)
    for change in changes:
        before, after = between(times, change - JUST_BEFORE, change), between(times, change, change + AN_HOUR)
        assert before, f"nothing was told before {change}"
        assert after, f"nothing was told after {change}"
    ward.figures(sent, seconds, facts).judge(f"summer time begins for one and ends for the other, {before} and {after} told around its end")


def flow_until_told(ward: Ward, facts: list[Passed], jumps: Collection[timedelta]) -> dict[str, Raw]:
    """Send one good fact after the other until `facts` holds some that were told by clocks as far off as these; returns what was sent."""
    sent: dict[str, Raw] = {}

    def told() -> bool:
        id_, message = fact(f"flowing-{len(sent):03d}", 1)
        publish(ward.bus_url, [message])
        sent[id_] = message
        facts.extend(ward.witness.testimony())
        off, times = datetime.now(UTC), times_of(facts)
        return all(between(times, off + jump - ROUGHLY, off + jump + ROUGHLY) for jump in jumps)

    eventually(told, within=START_WITHIN_S, what="facts by both clocks", told=lambda: times_of(facts)[-5:])
    return sent


def times_of(facts: Collection[Passed]) -> list[datetime]:
    """When those who told of effects say that it was."""
    return [datetime.fromisoformat(json.loads(fact.body)["time"]) for fact in facts if fact.key.startswith(ECHO)]


def between(times: Collection[datetime], first: datetime, last: datetime) -> int:
    """How many of these are within a time."""
    return sum(first <= time < last for time in times)


def handle(ward: Ward, facts: dict[str, Raw], effects: int) -> None:
    """Send these, and wait for so many effects in all."""
    publish(ward.bus_url, facts.values())
    eventually(lambda: number(ward.context, "select count(*) from effect") == effects, what="those that nothing is wrong with")
