"""Sign-up links and codes: sent at once, at least once, and forgotten."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import Context
from services.chassis.testing import FakeClock, deliver, run_timer
from services.notifications.channels.sms import SmsChannel
from services.notifications.domain.link import LEASE, MAX_ATTEMPTS
from services.notifications.domain.programme import Contact
from services.notifications.letters import Letters, LinkMatter
from services.notifications.service import SERVICE
from tests.notifications.builders import MONDAY
from tests.notifications.channels.mail_server import MailServer
from tests.notifications.channels.sms_gateway import HANG_UP, SmsGateway
from tests.notifications.story import Story
from tests.reliability.fuzz.secrets import logged
from tests.settings import settings_for

SARA = "sara@familie.example"
LINK = "https://deltag.example/registration/sign-up/open?lang=da&token=Zm9yLW5vYm9keS1lbHNl"
SEALED = "registration.sign-up-link.sealed.v1"
LETTERS = Letters()
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of GSM 03.38, of which an SMS of one part holds 160."""


@dataclass
class Post:
    """The service, the mail server and the SMS gateway that it sends to."""

    context: Context
    server: MailServer
    gateway: SmsGateway

    def link(self, address: str = SARA, **changes: Any) -> str:
        """Registration seals a link for somebody; returns its id."""
        return self.sealed({"address": address, "link": LINK}, "email", **changes)

    def code(self, number: str = "+4520000017", **changes: Any) -> str:
        """Registration seals a code for a phone; returns its id."""
        return self.sealed({"address": number, "code": "012345"}, "sms", **changes)

    def sealed(self, content: dict[str, str], channel: str, **changes: Any) -> str:
        """Deliver it."""
        link_id = str(changes.pop("link_id", None) or new_id())
        plain = str(content).replace("'", '"').encode()
        key_id, sealed = seal(self.context.settings.notifications_public_key, plain, link_id.encode())
        data = {"link_id": link_id, "channel": channel, "language": "da", "expires_at": MONDAY + timedelta(minutes=30), "key_id": key_id}
        attributes = {name: changes.pop(name) for name in ("snapshot", "id") if name in changes}
        deliver(self.context, SEALED, data | {"sealed": sealed} | changes, subject=link_id, programme="sammen-om-boern", **attributes)
        return link_id

    def sends(self, after: timedelta = timedelta(0)) -> None:
        """The timer runs, some time later."""
        assert isinstance(self.context.clock, FakeClock)
        self.context.clock.advance(after)
        run_timer(self.context, "send-links")

    def ledger(self) -> list[tuple[str, int, str | None, bool]]:
        """Status, attempts, reason, and whether the content is still there."""
        with self.context.work() as work:
            query = "select status, attempts, reason, sealed is not null as kept from link_letter order by link_id"
            return [tuple(row) for row in work.connection.execute(sa.text(query))]


@pytest.fixture
def post(context_of: Callable[..., Context], mail_server: MailServer) -> Iterator[Post]:
    """Both are there, and the programme is known."""
    with SmsGateway().running() as gateway:
        made = SERVICE.resources(settings_for("notifications", smtp_url=mail_server.url, mail_from="deltag@deltag.example"))
        context = context_of(SERVICE, resources=replace(made, sms=SmsChannel(gateway.url, "a-token", "Deltag")))
        Story(context, mail_server).tells("registration.programme.loaded", "sammen-om-boern")
        yield Post(context, mail_server, gateway)


def test_a_link_is_mailed_at_once(post: Post) -> None:
    """With the programme's name and its office's address, and nobody's name; then its content is forgotten."""
    post.link()
    post.sends()
    [mail] = post.server.taken
    assert (str(mail["To"]), mail["Subject"]) == (SARA, "Dit link til tilmelding: Sammen om Børn")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # a mail has a body
    assert LINK in text.splitlines()
    assert "kl. 10.30" in text
    assert str(mail["Reply-To"]) == "Sammen om Børn <sammen-om-boern@example.dk>"
    assert post.ledger() == [("sent", 1, None, False)]


def test_a_code_goes_by_sms(post: Post) -> None:
    """In the language that was asked for."""
    post.code(language="en")
    post.sends()
    [message] = post.gateway.taken
    assert message["recipient"] == 4520000017
    assert message["message"] == "012345 is your sign-up code. It works once, and only until 10:30. Give it to nobody."
    assert post.server.taken == []


def test_it_comes_once(post: Post) -> None:
    """What is delivered again, or told again as a present state, is no second letter."""
    link_id = post.link()
    post.link(link_id=link_id)
    post.link(snapshot=True)
    post.sends()
    post.sends()
    assert len(post.server.taken) == 1


def test_what_no_longer_holds_is_not_sent(post: Post) -> None:
    """A letter that comes when its link is over only vexes: it is suppressed, and forgotten."""
    post.link()
    post.code()
    post.sends(timedelta(minutes=30))
    assert post.ledger() == [("suppressed", 0, "expired", False)] * 2
    assert (post.server.taken, post.gateway.taken) == ([], [])


def test_a_passing_fault_is_tried_again_soon(post: Post) -> None:
    """After five seconds, then twice as late each time; what is refused for good fails at once."""
    post.gateway.status = HANG_UP
    post.code()
    post.sends()
    assert post.ledger() == [("queued", 1, "sms-no-answer", True)]
    post.sends(timedelta(seconds=4))
    assert post.ledger()[0][1] == 1
    post.gateway.status = 202
    post.sends(timedelta(seconds=1))
    assert post.ledger() == [("sent", 2, None, False)]


def test_a_refusal_is_final(post: Post) -> None:
    """A number that the gateway does not take, or an address that the mail server does not, fails with its code and is forgotten."""
    post.gateway.status = 422
    post.server.answers["nobody"] = "550 no such user"
    post.code()
    post.link("nobody@familie.example")
    post.sends()
    assert sorted(post.ledger()) == [("failed", 1, "sms-422", False), ("failed", 1, "smtp-550", False)]


def test_attempts_end(post: Post) -> None:
    """What fails again and again fails in the end, before it is over."""
    post.gateway.status = 500
    post.code(expires_at=MONDAY + timedelta(hours=2))
    for _ in range(MAX_ATTEMPTS + 1):
        post.sends(timedelta(minutes=5))
    assert post.ledger() == [("failed", MAX_ATTEMPTS, "attempts-used-up", False)]


def test_a_gateway_that_is_away_holds_up_no_mail(post: Post) -> None:
    """It is nobody's attempt; links go on by mail meanwhile, and codes go when it is back."""
    post.gateway.stop()
    post.code()
    post.link()
    post.sends()
    assert sorted(post.ledger()) == [("queued", 0, None, True), ("sent", 1, None, False)]
    post.gateway.start()
    post.sends(timedelta(seconds=2))
    assert len(post.gateway.taken) == 1


def test_production_without_a_gateway_sends_no_sms(context_of: Callable[..., Context], mail_server: MailServer) -> None:
    """A code that cannot be sent is suppressed, and says why."""
    settings = settings_for("notifications", smtp_url=mail_server.url, environment="production", token_key=b"")
    post = Post(context_of(SERVICE, resources=SERVICE.resources(settings)), mail_server, SmsGateway())
    post.code()
    post.sends()
    assert post.ledger() == [("suppressed", 1, "no-way-to-send", False)]


def test_a_letter_of_a_process_that_died(post: Post) -> None:
    """What was taken and not noted is sent again after its lease, with the same Message-ID."""
    post.link()
    real = post.context.resources.channel.send

    def die(letter: object) -> None:
        real(letter)
        raise KeyboardInterrupt

    post.context.resources.channel.send = die
    with pytest.raises(KeyboardInterrupt):
        post.sends()
    post.context.resources.channel.send = real
    post.sends()
    assert len(post.server.taken) == 1
    post.sends(LEASE)
    assert len({mail["Message-ID"] for mail in post.server.taken}) == 1 < len(post.server.taken)
    assert post.ledger() == [("sent", 2, None, False)]


def test_what_is_sealed_for_another_fails(post: Post) -> None:
    """A link that does not open, or was moved to another id, is not sent."""
    post.link()
    with post.context.work() as work:
        work.connection.execute(sa.text("update link_letter set link_id = gen_random_uuid()"))
    post.sends()
    assert post.ledger() == [("failed", 1, "unreadable-link", False)]


def test_nothing_of_it_is_readable(post: Post) -> None:
    """Neither in a table nor in the log stands an address, a number, a link or a code, whatever happens."""
    with logged() as log:
        post.gateway.status = HANG_UP
        post.server.answers["nobody"] = "550 nobody@familie.example is unknown"
        post.link()
        post.code()
        post.link("nobody@familie.example")
        post.sends()
        with post.context.work() as work:
            tables = ("link_letter", "chassis.outbox", "chassis.deferred", "chassis.audit", "chassis.position")
            kept = "".join(str(work.connection.exec_driver_sql(f"select * from {table}").all()) for table in tables)
    assert not any(secret in kept + log.getvalue() for secret in ("familie.example", "20000017", LINK.partition("token=")[2], "012345"))


@pytest.mark.parametrize("language", LETTERS.languages)
def test_a_code_fits_one_sms(language: str) -> None:
    """In letters that cost one each, and in one part."""
    text = LETTERS.write_code(language, "012345", datetime(2026, 12, 31, 22, 59, tzinfo=UTC)).text
    assert set(text) <= GSM_7
    assert len(text) <= 160
    assert "012345" in text


@pytest.mark.parametrize("language", LETTERS.languages)
def test_text_and_page_hold_the_link(language: str) -> None:
    """The plain text has it on a line of its own, the page behind words that say what it does; neither names anybody."""
    matter = LinkMatter(LINK, datetime(2026, 11, 2, 9, 30, tzinfo=UTC), "Sammen om Børn", Contact("office@example.dk"))
    written = LETTERS.write_link(language, matter)
    assert LINK in written.text.splitlines()
    assert re.search(rf'<a href="{re.escape(escape(LINK))}">\w[^<]+</a>', written.html)
    assert "None" not in written.html + written.text
    assert LETTERS.write_link(language, replace(matter, signature="", contact=None)).subject
