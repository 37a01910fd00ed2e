"""Where a sign-up stands, and which mail a change of it calls for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notifications.domain.mail import Kind, Mail


class Standing(StrEnum):
    """What a sign-up can be."""

    SEATED = "seated"
    OFFERED = "offered"
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
    """A party's sign-up to an activity (tilmelding). `position` is the place in the waiting list, from 1;
    `answer_by` until when an offer of seats can be answered at least, `draws_at` when lots are drawn for them,
    `answer_hours` how long one has to answer where freed seats are offered; None where they are given at once.
    """

    signup_id: str
    standing: Standing
    seats: int
    position: int | None = None
    answer_by: datetime | None = None
    draws_at: datetime | None = None
    answer_hours: int | None = None


_CALLED_FOR = {
    "seated": Kind.CONFIRMATION,
    "waitlisted": Kind.WAITING,
    "promoted": Kind.PROMOTION,
    "offered": Kind.OFFER,
    "declined": Kind.CANCELLATION,
    "expired": Kind.OFFER_EXPIRED,
    "cancelled": Kind.CANCELLATION,
}

_ENDS_OTHERWISE: Mapping[str | None, Kind | None] = {"called-off": Kind.CALLED_OFF, "transferred": None}

_TRUE_WHILE = {
    Kind.CONFIRMATION: {Standing.SEATED},
    Kind.PROMOTION: {Standing.SEATED},
    Kind.REMINDER: {Standing.SEATED},
    Kind.FEEDBACK: {Standing.SEATED},
    Kind.OFFER: {Standing.OFFERED},
    Kind.OFFER_EXPIRED: {Standing.WAITING, Standing.CANCELLED},
    Kind.WAITING: {Standing.WAITING},
    Kind.CANCELLATION: {Standing.CANCELLED},
    Kind.CALLED_OFF: {Standing.CANCELLED},
    Kind.CHANGE: {Standing.SEATED, Standing.OFFERED, Standing.WAITING},
}


def called_for(change: str, reason: str | None) -> Kind | None:
    """The mail that a change (`seated`, `waitlisted`, `promoted`, `offered`, `declined`, `expired`, `cancelled`) calls for, if any.

    A sign-up that ends because the organiser called the activity off (aflysning) is told so; every other end is a
    cancellation (afbud). Of one that was transferred nothing is said: what it was transferred to is told of itself.
    """
    if change == "cancelled" and reason in _ENDS_OTHERWISE:
        return _ENDS_OTHERWISE[reason]
    return _CALLED_FOR[change]


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
