"""What a national register says of somebody or something, and where that differs from what we were told.

A difference is for a person to look at. Nothing that we were told is ever overwritten by a register: it may be the
register that is behind, and a family may go by another name than the one in it. One thing is taken at its word: that
somebody is protected. That he is not is never taken from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.naming import folded
from services.registration.domain.protection import PersonKind, ProtectionRequest
from services.registration.domain.validity import Validity


class About(StrEnum):
    """What a difference is about."""

    GUARDIAN = "guardian"
    INSTITUTION = "institution"


class Decision(StrEnum):
    """What a person has found to be right."""

    TOLD = "told"
    REGISTERED = "registered"


@dataclass(frozen=True, slots=True, repr=False)
class RegisteredPerson:
    """A person in the person register (CPR). Middle names are counted to the given names. None: the register does not say.

    `protected` is from when to when he has name and address protection, if he has.
    """

    given_name: str | None
    family_name: str | None
    protected: Validity | None = None

    @property
    def name(self) -> str:
        """All of it, one way to write it."""
        return folded(f"{self.given_name or ''} {self.family_name or ''}")

    def protection(self, guardian_id: str, today: date) -> ProtectionRequest | None:
        """What protects this guardian from today on, as long as the register does (a year, where it does not say); None if it does not."""
        if self.protected is None or today not in self.protected:
            return None
        until = self.protected.end + timedelta(days=1) if self.protected.end else None
        return ProtectionRequest(PersonKind.GUARDIAN, guardian_id, today, until)


@dataclass(frozen=True, slots=True)
class RegisteredUnit:
    """A unit in the institution register (Dagtilbudsregisteret): its six characters, what it is called, and what it is by its codes."""

    number: str
    name: str
    register_type: str | None = None
    p_number: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """One field that the register knows otherwise; None where one of the two knows nothing."""

    about: About
    subject_id: str
    field: str
    told: str | None
    registered: str | None


def differences_of_guardian(
    guardian_id: str, number: CprNumber, told: RegisteredPerson, registered: RegisteredPerson | None
) -> Iterator[Difference]:
    """Where the register knows somebody by another name, or not the number. Another spelling is the same name, and so is another order."""
    if registered is None:
        yield Difference(About.GUARDIAN, guardian_id, "cpr_number", number.masked, None)
        return
    if told.name == registered.name:
        return
    for field in ("given_name", "family_name"):
        ours, theirs = getattr(told, field), getattr(registered, field)
        if theirs and folded(ours) != folded(theirs):
            yield Difference(About.GUARDIAN, guardian_id, field, ours, theirs)


def differences_of_institution(institution_id: str, told: RegisteredUnit, registered: RegisteredUnit | None) -> Iterator[Difference]:
    """Where the register knows a unit otherwise, or has no such unit (any more). What one of the two does not say is no difference."""
    if registered is None:
        yield Difference(About.INSTITUTION, institution_id, "number", told.number, None)
        return
    for field in ("name", "register_type", "p_number"):
        ours, theirs = getattr(told, field), getattr(registered, field)
        if ours and theirs and _plain(field, ours) != _plain(field, theirs):
            yield Difference(About.INSTITUTION, institution_id, field, ours, theirs)


def _plain(field: str, value: str) -> str:
    return folded(value) if field == "name" else value
