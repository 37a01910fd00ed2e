"""A sign-up link or code on its way to somebody without an account: where it stands, and when it is tried next.

    queued ──▶ sending ──▶ sent
      ▲          │ ├─────▶ failed        the other side said no for good, or the attempts are used up
      │          ▼ └─────▶ suppressed    it no longer holds, or there is no way to send it
      └────────── (back to queued after a passing fault, or when nobody could try)

As with mails it is sent at least once, with one idempotency key: its own id. It is in a greater hurry than a mail,
since it holds for half an hour; and its content, sealed, is forgotten as soon as it has come to an end.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.notifications.domain.mail import ENDS, Status

MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=3)
"""How long a process has to send the one that it took; afterwards another takes it up."""
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LinkLetter:
    """One row of the ledger. Every step returns the letter as it is afterwards. `sealed` is None once it is forgotten.

    `version` counts the stored steps, so that a process which lost its lease cannot write over the one that took it up.
    """

    link_id: str
    channel: str
    language: str
    programme: str | None
    sealed: str | None
    expires_at: datetime
    due_at: datetime | None
    status: Status = Status.QUEUED
    attempts: int = 0
    reason: str | None = None
    version: int = 0

    def taken(self, now: datetime) -> "LinkLetter":
        """Somebody sends it now, unless it no longer holds. The attempt is counted beforehand."""
        if now >= self.expires_at:
            return self.suppress("expired")
        if self.attempts >= MAX_ATTEMPTS:
            return self.fail("attempts-used-up")
        return self._step(status=Status.SENDING, attempts=self.attempts + 1, due_at=now + LEASE)

    def give_back(self, now: datetime) -> "LinkLetter":
        """It was taken and not tried: nobody's attempt."""
        return self._step(status=Status.QUEUED, attempts=self.attempts - 1, due_at=now)

    def sent(self) -> "LinkLetter":
        """The other side took it."""
        return self._step(status=Status.SENT, reason=None)

    def put_off(self, reason: str, now: datetime) -> "LinkLetter":
        """A passing fault: it is tried again soon, twice as late each time."""
        wait = min(FIRST_DELAY * 2 ** (self.attempts - 1), LONGEST_DELAY)
        return self._step(status=Status.QUEUED, due_at=now + wait, reason=reason)

    def fail(self, reason: str) -> "LinkLetter":
        """It cannot be sent."""
        return self._step(status=Status.FAILED, reason=reason)

    def suppress(self, reason: str) -> "LinkLetter":
        """It must not, or cannot, be sent any more."""
        return self._step(status=Status.SUPPRESSED, reason=reason)

    def _step(self, **changes: Any) -> "LinkLetter":
        ended = {"due_at": None, "sealed": None} if changes["status"] in ENDS else {}
        return replace(self, version=self.version + 1, **ended | changes)
