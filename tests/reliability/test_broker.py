"""A broker that is not there, dies, hangs, or takes nothing more: HTTP goes on, and so does everything else when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.chassis.bus.heartbeat import SILENT_S
from tests.reliability.oracle import outbox
from tests.reliability.patience import START_WITHIN_S, eventually, lasts
from tests.reliability.stage import Stage
from tests.servers.rabbit import RabbitNode

MINUTES = 60
ARRIVED_S = 2
"""After so long nothing is under way any more that the broker said before it hung."""
GIVEN_UP_S = 2 * SILENT_S
"""A broker that has hung for so long is missed by everybody."""


def test_broker_down_at_the_start(stage: Stage, rabbit: RabbitNode) -> None:
    """Fault 14: services that start before the broker answer, say that it is missing, and connect by themselves when it comes."""
    rabbit.stop()
    processes = [stage.start(name) for name in ("registration", "reporting")]
    for process in processes:
        eventually(process.health, within=START_WITHIN_S, what="an answer")
        health = process.health()
        assert health["status"] == "not-ready"
        wrong = {name: check["reason"] for name, check in health["checks"].items() if not check["ok"]}
        assert all("broker" in reason.lower() for reason in wrong.values()), wrong
        assert process.door_answers()
    rabbit.start()
    seconds = max(process.await_ready() for process in processes)
    with stage.flowing(100):
        pass
    stage.figures(seconds).judge("broker down at the start")


def test_broker_killed(stage: Stage, rabbit: RabbitNode) -> None:
    """Fault 11: kill -9 of the broker under load. What it had confirmed is there when it is back, and nobody is started again."""
    with stage.at_work() as desk:
        rabbit.kill()
        desk.await_answers(20)
        rabbit.start()
        seconds = stage.recovered()
    stage.figures(seconds).judge("broker killed")


@pytest.mark.thorough
@pytest.mark.timeout(5 * MINUTES)
def test_broker_restarted_again_and_again(stage: Stage, rabbit: RabbitNode) -> None:
    """Fault 11: killed, stopped and started as an application, and stopped in order, one right after the other."""
    with stage.at_work() as desk:
        rabbit.kill()
        rabbit.start()
        rabbit.rabbitmqctl("stop_app")
        desk.await_answers(10)
        rabbit.rabbitmqctl("start_app")
        rabbit.stop()
        rabbit.start()
        seconds = stage.recovered()
    stage.figures(seconds).judge("broker restarted three times")


@pytest.mark.thorough
@pytest.mark.timeout(5 * MINUTES)
@pytest.mark.parametrize("hangs_s", [5, 30, 120])
def test_broker_hangs(stage: Stage, rabbit: RabbitNode, hangs_s: float) -> None:
    """Fault 12: SIGSTOP of the broker. Callers are answered meanwhile, and nothing leaves; health says so when it lasts, and everything
    flows when it goes on.
    """
    with stage.at_work() as desk:
        with hanging(rabbit):
            lasts(ARRIVED_S)
            before = stage.ledger.told
            lasts(hangs_s - ARRIVED_S)
            desk.await_answers(10)
            assert outbox(stage.contexts["registration"]) >= 10
            assert stage.ledger.told == before, "it did not hang"
            if hangs_s > GIVEN_UP_S:
                stage.await_trouble()
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"broker hung for {hangs_s} s")


@contextmanager
def hanging(rabbit: RabbitNode) -> Iterator[None]:
    """It hangs during the block."""
    rabbit.pause()
    try:
        yield
    finally:
        rabbit.resume()


@pytest.mark.thorough
@pytest.mark.parametrize("resource", ["memory", "disk"])
def test_broker_takes_nothing(stage: Stage, rabbit: RabbitNode, resource: str) -> None:
    """Fault 13: an alarm blocks all who publish. HTTP goes on into the outbox, health and metrics show it, and it empties afterwards."""
    with stage.at_work() as desk:
        [registration, _] = stage.running
        with rabbit.short_of(resource):
            eventually(lambda: "alarm" in registration.trouble(), what="the alarm in its health", told=registration.trouble)
            eventually(lambda: registration.measured("deltag_outbox_pending"), what="a metric that shows the outbox")
            desk.await_answers(20)
            assert outbox(stage.contexts["registration"]) > 0
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"broker short of {resource}")
