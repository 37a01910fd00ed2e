"""A broker whose queues are full: what cannot be queued waits at its source, is shown, and goes on when there is room."""

import pytest

from tests.reliability.oracle import outbox
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.servers.rabbit import RabbitNode

ROOM = 20


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_full_queue(stage: Stage, rabbit: RabbitNode) -> None:
    """Faults 8 and 24: a full queue refuses. The facts stay in the outbox, which health and metrics show, and go on when there is room."""
    [registration] = stage.start_all("registration")
    with stage.busy(registration) as desk:
        with rabbit.room_for(stage.vhost, "reporting.facts", ROOM):
            eventually(lambda: "full" in registration.trouble(), within=START_WITHIN_S, what="it in its health")
            eventually(lambda: registration.measured("deltag_outbox_oldest_age_seconds"), what="it in its metrics")
            desk.await_answers(20)
            assert outbox(stage.contexts["registration"]) > 0
        stage.start_all("reporting")
        seconds = stage.recovered()
    stage.figures(seconds).judge("a full queue")
