"""Stopping in order under load: what is in hand is finished, nothing is done twice, and the end comes in time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
import sqlalchemy as sa

from tests.reliability.chance import rounds
from tests.reliability.clerk import TOKEN, Clerk
from tests.reliability.lethal import HANG
from tests.reliability.load import Raw, publish
from tests.reliability.oracle import number, outbox
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.stage import Stage
from tests.reliability.ward import Begun, Fault, Ward, fact

ROUNDS, MANY_ROUNDS = rounds(4), 50
LONGEST_ROUND_S = 20
DRAINED_WITHIN_S = 5.0
REPLICAS = 3
SLOW_S = 1.5
"""How long a slow request takes after the stop."""
AROUND = 200
"""Messages that are in hand with one at which the process is at work."""
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


@pytest.mark.timeout(120 + MANY_ROUNDS * LONGEST_ROUND_S)
@pytest.mark.parametrize("stops", [2, pytest.param(MANY_ROUNDS, marks=pytest.mark.thorough)])
def test_stopped_while_a_handler_is_at_work(ward: Ward, begun: Begun, tmp_path: Path, stops: int) -> None:
    """Fault 20: SIGTERM while a handler is at work, with others before and behind it in hand, again and again. What was begun is
    finished: no handler begins with a message a second time, not even after a rollback.
    """
    sent: dict[str, Raw] = {}
    seconds = []
    for n in range(stops):
        fault = Fault(tmp_path / f"fault-{n}")
        sent |= (messages := around(f"held-{n}"))
        publish(ward.bus_url, messages.values())
        seconds.append(stopped_at_work(ward, begun, fault, f"held-{n}-1"))
    ward.start(**begun.variables)
    ward.settle(effects=len(sent), within=START_WITHIN_S)
    figures, again = ward.figures(sent), begun.again()
    figures.judge(f"{stops} stops at work, the longest {max(seconds):.1f} s after it was done, {len(again)} begun with again")
    assert not again
    assert figures.taken_again == 0
    assert max(seconds) < DRAINED_WITHIN_S


def around(held: str) -> dict[str, Raw]:
    """A message whose handler waits for the end of a fault, in the middle of others."""
    facts = [fact(f"{held}-{n:03d}", 1) for n in range(AROUND)]
    return dict([*facts[: AROUND // 2], fact(held, 1, HANG), *facts[AROUND // 2 :]])


def stopped_at_work(ward: Ward, begun: Begun, fault: Fault, held: str) -> float:
    """Stop a process for good that is at work with this message; returns the seconds from when it could be done with it to its end."""
    process = ward.start(**begun.variables, **fault.variables)
    eventually(lambda: begun.times(held), within=START_WITHIN_S, what="its beginning")
    process.terminate()
    lasts(SLOW_S)
    assert not process.ended, "it ended in the middle"
    fault.heal()
    healed = monotonic()
    process.await_end()
    ward.retire(process)
    return monotonic() - healed


@contextmanager
def nobody_enrols(stage: Stage) -> Iterator[None]:
    """Whoever enrols a child during the block waits for its end."""
    with stage.contexts["registration"].work() as work:
        work.connection.execute(sa.text("lock table child in exclusive mode"))
        yield
