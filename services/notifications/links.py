"""Sign-up links and codes: kept sealed, written and handed over one at a time, forgotten.

Each is taken in one transaction (with a lease), opened and handed over outside any, and noted in another; so it is sent at
least once, and a copy has the same message id. While a server or gateway is away nothing is anybody's attempt: what was
taken goes back, and this process leaves that channel alone for a while. Neither address nor link is logged or told of.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import structlog

from services.chassis.crashpoints import crash_point
from services.chassis.envelope import Received
from services.chassis.errors import Invalid
from services.chassis.keys import open_sealed
from services.chassis.service import Context
from services.notifications.channels import Away, Letter, Passing, Permanent
from services.notifications.domain.link import LinkLetter
from services.notifications.domain.mail import Status
from services.notifications.domain.programme import Contact
from services.notifications.letters import LinkMatter, Written
from services.notifications.messages import LinkContent, SignUpLinkSealed
from services.notifications.resources import Resources
from services.notifications.writing import message_id

if TYPE_CHECKING:
    from services.notifications.storage import Work

AT_ONCE = 20
"""How many are sent before the timer looks at something else."""

log = structlog.get_logger(__name__)


def keep(messages: Sequence[Received[SignUpLinkSealed]], work: "Work") -> None:
    """Keep links and codes, sealed as they came, and send them at once. A state that is told again is no news."""
    work.links.keep([message for message in messages if not message.snapshot], work.now)
    work.wake("send-links")


def send_due(context: Context) -> None:
    """Send what is due; the timer `send-links`."""
    for _ in range(AT_ONCE):
        if not _send_next(context):
            return


def _send_next(context: Context) -> bool:
    """Take one step with one letter; whether there was any."""
    resources: Resources = context.resources
    with context.work() as work:
        letter = work.links.next_due(resources.open_routes(context.clock()), work.now)
        if letter is None:
            return False
        taken = letter.taken(work.now)
        office = work.links.office(letter.programme)
        work.links.save(taken)
    if taken.status is Status.SENDING:
        _note(_after(taken, office, resources, context), context)
    return True


def _note(after: LinkLetter, context: Context) -> None:
    crash_point("link-handed-over")
    with context.work() as work:
        work.links.save(after)


def _after(letter: LinkLetter, office: tuple[str, Contact | None], resources: Resources, context: Context) -> LinkLetter:
    """The letter as it is after the attempt."""
    now, route = context.clock(), resources.routes[letter.channel]
    try:
        if route.channel is None:
            return letter.suppress("no-way-to-send")
        route.channel.send(write(letter, office, resources, now))
        route.pause.end()
        return letter.sent()
    except Passing as fault:
        return letter.put_off(fault.slug, now)
    except Permanent as fault:
        return letter.fail(fault.slug)
    except Away as away:
        route.pause.longer(now)
        log.warning("link.channel_away", channel=letter.channel, reason=away.slug)
        return letter.give_back(now)
    except Exception as error:  # noqa: BLE001 - one letter's surprise must not stop the others
        # Its type alone: the text may quote an address.
        log.warning("link.surprise", link_id=letter.link_id, error=type(error).__name__)
        return letter.put_off("internal-error", now)
    finally:
        if route.channel:
            route.channel.close()


def write(letter: LinkLetter, office: tuple[str, Contact | None], resources: Resources, now: datetime) -> Letter:
    """The letter, in the language that was asked for. Raises `Permanent` when it cannot be opened."""
    content, (signature, contact) = _opened(letter, resources.private_key), office
    written = _written(letter, content, LinkMatter(content.link, letter.expires_at, signature, contact), resources)
    return Letter(
        message_id=message_id(f"link/{letter.link_id}", resources.sender),
        sender_name=signature,
        sender=resources.sender,
        name="",
        address=content.address,
        language=written.language,
        date=now,
        subject=written.subject,
        text=written.text,
        html=written.html,
        reply_to=contact.email if contact else "",
    )


def _written(letter: LinkLetter, content: LinkContent, matter: LinkMatter, resources: Resources) -> Written:
    if content.code:
        return resources.letters.write_code(letter.language, content.code, letter.expires_at)
    return resources.letters.write_link(letter.language, matter)


def _opened(letter: LinkLetter, private_key: str) -> LinkContent:
    try:
        return msgspec.json.decode(open_sealed(private_key, letter.sealed or "", letter.link_id.encode()), type=LinkContent)
    except (Invalid, msgspec.MsgspecError):
        # `from None`: what could not be read is personal.
        raise Permanent("unreadable-link", en="The sign-up link cannot be opened or read.") from None
