"""Stopping in order under load: what is in hand is finished, nothing is done twice, and the end comes in time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from threading import Event

import pytest
import sqlalchemy as sa

from tests.reliability.chance import rounds
from tests.reliability.clerk import TOKEN, Clerk
from tests.reliability.oracle import number, outbox
from tests.reliability.patience import eventually
from tests.reliability.stage import Stage

ROUNDS, MANY_ROUNDS = rounds(4), 50
LONGEST_ROUND_S = 20
DRAINED_WITHIN_S = 5.0
REPLICAS = 3
SLOW_S = 1.5
"""How long a slow request takes after the stop."""
BUSY = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.mark.timeout(120 + MANY_ROUNDS * LONGEST_ROUND_S)
@pytest.mark.parametrize("stops", [ROUNDS, pytest.param(MANY_ROUNDS, marks=pytest.mark.thorough)])
def test_stopped_under_load(stage: Stage, stops: int) -> None:
    """Fault 20: SIGTERM under load, again and again. Every drain ends in time, nothing is lost, nothing is handled twice."""
    running = dict(zip(names := ("registration", "reporting"), stage.start_all(*names), strict=True))
    seconds = []
    with stage.flowing():
        for name in islice(cycle(names), stops):
            stage.await_progress()
            seconds.append(running[name].stop())
            [running[name]] = stage.start_all(name)
    figures = stage.figures()
    figures.judge(f"{stops} stops under load, the longest in {max(seconds):.1f} s")
    assert figures.taken_again == 0
    assert max(seconds) < DRAINED_WITHIN_S


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_rolling_restart(stage: Stage) -> None:
    """Fault 20: three processes of each service, replaced one by one under load. Nothing is lost, nothing is handled twice, and it
    never stands still.
    """
    running = stage.start_all(*REPLICAS * ["registration"], *REPLICAS * ["reporting"])
    with stage.flowing():
        for old in running:
            stage.await_progress()
            stage.start_all(old.name)
            old.stop()
        stage.await_progress()
    figures = stage.figures()
    figures.judge(f"rolling restart of {REPLICAS} processes of each service")
    assert figures.taken_again == 0


def test_a_caller_at_the_stop_gets_his_answer(stage: Stage) -> None:
    """An HTTP request that is under way at SIGTERM, and takes its time, is answered, and its fact told before the process ends."""
    [registration, _] = stage.start_all("registration", "reporting")
    clerk = Clerk(lambda _service: f"http://{registration.address}", TOKEN, stage.ledger)
    with ThreadPoolExecutor() as asking:
        with nobody_enrols(stage):
            answers = asking.submit(clerk.enrol, [stage.families.request()])
            eventually(lambda: number(stage.contexts["registration"], BUSY), what="the request under way")
            registration.terminate()
            Event().wait(SLOW_S)
        assert [answer["status"] for answer in answers.result()] == ["accepted"]
    registration.await_end()
    assert outbox(stage.contexts["registration"]) == 0
    stage.start_all("registration")
    stage.figures().judge("stopped while somebody asks")


@contextmanager
def nobody_enrols(stage: Stage) -> Iterator[None]:
    """Whoever enrols a child during the block waits for its end."""
    with stage.contexts["registration"].work() as work:
        work.connection.execute(sa.text("lock table child in exclusive mode"))
        yield
