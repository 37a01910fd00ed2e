"""Sending what is due: take mails from the ledger, hand them over, note how it went.

A mail is taken in one transaction (`sending`, with a lease), handed over outside any, and noted in another. A process
that dies between the server's yes and the note leaves the mail to be taken up after its lease, and sent again: at least
once. The second copy has the same Message-ID, made of the idempotency key, so that the receiver can drop it.
While the server is away nothing is anybody's attempt: what was taken goes back, and this process pauses.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.chassis.crashpoints import crash_point
from services.chassis.service import Context
from services.notifications import handlers
from services.notifications.channels import Away, Passing, Permanent
from services.notifications.domain.dispatch import Due
from services.notifications.domain.mail import Mail
from services.notifications.resources import Resources
from services.notifications.writing import NoAddress, NotWanted, write

log = structlog.get_logger(__name__)

MARGIN = timedelta(minutes=4)
"""A letter is not begun when less than this is left of its lease: the longest that a slow server may take for one."""


def remind(context: Context) -> None:
    """Queue the reminders whose moment has come; the timer `remind`."""
    with context.work() as work:
        handlers.remind(work)


def send_due(context: Context) -> None:
    """Send one batch of what is due; the timer `send`."""
    if context.resources.pause.lasts(context.clock()):
        return
    with context.work() as work:
        batch = handlers.take_due(work)
    if batch:
        _send(batch, context)


def _send(batch: list[Due], context: Context) -> None:
    """Hand over one after the other; what was not tried, for whatever reason, goes back."""
    resources: Resources = context.resources
    try:
        while batch and _in_time(batch[0].mail, context.clock()):
            after = _hand_over(batch[0], resources, context.clock())
            del batch[0]  # from here on it is never given back: it may have been sent
            _note(after, context)
        resources.pause.end()
    except Away as away:
        resources.pause.longer(context.clock())
        log.warning("mail.server_away", reason=away.slug)
    finally:
        resources.channel.close()
        if batch:
            _give_back(batch, context)


def _in_time(mail: Mail, now: datetime) -> bool:
    return mail.due_at is not None and now < mail.due_at - MARGIN


def _give_back(batch: list[Due], context: Context) -> None:
    with context.work() as work:
        handlers.give_back(batch, work)


def _note(after: Mail, context: Context) -> None:
    crash_point("mail-handed-over")
    with context.work() as work:
        handlers.settle([after], work)


def _hand_over(due: Due, resources: Resources, now: datetime) -> Mail:
    """The mail as it is after the attempt; raises `Away`."""
    mail = due.mail
    try:
        letter = write(due, resources, now)
        mail = replace(mail, language=letter.language)
        resources.channel.send(letter)
    except NoAddress:
        return mail.suppress("no-address")
    except NotWanted:
        return mail.suppress("not-wanted")
    except Passing as fault:
        return mail.put_off(fault.slug, now)
    except Permanent as fault:
        return mail.fail(fault.slug)
    except Away:
        raise
    except Exception as error:  # noqa: BLE001 - one mail's surprise must not stop the others
        # Its type alone: the text may quote a name or an address.
        log.warning("mail.surprise", mail_id=mail.mail_id, error=type(error).__name__)
        return mail.put_off("internal-error", now)
    return mail.sent()
