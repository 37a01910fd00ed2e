"""What happens to a mail that is due: it is sent, it waits, or it is not sent at all, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.domain.activity import Activity
from services.notifications.domain.mail import MAX_ATTEMPTS, Kind, Mail
from services.notifications.domain.permission import Permission, may_be_told
from services.notifications.domain.programme import Contact
from services.notifications.domain.reminder import COPENHAGEN
from services.notifications.domain.signup import Signup, still_true


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that is due, with what it needs as far as it has come.

    `card` is the sealed contact card; `signature` is the programme's name, empty while we do not know it, and `contact` its office.
    `families` is what is known of the families of the children who come, as far as anything is.
    `card_of` is whose it is where he was merged into another, who is written to in his place.
    `unwilling` says that the person has withdrawn his consent to be written to. `survey_link` is the sealed link of a letter that asks
    how it was, while it holds.
    """

    mail: Mail
    signup: Signup
    activity: Activity | None
    card: str | None
    signature: str = ""
    contact: Contact | None = None
    families: Sequence[Sequence[Permission]] = ()
    unwilling: bool = False
    card_of: str = ""
    survey_link: str | None = None

    @property
    def addressee(self) -> str:
        """Whose card it is."""
        return self.card_of or self.mail.person_id

    @property
    def missing(self) -> str | None:
        """What has not come yet."""
        if self.card is None:
            return "no-address"
        return "no-activity" if self.activity is None else None

    def complete(self) -> tuple[Activity, str]:
        """The activity and the sealed card; only for a mail that nothing is missing for."""
        if self.activity is None or self.card is None:
            raise LookupError(self.missing)
        return self.activity, self.card


def step(due: Due, now: datetime, patience: timedelta) -> Mail:
    """The mail's next step. A mail waits `patience` from when it was queued for what is missing.

    A guardian who may not be told of a child gets no mail about it. What is no longer true is never sent: a sign-up that was
    cancelled before its confirmation went out gets the cancellation alone, and the confirmation is suppressed as `overtaken`.
    Who has taken back that he may be written to gets nothing.
    """
    mail = due.mail
    if not may_be_told(due.addressee, due.families, now.astimezone(COPENHAGEN).date()):
        return mail.suppress("not-permitted")
    if not still_true(mail.kind, due.signup):
        return mail.suppress("overtaken")
    if due.unwilling:
        return mail.suppress("consent-withdrawn")
    if due.missing:
        return _wait(mail, due.missing, now, patience)
    if reason := _pointless(due, now):
        return mail.suppress(reason)
    return mail.fail("attempts-used-up") if mail.attempts >= MAX_ATTEMPTS else mail.start(now)


def _wait(mail: Mail, missing: str, now: datetime, patience: timedelta) -> Mail:
    until = mail.queued_at + patience
    return mail.hold(missing, until) if now < until else mail.suppress(missing)


def _pointless(due: Due, now: datetime) -> str | None:
    """Nobody is told about what is over, nor reminded of what was called off or has begun, nor asked by a link that holds no more."""
    if due.mail.kind is Kind.FEEDBACK:
        return None if due.survey_link else "too-late"
    if due.activity is None or due.activity.is_over(now):
        return "too-late"
    return _reminds_of_nothing(due, now) if due.mail.kind is Kind.REMINDER else None


def _reminds_of_nothing(due: Due, now: datetime) -> str | None:
    session = due.activity.session(due.mail.session_id) if due.activity and due.activity.is_open else None
    if session is None:
        return "overtaken"
    return "too-late" if session.starts_at <= now else None
