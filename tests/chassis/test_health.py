"""Health: live without asking anybody, ready only when every dependency says so."""

import json
from datetime import timedelta

import pytest
from werkzeug.test import Client

from services.chassis import health as module
from services.chassis.errors import Conflict, Unavailable
from services.chassis.health import Health
from services.chassis.lifecycle import Stop
from services.chassis.loops import persist
from services.chassis.metrics import metrics_app
from services.chassis.testing import FakeClock


@pytest.fixture(autouse=True)
def _ask_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept for the next question."""
    monkeypatch.setattr(module, "KEPT_S", -1.0)


def down() -> str:
    """A dependency that is away, in a driver's words."""
    raise ConnectionError("postgresql://events:pa55@db does not answer")


def away() -> str:
    """A dependency that is away, in our words."""
    raise Unavailable(en="The database does not answer.")


def test_live_asks_nobody() -> None:
    """A process is live while it answers, whatever is wrong around it: a restart would mend nothing."""
    health = Health()
    health.add("database", down)
    assert Client(metrics_app(health)).get("/health/live").status_code == 200


def test_ready_when_all_are_well() -> None:
    """Ready says yes, and names every dependency that was asked."""
    health = Health(FakeClock())
    health.add("events database", lambda: "")
    answer = Client(metrics_app(health)).get("/health/ready")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "checks": {"events database": {"ok": True, "reason": None, "since": "2026-11-02T09:00:00+00:00"}},
    }


def test_one_that_is_not_well_is_named() -> None:
    """One dependency that is away makes the process not ready, and is named with its reason."""
    health = Health()
    health.add("database", lambda: "")
    health.add("bus", lambda: "the broker does not answer")
    answer = Client(metrics_app(health)).get("/health/ready")
    assert answer.status_code == 503
    assert json.loads(answer.data)["checks"]["bus"]["reason"] == "the broker does not answer"


def test_what_is_told_besides_keeps_nobody_away() -> None:
    """What makes messages fail is said with its reason, and the process is ready for callers all the same."""
    health = Health()
    health.tell("handling tiny.facts", lambda: "Slowed down")
    answer = Client(metrics_app(health)).get("/health/ready")
    check = json.loads(answer.data)["checks"]["handling tiny.facts"]
    assert (answer.status_code, check["ok"], check["reason"]) == (200, False, "Slowed down")


def test_since_when_is_told() -> None:
    """`since` is when the present state began, not when it was last asked."""
    clock, reasons = FakeClock(), ["", "away", "away"]
    health = Health(clock)
    health.add("bus", lambda: reasons.pop(0))
    seen = []
    for _ in range(3):
        seen.append(health.ready()[1]["checks"]["bus"]["since"])  # type: ignore[index]
        clock.advance(timedelta(minutes=1))
    assert seen == ["2026-11-02T09:00:00+00:00", "2026-11-02T09:01:00+00:00", "2026-11-02T09:01:00+00:00"]


@pytest.mark.parametrize(("check", "said"), [(down, "ConnectionError"), (away, "The database does not answer.")])
def test_a_check_that_fails_gives_nothing_away(check: object, said: str) -> None:
    """A driver's error is told by its name alone: its text may hold an address with a password."""
    health = Health()
    health.add("database", check)  # type: ignore[arg-type]
    assert health.ready()[1]["checks"]["database"]["reason"] == said  # type: ignore[index]


def test_a_loop_that_fails_gives_nothing_away() -> None:
    """What a loop notes of an unexpected error is its name alone: a database's words may hold the values of a row. Ours say what to do."""
    stop, noted = Stop(), list[str]()
    errors = [Conflict("queue-differs", en="Delete it.", da="Slet den."), ValueError("Key (email)=(kari@example.org) already exists.")]

    def fail(_pauses: object) -> None:
        if len(errors) == 1:
            stop.set()
        raise errors.pop(0)

    persist(fail, stop, noted.append, loop="consumer")
    assert noted == ["Delete it.", "ValueError"]


def test_many_probes_cost_no_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is kept for a moment, so probes do not become a load."""
    monkeypatch.setattr(module, "KEPT_S", 60.0)
    answers = ["", "asked again"]
    health = Health()
    health.add("database", lambda: answers.pop(0))
    assert health.ready() == health.ready()
    assert answers == ["asked again"]
