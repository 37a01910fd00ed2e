"""Mails, activities and letters with sensible defaults; a test names only what matters to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.ids import new_id
from services.notifications.channels import Letter
from services.notifications.domain.activity import Activity, Session
from services.notifications.domain.dispatch import Due
from services.notifications.domain.mail import Kind, Mail
from services.notifications.domain.signup import Signup, Standing

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""Where the tests' clock stands."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PATIENCE = timedelta(days=3)


def a_session(**changes: Any) -> Session:
    """A session in Birkegården a week from now, two hours long."""
    start = changes.get("starts_at", MONDAY + 7 * DAY)
    default = Session(new_id(), start, start + 2 * HOUR, "Birkegården, fællesrummet")
    return replace(default, **changes)


def an_activity(*sessions: Session, **changes: Any) -> Activity:
    """An open workshop with one session, if no others are given."""
    title = {"da": "Leg og sprog i hverdagen", "en": "Play and language every day"}
    return replace(Activity(new_id(), "open", title, sessions or (a_session(),)), **changes)


def a_signup(**changes: Any) -> Signup:
    """A party of three that has its seats."""
    return replace(Signup(new_id(), Standing.SEATED, seats=3), **changes)


def a_mail(**changes: Any) -> Mail:
    """A confirmation that was queued now."""
    default = Mail(
        mail_id=new_id(),
        key=f"fact/{new_id()}",
        kind=Kind.CONFIRMATION,
        person_id=new_id(),
        activity_id=new_id(),
        signup_id=new_id(),
        programme="sammen-om-boern",
        queued_at=MONDAY,
        due_at=MONDAY,
    )
    return replace(default, **changes)


def a_due(**changes: Any) -> Due:
    """A confirmation that can be sent."""
    return replace(Due(a_mail(), a_signup(), an_activity(), "sealed"), **changes)


def a_letter(**changes: Any) -> Letter:
    """A letter to Sara."""
    default = Letter(
        message_id=f"<{new_id()}@deltag.example>",
        sender_name="Sammen om Børn",
        sender="deltag@deltag.example",
        name="Sara Åkjær",
        address="sara@familie.example",
        language="da",
        date=MONDAY,
        subject="Du har plads: Leg og sprog",
        text="Kære Sara\n\nDu har plads på lørdag.\n",
        html="<!doctype html><html lang='da'><body><p>Kære Sara, du har plads på lørdag.</p></body></html>",
    )
    return replace(default, **changes)
