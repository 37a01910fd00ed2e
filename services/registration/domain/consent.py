"""A guardian's consent (samtykke) for a child: to what, given to which words, how and when; and its withdrawal.

Which words those were is kept too: the programme's consent texts, by version and language, never change.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.registration.domain.request import ConsentDetails


class ConsentStatus(StrEnum):
    """Whether it holds."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class Consent:
    """One consent as it was given; every giving is a record of its own. Times are aware."""

    consent_id: str
    child_id: str
    guardian_id: str
    programme: str
    purpose: str
    text_version: str
    language: str
    channel: str
    given_at: datetime
    status: ConsentStatus = ConsentStatus.GIVEN
    withdrawn_at: datetime | None = None

    def withdraw(self, at: datetime) -> bool:
        """Take it back; whether that changed anything."""
        if self.status is ConsentStatus.WITHDRAWN:
            return False
        self.status, self.withdrawn_at = ConsentStatus.WITHDRAWN, at
        return True


def given(consent_id: str, details: ConsentDetails, *, child_id: str, guardian_id: str, programme: str) -> Consent:
    """The consent that came with a request."""
    return Consent(
        consent_id=consent_id,
        child_id=child_id,
        guardian_id=guardian_id,
        programme=programme,
        purpose=details.purpose,
        text_version=details.text_version,
        language=details.language,
        channel=details.channel,
        given_at=details.given_at,
    )
