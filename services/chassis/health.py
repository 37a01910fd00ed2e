"""Health: whether a process lives, and whether it is ready, dependency by dependency.

*Live* asks nothing of the outside: an answer at all proves that the hub turns and that nothing blocks it; restart what
does not answer. *Ready* asks every dependency by name and says what is wrong with it and since when; send no work to what
is not ready, and do not restart it: it mends itself when the dependency comes back.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.chassis.errors import DeltagError

KEPT_S = 2.0
"""An answer is given again for this long, so that many probes cost no more than one."""

_STATUS = {200: "200 OK", 503: "503 Service Unavailable"}

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class State:
    """What a dependency said: `reason` is empty when it is well; `since` is when that began, aware, in UTC."""

    reason: str
    since: datetime

    def as_dict(self) -> dict[str, object]:
        """As JSON shows it."""
        return {"ok": not self.reason, "reason": self.reason or None, "since": self.since.isoformat(timespec="seconds")}


class Health:
    """The checks of a process. A check returns an empty text when all is well, and otherwise the reason (or it raises)."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._checks: dict[str, Callable[[], str]] = {}
        self._told: set[str] = set()
        self._states: dict[str, State] = {}
        self._asked_at = float("-inf")
        self._one_at_a_time = threading.Lock()

    def add(self, name: str, check: Callable[[], str]) -> None:
        """Ask this too; `name` is what people read (`events database`)."""
        self._checks[name] = check

    def tell(self, name: str, check: Callable[[], str]) -> None:
        """Say what this finds too, and be ready all the same."""
        self.add(name, check)
        self._told.add(name)

    def live(self) -> dict[str, object]:
        """That it answers is the answer."""
        return {"status": "live"}

    def ready(self) -> tuple[bool, dict[str, object]]:
        """Whether every dependency is well, and what each said."""
        with self._one_at_a_time:
            if time.monotonic() - self._asked_at > KEPT_S:
                self._states = {name: self._ask(name) for name in self._checks}
                self._asked_at = time.monotonic()
            states = dict(self._states)
        well = not any(state.reason for name, state in states.items() if name not in self._told)
        return well, {"status": "ready" if well else "not-ready", "checks": {name: state.as_dict() for name, state in states.items()}}

    def answer(self, path: str) -> tuple[int, Mapping[str, object]] | None:
        """The HTTP status and the JSON for `/health/live` and `/health/ready`; None for any other path."""
        match path:
            case "/health/live":
                return 200, self.live()
            case "/health/ready":
                well, said = self.ready()
                return (200 if well else 503), said
            case _:
                return None

    def _ask(self, name: str) -> State:
        reason = _reason(self._checks[name])
        before = self._states.get(name)
        return before if before and before.reason == reason else State(reason, self._clock())


def _reason(check: Callable[[], str]) -> str:
    """Never a driver's own words: they may hold an address with its password."""
    try:
        return check()
    except DeltagError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
        return f"{type(error).__name__}"


def health_app(health: Health, otherwise: Wsgi) -> Wsgi:
    """A WSGI app that answers for the process's health, and hands all other paths on."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = health.answer(environ.get("PATH_INFO", ""))
        if answer is None:
            return otherwise(environ, start_response)
        status, body = answer
        start_response(_STATUS[status], [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(body).encode()]

    return app
