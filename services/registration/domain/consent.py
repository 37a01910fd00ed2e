"""A consent (samtykke): to what, given to which words, by whom, for whom, how and when; and its withdrawal.

A guardian gives it for a child, or an adult (guardian or professional) for himself. Which words it was given to is kept
too: the programme's consent texts, by version and language, never change. Every giving is a record of its own, and
nothing but its withdrawal is ever added to it. What all of them together come to, for a child and a purpose, is derived:

    asked ──▶ partly given ──▶ in force ──▶ withdrawn ──▶ (given anew)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.registration.domain.programme import Giver
from services.registration.domain.request import ConsentDetails


class ConsentStatus(StrEnum):
    """Whether it holds."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Subject(StrEnum):
    """Whom a consent is about."""

    CHILD = "child"
    GUARDIAN = "guardian"
    PROFESSIONAL = "professional"


class Standing(StrEnum):
    """What a child's consents to one purpose come to."""

    ASKED = "asked"
    PARTLY_GIVEN = "partly-given"
    IN_FORCE = "in-force"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Holder:
    """A guardian of a child: whether he has custody of it, and whether it lives with him."""

    guardian_id: str
    custody: bool
    residence: bool = False


@dataclass(slots=True, kw_only=True)
class Consent:
    """One consent as it was given. Times are aware. A professional's is about himself; a guardian's too where no child is named."""

    consent_id: str
    programme: str
    purpose: str
    text_version: str
    language: str
    channel: str
    given_at: datetime
    child_id: str | None = None
    guardian_id: str | None = None
    professional_id: str | None = None
    status: ConsentStatus = ConsentStatus.GIVEN
    withdrawn_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        """Whom it is about."""
        if self.child_id:
            return Subject.CHILD
        return Subject.GUARDIAN if self.guardian_id else Subject.PROFESSIONAL

    @property
    def giver_id(self) -> str:
        """Who gave it."""
        return self.guardian_id or self.professional_id or ""

    @property
    def said_at(self) -> datetime:
        """When its giver last said something about it."""
        return self.withdrawn_at or self.given_at

    def withdraw(self, at: datetime) -> bool:
        """Take it back; whether that changed anything: of two withdrawals the one that was said first counts.

        Nobody can take back what he has not given yet: `at` is never before it.
        """
        at = max(at, self.given_at)
        if self.withdrawn_at and self.withdrawn_at <= at:
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


def last_words(consents: Iterable[Consent]) -> dict[str, ConsentStatus]:
    """Each giver's last word, by his id; of two said at the same time the withdrawal counts."""
    spoken = sorted(consents, key=lambda consent: (consent.said_at, consent.status is ConsentStatus.WITHDRAWN))
    return {consent.giver_id: consent.status for consent in spoken}


def standing(given_by: Giver, holders: Sequence[Holder], consents: Iterable[Consent]) -> Standing:
    """What these consents, all for one child and one purpose, come to for those who have custody now.

    One holder's withdrawal stands against the others' consent, until he gives it anew. What somebody said who has no
    custody (any more) counts neither way.
    """
    words = last_words(consents)
    spoken = {holder.guardian_id: words[holder.guardian_id] for holder in holders if holder.custody and holder.guardian_id in words}
    if ConsentStatus.WITHDRAWN in spoken.values():
        return Standing.WITHDRAWN
    if not spoken:
        return Standing.ASKED
    return Standing.IN_FORCE if _suffices(given_by, holders, spoken.keys()) else Standing.PARTLY_GIVEN


def _suffices(given_by: Giver, holders: Sequence[Holder], agreed: Iterable[str]) -> bool:
    """Whether those who agreed are those whom it takes. While nobody knows with whom a child lives, it takes every holder."""
    custody = [holder for holder in holders if holder.custody]
    missing = {holder.guardian_id for holder in custody} - set(agreed)
    residents = {holder.guardian_id for holder in custody if holder.residence}
    match given_by:
        case Giver.ONE_HOLDER:
            return True
        case Giver.RESIDENCE_PARENT if residents:
            return not residents <= missing
        case _:
            return not missing
