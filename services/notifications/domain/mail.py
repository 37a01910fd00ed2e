"""A mail on its way: where it stands in the send ledger, and when it is tried next.

    queued ──▶ sending ──▶ sent
      │ ▲        │ ├─────▶ failed        the server said no for good, or the attempts are used up
      ▼ │        │ └─────▶ suppressed    there is no address
     held ◀──────┘ (back to queued after a passing fault, or when nobody could try)
      └──────────────────▶ suppressed    what it needs never came, it is no longer true, or it is too late

A mail is *held* while what it needs (the person's contact card, the activity) has not come yet. `due_at` says when
somebody must look at it again: to send it (queued), to give up waiting (held), to take it up from a process that died
(sending); it is None once the mail has come to its end.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

MAX_ATTEMPTS = 12
"""With the delays below, a receiving server has a day and a half to get well."""
LEASE = timedelta(minutes=10)
"""How long a process has to send what it took; afterwards another takes it up."""
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=6)


class Kind(StrEnum):
    """What a mail tells."""

    CONFIRMATION = "confirmation"
    WAITING = "waiting"
    PROMOTION = "promotion"
    OFFER = "offer"
    OFFER_EXPIRED = "offer-expired"
    CANCELLATION = "cancellation"
    CALLED_OFF = "called-off"
    CHANGE = "change"
    REMINDER = "reminder"
    FEEDBACK = "feedback"


class Status(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


ENDS = frozenset({Status.SENT, Status.FAILED, Status.SUPPRESSED})


@dataclass(frozen=True, slots=True)
class Mail:
    """One row of the send ledger. Every step returns the mail as it is afterwards.

    `key` is the idempotency key: one fact, or one session of one sign-up, is told once. `reason` is why it stands where
    it does, or why the latest attempt came to nothing. `version` counts the stored steps, so that a process which lost
    its lease cannot write over the one that took the mail up.
    """

    mail_id: str
    key: str
    kind: Kind
    person_id: str
    activity_id: str
    signup_id: str
    programme: str
    queued_at: datetime
    due_at: datetime | None
    session_id: str | None = None
    status: Status = Status.QUEUED
    attempts: int = 0
    language: str | None = None
    reason: str | None = None
    version: int = 0

    def start(self, now: datetime) -> "Mail":
        """Somebody sends it now; the attempt is counted beforehand, so that a mail which kills the process is counted too."""
        return self._step(status=Status.SENDING, attempts=self.attempts + 1, due_at=now + LEASE)

    def hold(self, missing: str, until: datetime) -> "Mail":
        """It waits for what is missing."""
        return self._step(status=Status.HELD, due_at=until, reason=missing)

    def give_back(self, now: datetime) -> "Mail":
        """It was taken but not tried, for instance because the mail server is away: nobody's attempt."""
        return self._step(status=Status.QUEUED, attempts=self.attempts - 1, due_at=now)

    def sent(self) -> "Mail":
        """The mail server took it."""
        return self._step(status=Status.SENT, due_at=None, reason=None)

    def put_off(self, reason: str, now: datetime) -> "Mail":
        """A passing fault: it is tried again later, or fails when the attempts are used up."""
        if self.attempts >= MAX_ATTEMPTS:
            return self.fail(reason)
        return self._step(status=Status.QUEUED, due_at=now + delay(self), reason=reason)

    def fail(self, reason: str) -> "Mail":
        """It cannot be sent; an operator may try again."""
        return self._step(status=Status.FAILED, due_at=None, reason=reason)

    def suppress(self, reason: str) -> "Mail":
        """It must not, or need not, be sent."""
        return self._step(status=Status.SUPPRESSED, due_at=None, reason=reason)

    def retry(self, now: datetime) -> "Mail":
        """An operator asks for it again: its attempts begin anew; the reason of the failure stays until it has an end again."""
        return self._step(status=Status.QUEUED, attempts=0, due_at=now)

    def _step(self, **changes: Any) -> "Mail":
        return replace(self, version=self.version + 1, **changes)


def delay(mail: Mail) -> timedelta:
    """How long after its latest attempt a mail waits: three times longer each time, at most 6 h, spread by a fifth either way.

    The spread comes from the mail's own id, so that a thousand mails put off together do not come back together.
    """
    grown: timedelta = min(FIRST_DELAY * 3 ** (mail.attempts - 1), LONGEST_DELAY)
    return grown * (0.8 + 0.4 * _spread(f"{mail.mail_id}/{mail.attempts}"))


def _spread(seed: str) -> float:
    return int.from_bytes(sha256(seed.encode()).digest()[:4]) / 2**32
