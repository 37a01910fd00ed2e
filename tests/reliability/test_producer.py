"""A producer that dies between its commit and the bus: what was committed arrives, and has one effect."""

from tests.reliability.oracle import Figures
from tests.reliability.stage import Stage

REQUESTS = 300


def test_killed_before_the_relay_publishes(stage: Stage) -> None:
    """Fault 2: kill -9 after the commit and before the relay. What was committed is published by the next process."""
    figures = killed_at("relay.before-publish:3", stage)
    figures.judge("killed before the relay publishes")
    assert figures.repeated == 0


def test_killed_after_the_confirm(stage: Stage) -> None:
    """Faults 3 and 4: kill -9 when the broker has it and the outbox still does. It passes twice, and has one effect."""
    figures = killed_at("relay.after-confirm:3", stage)
    figures.judge("killed after the confirm")
    assert figures.repeated > 0


def killed_at(point: str, stage: Stage) -> Figures:
    """Let registration die there under load, and start it again."""
    dying, _ = stage.start("registration", DELTAG_CRASH_POINT=point), stage.start("reporting")
    with stage.flowing(REQUESTS):
        dying.await_death()
        seconds = stage.restart("registration")
    return stage.figures(seconds)
