"""A producer that dies between its commit and the bus: what was committed arrives, and has one effect."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import sqlalchemy as sa

from services.chassis.service import Context
from tests.reliability.clerk import TOKEN, Clerk
from tests.reliability.load import Request
from tests.reliability.oracle import Figures, number, outbox
from tests.reliability.patience import eventually
from tests.reliability.stage import Stage

REQUESTS = 300
HELD_UP = """
select count(*) from pg_stat_activity
where datname = current_database() and query like 'insert into chassis.outbox%' and wait_event_type = 'Lock'
"""
OF_OTHERS = "source like 'http%'"


def test_killed_before_the_relay_publishes(stage: Stage) -> None:
    """Fault 2: kill -9 after the commit and before the relay. What was committed is published by the next process."""
    figures = killed_at("relay.before-publish:3", stage)
    figures.judge("killed before the relay publishes")
    assert figures.repeated == 0


def test_killed_before_the_confirm(stage: Stage) -> None:
    """Fault 3: kill -9 when all is written to the broker's socket and nothing is confirmed. Whether it arrived or not, it is published
    again, and has one effect.
    """
    killed_at("relay.after-publish:3", stage).judge("killed before the confirm")


def test_killed_after_the_confirm(stage: Stage) -> None:
    """Fault 4: kill -9 when the broker has confirmed it and the outbox still holds it. It passes twice, and has one effect."""
    figures = killed_at("relay.after-confirm:3", stage)
    figures.judge("killed after the confirm")
    assert figures.repeated > 0


def killed_at(point: str, stage: Stage) -> Figures:
    """Let registration die there under load, with its facts still in the outbox, and start it again."""
    dying, _ = stage.start("registration", DELTAG_CRASH_POINT=point), stage.start("reporting")
    with stage.flowing(REQUESTS):
        dying.await_death()
        assert outbox(stage.contexts["registration"]) > 0
        seconds = stage.restart("registration")
    return stage.figures(seconds)


def test_killed_before_the_commit(stage: Stage) -> None:
    """Fault 1: kill -9 while a child is enrolled over HTTP, all is written and nothing is committed. No row is left, and no event."""
    dying, _ = stage.start_all("registration", "reporting")
    clerk = Clerk(lambda _service: f"http://{stage.processes[-1].address}", TOKEN, stage.ledger)
    registration, request = stage.contexts["registration"], stage.families.request()
    with ThreadPoolExecutor() as asking:
        with nobody_tells(registration):
            refused = asking.submit(asked_once, dying.address, request)
            eventually(lambda: number(registration, HELD_UP), what="the request before its commit")
            dying.kill()
            eventually(lambda: not number(registration, HELD_UP), what="the end of its transaction")
        assert not refused.result()
        assert number(registration, f"select count(*) from enrolment where {OF_OTHERS}") + outbox(registration) == 0
        seconds = stage.start("registration").await_ready()
        assert [answer["status"] for answer in clerk.enrol([request])] == ["accepted"]
    stage.figures().judge(f"killed before the commit, started again in {seconds:.1f} s")


@contextmanager
def nobody_tells(context: Context) -> Iterator[None]:
    """Whoever has something to tell during the block waits at the last step before his commit."""
    with context.work() as work:
        work.connection.execute(sa.text("lock table chassis.outbox in share mode"))
        yield


def asked_once(address: str, request: Request) -> bool:
    """Ask for an enrolment over HTTP; whether there was an answer."""
    body = json.dumps({"requests": [{"id": request["id"], "data": request["data"]}]}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        with urlopen(HttpRequest(f"http://{address}/v1/enrolment-requests/bulk", body, headers), timeout=60):
            return True
    except (OSError, HTTPException):
        return False
