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

AN_HOUR = timedelta(hours=1)
SUMMER_TIME_BEGINS = datetime(2026, 3, 29, 1, tzinfo=UTC)
SUMMER_TIME_ENDS = datetime(2026, 10, 25, 1, tzinfo=UTC)
JUST_BEFORE = timedelta(seconds=20)
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
    """Fault 36: while messages wait for a retry and for an earlier one, the clocks of both processes jump, an hour away from each other."""
    clocks[0].jump(AN_HOUR.total_seconds())
    clocks[1].jump(-AN_HOUR.total_seconds())
    handle(ward, LATE, 40)
    fault.heal()
    sent = WAITING | EARLY | LATE
    ward.figures(sent, ward.settle(effects=len(sent))).judge("a clock an hour on, and one an hour back")


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
    times = [datetime.fromisoformat(json.loads(fact.body)["time"]) for fact in facts if fact.key.startswith(ECHO)]
    for change in changes:
        before, after = between(times, change - JUST_BEFORE, change), between(times, change, change + AN_HOUR)
        assert before, f"nothing was told before {change}"
        assert after, f"nothing was told after {change}"
    ward.figures(sent, seconds, facts).judge(f"summer time begins for one and ends for the other, {before} and {after} told around its end")


def between(times: Collection[datetime], first: datetime, last: datetime) -> int:
    """How many of these are within a time."""
    return sum(first <= time < last for time in times)


def handle(ward: Ward, facts: dict[str, Raw], effects: int) -> None:
    """Send these, and wait for so many effects in all."""
    publish(ward.bus_url, facts.values())
    eventually(lambda: number(ward.context, "select count(*) from effect") == effects, what="those that nothing is wrong with")
