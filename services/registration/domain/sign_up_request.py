"""What an applicant asks for: kept as he sent it, and taken only where it meets nobody who is registered.

    received ─┬─▶ taken      everybody in it was new
              └─▶ waiting ─┬─▶ taken      a person found it right
                           └─▶ declined
    rejected                 it breaks a rule that needs no look at anybody who is registered

A proven address is no proven person. So nothing that an applicant says may change what is registered, or tell him what
is: whatever became of his request, he reads *received*, or *rejected* with reasons that he could have known beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.registration.domain.enrolment import Enrolment, Status


class Standing(StrEnum):
    """Where a request stands, as those see it who may."""

    RECEIVED = "received"
    REJECTED = "rejected"
    WAITING = "waiting"
    TAKEN = "taken"
    DECLINED = "declined"


class Why(StrEnum):
    """Why a request waits for a person."""

    SOMEBODY_KNOWN = "somebody-known"
    RULES = "rules"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, repr=False)
class SignUpRequest:
    """One request. `data` is what was asked for, as long as somebody may still need it; `hash` tells another content.

    `programme` and `institution` are codes that exist, or None. Times are aware.
    """

    sign_up_request_id: str
    session_id: str
    request_id: str
    hash: str
    status: Standing
    data: Mapping[str, Any] | None
    received_at: datetime
    programme: str | None = None
    institution: str | None = None
    why: Sequence[str] = ()
    reasons: Sequence[Mapping[str, Any]] = ()

    @property
    def shown(self) -> Standing:
        """Where it stands as the applicant sees it."""
        return Standing.REJECTED if self.status is Standing.REJECTED else Standing.RECEIVED

    def rejected(self, reasons: Sequence[Mapping[str, Any]]) -> "SignUpRequest":
        """It breaks a rule; what was asked for is not kept."""
        return replace(self, status=Standing.REJECTED, reasons=reasons, data=None)

    def waits(self, why: Why) -> "SignUpRequest":
        """A person must look at it."""
        return replace(self, status=Standing.WAITING, why=(why.value,))

    def answered(self, enrolment: Enrolment) -> "SignUpRequest":
        """The enrolment that it led to; one that the rules reject is put before a person, who may tell the family why."""
        return self.waits(Why.RULES) if enrolment.status is Status.REJECTED else replace(self, status=Standing.TAKEN, data=None)

    def declined(self) -> "SignUpRequest":
        """Nothing comes of it."""
        return replace(self, status=Standing.DECLINED, data=None)
