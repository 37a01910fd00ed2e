"""A broker whose queues are full: what cannot be queued waits at its source, is shown, and goes on when there is room."""

from itertools import pairwise
from time import monotonic

import pytest

from services.chassis.service import Context
from tests.reliability.oracle import number, outbox, rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.servers.rabbit import RabbitNode

ROOM = 20
BASE_S = 1.0
LEAST_WAITS_S = [BASE_S / 2 * 2**n for n in range(4)]
"""Half of what it is at most is certain of each wait; the rest is chance."""
SEEN_WITHIN_S = 0.4
"""So long a refusal may go unseen here."""
NEWLY_REFUSED = "select id from chassis.outbox where attempts = 1 and exchange <> '' order by id desc limit 1"


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_full_queue(stage: Stage, rabbit: RabbitNode) -> None:
    """Faults 8 and 24: a full queue refuses. The facts stay in the outbox of our database, which health and metrics show; each is
    tried again at growing intervals, and all go on when there is room.
    """
    [registration] = stage.start_all("registration", DELTAG_RETRY_BASE_S=f"{BASE_S}")
    with stage.busy(registration) as desk:
        with rabbit.room_for(stage.vhost, "reporting.facts", ROOM):
            eventually(lambda: "full" in registration.trouble(), within=START_WITHIN_S, what="it in its health")
            eventually(lambda: registration.measured("deltag_outbox_oldest_age_seconds"), what="it in its metrics")
            desk.await_answers(20)
            assert outbox(stage.contexts["registration"]) > 0
            waits = waits_between_tries(stage.contexts["registration"])
        stage.start_all("reporting")
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"a full queue, tried again after {', '.join(f'{wait:.1f} s' for wait in waits)}")
    assert all(wait > least - SEEN_WITHIN_S for wait, least in zip(waits, LEAST_WAITS_S, strict=True))


def waits_between_tries(context: Context) -> list[float]:
    """Follow one row of the outbox from its first refusal on: the seconds from each to the next."""
    eventually(lambda: rows(context, NEWLY_REFUSED), what="a refusal")
    [[row]] = rows(context, NEWLY_REFUSED)
    tried: dict[int, float] = {}

    def refused_often() -> bool:
        tried.setdefault(number(context, "select attempts from chassis.outbox where id = :row", row=row), monotonic())
        return len(tried) > len(LEAST_WAITS_S)

    eventually(refused_often, within=START_WITHIN_S, what="more refusals", told=tried.copy)
    assert [*tried] == [*range(1, len(tried) + 1)]
    return [later - earlier for earlier, later in pairwise(tried.values())]
