"""Leaves a register alone that is away: after some failures in a row nobody asks for a while, then one does, and tells the others.

closed ──(3 failures)──▶ open ──(pause over)──▶ half open ──(answer)──▶ closed
                           ▲                        │
                           └──(failure: longer)─────┘
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.registration.registers import metrics

FAILURES: Final = 3
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(minutes=30)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class Circuit:
    """What this process knows of one register. Times are aware."""

    register: str
    failures: int = 0
    until: datetime = _NEVER
    pause: timedelta = SHORTEST

    def is_open(self, now: datetime) -> bool:
        """Whether nobody should ask now."""
        return now < self.until

    def answered(self) -> None:
        """It is there."""
        self.failures, self.until, self.pause = 0, _NEVER, SHORTEST
        metrics.OPEN.labels(self.register).set(0)

    def failed(self, now: datetime) -> None:
        """It was away; from the third failure in a row on, it is left alone, each time for twice as long."""
        self.failures += 1
        if self.failures >= FAILURES:
            self.until, self.pause = now + self.pause, min(self.pause * 2, LONGEST)
            metrics.OPEN.labels(self.register).set(1)
