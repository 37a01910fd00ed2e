"""What notifications does, in the order of the story: keep cards, follow activities and sign-ups, remind, send, tell.

A mail is told of in facts with ids and states only: no address, no text. A re-emitted present state (`snapshot`)
brings our copies up to date and never causes a mail.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Conflict
from services.chassis.ids import new_id
from services.notifications.domain.dispatch import Due, step
from services.notifications.domain.mail import ENDS, Kind, Mail, Status
from services.notifications.domain.reminder import CLOCK_CHANGE, is_due, reminder
from services.notifications.domain.signup import called_for, change
from services.notifications.messages import (
    ActivityFact,
    ConsentFact,
    ContactSealed,
    FamilyFact,
    OwnConsentFact,
    PersonFact,
    ProgrammeFact,
    SignupFact,
)
from services.notifications.texts import reason

if TYPE_CHECKING:
    from services.notifications.storage import Work

CONTACT = "contact"
"""The purpose of the consent whose withdrawal means: do not write to me."""
BATCH = 20
"""Mails taken at once: few enough to be sent within the lease, even by a slow server."""


def keep_cards(messages: Sequence[Received[ContactSealed]], work: "Work") -> None:
    """Keep contact cards, sealed as they came; mails that were held for them can go."""
    work.cards.keep(messages, work.now)
    work.wake("send")


def mind_consents(messages: Sequence[Received[ConsentFact | OwnConsentFact]], work: "Work") -> None:
    """Follow who agrees to be written to; a mail to somebody who has taken that back is not sent."""
    work.cards.mind([message for message in messages if message.data.purpose == CONTACT])
    work.wake("send")


def follow_merges(messages: Sequence[Received[PersonFact]], work: "Work") -> None:
    """Follow which ids mean the same person: he is reached by the card of the one that is kept."""
    work.aliases.learn({message.data.person_id: message.data.into_id for message in messages})
    work.wake("send")


def name_programmes(messages: Sequence[Received[ProgrammeFact]], work: "Work") -> None:
    """Follow what programmes are called: letters are signed with it."""
    work.activities.name(messages)


def keep_families(messages: Sequence[Received[FamilyFact]], work: "Work") -> None:
    """Follow who may be told of which child, and when."""
    work.signups.permit(messages)


def keep_activities(messages: Sequence[Received[ActivityFact]], work: "Work") -> None:
    """Follow what activities are called, when they meet and whether they take place; who is signed up is told of a change of sessions.

    A sign-up that we hear of later is told of the sessions as they are then.
    """
    work.activities.keep(messages)
    news = {message.data.activity_id: message for message in messages if message.data.session_changes and not message.snapshot}
    told = [(coming, news[coming.activity_id]) for coming in (work.signups.coming(news) if news else ())]
    mails = [change(new_id(), coming, message.id, work.now) for coming, message in told]
    work.mails.queue(mails, {mail.key: message for mail, (_, message) in zip(mails, told, strict=True)})
    work.wake("send")


def follow_signups(messages: Sequence[Received[SignupFact]], work: "Work") -> None:
    """Follow where sign-ups stand, and queue the mail that each change calls for: one for one fact, however often it comes."""
    work.signups.follow(messages)
    news = {_key(message): message for message in messages if not message.snapshot}
    work.mails.queue([mail for message in news.values() if (mail := _mail(message, work))], news)
    work.wake("send")


def remind(work: "Work") -> None:
    """Queue the reminders whose moment has come."""
    lead: timedelta = work.resources.lead
    seats = work.signups.seats_ahead(work.now, work.now + lead + CLOCK_CHANGE)
    work.mails.queue([reminder(new_id(), seat, work.now) for seat in seats if is_due(seat, work.now, lead)])
    work.wake("send")


def take_due(work: "Work") -> list[Due]:
    """Take the mails that are to be sent now; those that must wait, or must not be sent, take that step.

    What is returned is this process's alone until its lease runs out (`mail.due_at`).
    """
    work.mails.release(work.now)
    due = work.mails.due(work.now, BATCH)
    after = [replace(item, mail=step(item, work.now, work.resources.patience)) for item in due]
    stored = settle([item.mail for item in after], work)
    if len(due) == BATCH:
        work.wake("send")
    return [item for item in after if item.mail.status is Status.SENDING and item.mail.mail_id in stored]


def settle(mails: Sequence[Mail], work: "Work") -> Collection[str]:
    """Store each mail's step, and tell of those that have come to an end; returns the ids of those that were stored."""
    stored = work.mails.save(mails)
    work.survey_links.forget([mail.mail_id for mail in mails if mail.kind is Kind.FEEDBACK and mail.status in ENDS])
    for mail in mails:
        if mail.status in ENDS and mail.mail_id in stored:
            work.emit(_type(mail.status), subject=mail.mail_id, data=_state(mail), cause=stored[mail.mail_id], programme=mail.programme)
    return stored.keys()


def give_back(items: Sequence[Due], work: "Work") -> None:
    """Return mails that were taken and not tried."""
    work.mails.save([item.mail.give_back(work.now) for item in items])


def retry(mail_id: str, work: "Work") -> Mail:
    """Queue a failed mail again; raises `NotFound`, or `Conflict` when it has not failed."""
    mail = work.mails.get(mail_id)
    again = mail.retry(work.now)
    if mail.status is not Status.FAILED or not work.mails.save([again]):
        raise Conflict(reasons=[reason("mail-not-failed", "status", status=mail.status)])
    work.wake("send")
    return again


def refresh(work: "Work") -> None:
    """Tell again where every mail stands that was told of."""
    for mail, told in work.mails.told():
        work.snapshot(_type(told), subject=mail.mail_id, data=_state(mail), programme=mail.programme)


def _key(message: Received[SignupFact]) -> str:
    return f"fact/{message.id}"


def _mail(message: Received[SignupFact], work: "Work") -> Mail | None:
    fact, change = message.data, message.type.split(".")[2]
    kind = called_for(change, fact.reason)
    if kind is None:
        return None
    return Mail(
        mail_id=new_id(),
        key=_key(message),
        kind=kind,
        person_id=fact.contact_id,
        activity_id=fact.activity_id,
        signup_id=fact.signup_id,
        programme=fact.programme,
        queued_at=work.now,
        due_at=work.now,
    )


def _type(status: str) -> str:
    return f"notifications.mail.{status}.v1"


def _state(mail: Mail) -> dict[str, Any]:
    """What a fact says of a mail. The language is Danish until the person's own is known, when the letter is written."""
    return {
        "mail_id": mail.mail_id,
        "kind": mail.kind,
        "channel": "email",
        "language": mail.language or "da",
        "person_id": mail.person_id,
        "activity_id": mail.activity_id,
        "signup_id": mail.signup_id,
        "attempts": mail.attempts,
        "reason": mail.reason,
    }
