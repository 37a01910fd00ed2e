"""A consumer that dies while it has messages in hand: each has one effect, and none shares another's fate."""

import pytest

from tests.reliability.stage import Stage

REQUESTS = 300


@pytest.mark.parametrize(("registration", "reporting"), [("before", "after"), pytest.param("after", "before", marks=pytest.mark.thorough)])
def test_killed_around_the_commit(stage: Stage, registration: str, reporting: str) -> None:
    """Fault 15: kill -9 before the commit, or after it and before the acknowledgement. The messages come again, for one effect."""
    points = {"registration": f"intake.{registration}-commit:4", "reporting": f"intake.{reporting}-commit:4"}
    dying = {name: stage.start(name, DELTAG_CRASH_POINT=point) for name, point in points.items()}
    with stage.flowing(REQUESTS):
        seconds = 0.0
        for name, process in dying.items():
            process.await_death()
            seconds = max(seconds, stage.restart(name))
    stage.figures(seconds).judge(f"registration killed {registration}, reporting {reporting} its commit")
