"""Links to surveys: each becomes a letter to whoever came, and is forgotten when that has left, or when it holds no more.

A link is kept sealed, as it came. Which letter it is for stands in the letter's key, `survey/<link>`; nothing else is kept of it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.chassis.ids import new_id
from services.notifications.domain.mail import Kind, Mail
from services.notifications.messages import SurveyLinkSealed

if TYPE_CHECKING:
    from services.notifications.storage import Work


def invite(messages: Sequence[Received[SurveyLinkSealed]], work: "Work") -> None:
    """Queue a letter for each link, once. A state that is told again is no news; of a sign-up that we never heard of nobody is asked."""
    known = work.survey_links.signed_up({message.data.signup_id for message in messages})
    wanted = [message for message in messages if message.data.signup_id in known and not message.snapshot]
    news = {key(message.data.link_id): message for message in wanted}
    work.survey_links.keep([message.data for message in news.values()], work.now)
    work.mails.queue([_mail(message, work) for message in news.values()], news)
    work.wake("send")


def key(link_id: str) -> str:
    """The idempotency key of the letter with that link."""
    return f"survey/{link_id}"


def _mail(message: Received[SurveyLinkSealed], work: "Work") -> Mail:
    return Mail(
        mail_id=new_id(),
        key=key(message.data.link_id),
        kind=Kind.FEEDBACK,
        person_id=message.data.person_id,
        activity_id=message.data.activity_id,
        signup_id=message.data.signup_id,
        programme=message.programme or "",
        queued_at=work.now,
        due_at=work.now,
    )
