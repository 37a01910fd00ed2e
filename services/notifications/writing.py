"""From a mail that is due to a letter: the contact card is opened here, and nowhere else."""

from datetime import datetime
from hashlib import sha256

import msgspec

from services.chassis.errors import Invalid
from services.chassis.keys import open_sealed
from services.notifications.channels import Letter, Permanent
from services.notifications.domain.dispatch import Due
from services.notifications.letters import Matter
from services.notifications.messages import Card, SurveyLink
from services.notifications.resources import Resources


class NoAddress(Exception):
    """The person has no e-mail address."""


class NotWanted(Exception):
    """The person wants to be reached, but not by e-mail."""


def write(due: Due, resources: Resources, now: datetime) -> Letter:
    """The letter, in the person's language. Raises `NoAddress`, `NotWanted`, or `Permanent` when the card cannot be opened."""
    mail = due.mail
    activity, sealed = due.complete()
    card = _opened(sealed, due.addressee, resources.private_key)
    if card.channels and "email" not in card.channels:
        raise NotWanted
    if not card.email:
        raise NoAddress
    link = _link(due, resources.private_key) if due.survey_link else ""
    matter = Matter(card.name, due.signature, activity, due.signup, now, mail.session_id, due.contact, link)
    written = resources.letters.write(mail.kind, card.language, matter)
    return Letter(
        message_id=message_id(mail.key, resources.sender),
        sender_name=due.signature,
        sender=resources.sender,
        name=card.name,
        address=card.email,
        date=now,
        language=written.language,
        subject=written.subject,
        text=written.text,
        html=written.html,
        reply_to=due.contact.email if due.contact else "",
    )


def message_id(key: str, sender: str) -> str:
    """The Message-ID (RFC 5322, 3.6.4) of every copy of a mail: the same for the same idempotency key."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def _link(due: Due, private_key: str) -> str:
    """The link to a survey; what it is sealed for stands in the mail's key (`surveys.py`)."""
    try:
        opened = open_sealed(private_key, due.survey_link or "", due.mail.key.rpartition("/")[2].encode())
        return msgspec.json.decode(opened, type=SurveyLink).link
    except (Invalid, msgspec.MsgspecError):
        raise Permanent("unreadable-link", en="The link to a survey cannot be opened or read.") from None


def _opened(sealed: str, person_id: str, private_key: str) -> Card:
    try:
        return msgspec.json.decode(open_sealed(private_key, sealed, person_id.encode()), type=Card)
    except (Invalid, msgspec.MsgspecError):
        # `from None`: what could not be read is personal.
        raise Permanent("unreadable-card", en="The contact card cannot be opened or read.") from None
