"""Where a sign-up stands, and which mail a change of it calls for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notifications.domain.mail import Kind, Mail


class Standing(StrEnum):
    """What a sign-up can be."""

    SEATED = "seated"
    WAITING = "waiting"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Coming:
    """Who is signed up to an activity, with seats or in the line."""

    signup_id: str
    contact_id: str
    activity_id: str
    programme: str


@dataclass(frozen=True, slots=True)
class Signup:
    """A party's sign-up to an activity (tilmelding). `position` is the place in the waiting list, from 1."""

    signup_id: str
    standing: Standing
    seats: int
    position: int | None = None


_CALLED_FOR = {
    "seated": Kind.CONFIRMATION,
    "waitlisted": Kind.WAITING,
    "promoted": Kind.PROMOTION,
    "cancelled": Kind.CANCELLATION,
}

_TRUE_WHILE = {
    Kind.CONFIRMATION: {Standing.SEATED},
    Kind.PROMOTION: {Standing.SEATED},
    Kind.REMINDER: {Standing.SEATED},
    Kind.WAITING: {Standing.WAITING},
    Kind.CANCELLATION: {Standing.CANCELLED},
    Kind.CALLED_OFF: {Standing.CANCELLED},
    Kind.CHANGE: {Standing.SEATED, Standing.WAITING},
}


def called_for(change: str, reason: str | None) -> Kind:
    """The mail that a change (`seated`, `waitlisted`, `promoted`, `cancelled`) calls for.

    A sign-up that ends because the organiser called the activity off (aflysning) is told so; every other end is a
    cancellation (afbud).
    """
    called_off = change == "cancelled" and reason == "called-off"
    return Kind.CALLED_OFF if called_off else _CALLED_FOR[change]


def still_true(kind: Kind, signup: Signup) -> bool:
    """Whether what a mail of this kind says still holds for the sign-up."""
    return signup.standing in _TRUE_WHILE[kind]


def change(mail_id: str, coming: Coming, fact_id: str, now: datetime) -> Mail:
    """The mail that tells of a change of sessions; its key makes it the only one for that fact and sign-up."""
    return Mail(
        mail_id=mail_id,
        key=f"change/{fact_id}/{coming.signup_id}",
        kind=Kind.CHANGE,
        person_id=coming.contact_id,
        activity_id=coming.activity_id,
        signup_id=coming.signup_id,
        programme=coming.programme,
        queued_at=now,
        due_at=now,
    )
