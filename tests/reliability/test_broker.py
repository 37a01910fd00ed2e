"""A broker that is not there."""

from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.servers.rabbit import RabbitNode


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
