"""What was decided about a sign-up, and what the decision went by: the record from which anybody is told why he is where he is.

It is written in the transaction that decides and never changed afterwards. It holds codes and numbers, no people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.events.domain.signup import SignupStatus


class What(StrEnum):
    """What can be decided. Each has a Danish and an English text in `explanations.toml`."""

    SEATED = "seated"
    WAITS = "waits"
    PASSED_OVER = "passed-over"
    PROMOTED = "promoted"
    OFFERED = "offered"
    RE_OFFERED = "re-offered"
    TOLD = "told"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    QUEUED_AGAIN = "queued-again"
    DRAWN = "drawn"
    CANCELLED = "cancelled"


LEADS_TO: Mapping[What, SignupStatus] = {
    What.SEATED: SignupStatus.SEATED,
    What.PROMOTED: SignupStatus.SEATED,
    What.WAITS: SignupStatus.WAITING,
    What.PASSED_OVER: SignupStatus.WAITING,
    What.OFFERED: SignupStatus.OFFERED,
    What.RE_OFFERED: SignupStatus.OFFERED,
    What.TOLD: SignupStatus.OFFERED,
    What.UNDELIVERABLE: SignupStatus.OFFERED,
    What.ACCEPTED: SignupStatus.SEATED,
    What.DECLINED: SignupStatus.CANCELLED,
    What.EXPIRED: SignupStatus.CANCELLED,
    What.QUEUED_AGAIN: SignupStatus.WAITING,
    What.DRAWN: SignupStatus.WAITING,
    What.CANCELLED: SignupStatus.CANCELLED,
}
"""Where each leaves the sign-up: the last decision agrees with how it stands."""

OF_STATUS: Mapping[SignupStatus, What] = {
    SignupStatus.SEATED: What.SEATED,
    SignupStatus.OFFERED: What.OFFERED,
    SignupStatus.WAITING: What.WAITS,
    SignupStatus.CANCELLED: What.CANCELLED,
}
"""The decision that a change to this status is, where nothing else is said."""


@dataclass(frozen=True)
class Decision:
    """One decision; `values` are the numbers and codes it went by."""

    signup_id: str
    activity_id: str
    what: What
    at: datetime
    values: Mapping[str, object] = field(default_factory=dict)
