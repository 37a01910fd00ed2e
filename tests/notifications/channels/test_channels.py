"""What every channel does: one suite for e-mail by SMTP and for the folder of development."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notifications.channels import Away, Channel, Permanent
from services.notifications.channels.folder import FolderChannel
from services.notifications.channels.mime import mime
from services.notifications.channels.smtp import SmtpChannel
from tests.notifications.builders import a_letter
from tests.notifications.channels.mail_server import MailServer


class OtherSide(Protocol):
    """A channel, and the side that it reaches."""

    @property
    def channel(self) -> Channel:
        """The near end."""

    def arrived(self) -> list[EmailMessage]:
        """The mails that came through, in no certain order."""

    def go_away(self) -> None:
        """Be out of reach."""

    def come_back(self) -> None:
        """Be there again."""


class Server:
    """The far end of the SMTP channel."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.channel = SmtpChannel(server.url)

    def arrived(self) -> list[EmailMessage]:
        """What the server took."""
        return self.server.taken

    def go_away(self) -> None:
        """Stop the server."""
        self.server.stop()

    def come_back(self) -> None:
        """Start it again."""
        self.server.start()


class Folder:
    """The far end of the folder channel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel = FolderChannel(folder)

    def arrived(self) -> list[EmailMessage]:
        """The files."""
        read = [path.read_bytes() for path in self.folder.glob("*.eml")]
        return [message_from_bytes(content, _class=EmailMessage, policy=default) for content in read]

    def go_away(self) -> None:
        """Put a file where the folder is."""
        self.folder.touch()

    def come_back(self) -> None:
        """Take the file away."""
        self.folder.unlink()


@pytest.fixture(params=["smtp", "folder"])
def other_side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OtherSide]:
    """Each channel in turn."""
    if request.param == "folder":
        yield Folder(tmp_path / "mail")
        return
    with MailServer().running() as server:
        yield Server(server)


def test_a_letter_arrives_whole(other_side: OtherSide) -> None:
    """A letter arrives with its sender, receiver, subject, language and both its texts, whatever letters they have."""
    letter = a_letter()
    other_side.channel.send(letter)
    [mail] = other_side.arrived()
    headers = {name: str(mail[name]) for name in ("From", "To", "Subject", "Message-ID", "Content-Language", "Auto-Submitted")}
    assert headers == {
        "From": "Sammen om Børn <deltag@deltag.example>",
        "To": "Sara Åkjær <sara@familie.example>",
        "Subject": letter.subject,
        "Message-ID": letter.message_id,
        "Content-Language": "da",
        "Auto-Submitted": "auto-generated",
    }
    assert mail["Date"].datetime == letter.date
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().strip().replace("\r\n", "\n") for part in mail.iter_parts()] == [letter.text.strip(), letter.html]


def test_a_letter_that_is_sent_again_can_be_told(other_side: OtherSide) -> None:
    """A letter that is sent twice is there once, or twice with the same Message-ID."""
    letter = a_letter()
    other_side.channel.send(letter)
    other_side.channel.send(letter)
    assert {mail["Message-ID"] for mail in other_side.arrived()} == {letter.message_id}


def test_a_channel_is_opened_again(other_side: OtherSide) -> None:
    """A channel that was closed after a batch opens again for the next, and closing twice does no harm."""
    other_side.channel.send(a_letter())
    other_side.channel.close()
    other_side.channel.close()
    other_side.channel.send(a_letter())
    assert len(other_side.arrived()) == 2


def test_nobody_there(other_side: OtherSide) -> None:
    """When the other side is away the channel says so, and works again when it is back."""
    other_side.go_away()
    with pytest.raises(Away):
        other_side.channel.send(a_letter())
    other_side.come_back()
    other_side.channel.send(a_letter())
    assert len(other_side.arrived()) == 1


@pytest.mark.parametrize("address", ["", "sara", "sara@", "@familie.example", "sara@x.example, alle@x.example", "to ord@x.example"])
def test_what_is_no_address(other_side: OtherSide, address: str) -> None:
    """What is not one address is refused for good, without repeating it, and nothing is sent."""
    with pytest.raises(Permanent) as refusal:
        other_side.channel.send(a_letter(address=address))
    assert refusal.value.slug == "bad-address"
    assert not address or address not in str(refusal.value)
    assert other_side.arrived() == []


@given(name=st.text(st.characters(codec="utf-8")), subject=st.text(st.characters(codec="utf-8")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_name_adds_no_header(other_side: OtherSide, name: str, subject: str) -> None:
    """Whatever stands in a name or a subject, the mail has the same headers and the one receiver."""
    letter = a_letter(name=name + "\r\nBcc: alle@familie.example", subject=subject + "\nX-Added: 1")
    other_side.channel.send(letter)
    mail = next(mail for mail in other_side.arrived() if mail["Message-ID"] == letter.message_id)
    assert not {"bcc", "x-added"} & {header.lower() for header in mail}
    assert [address.addr_spec for address in mail["To"].addresses] == ["sara@familie.example"]


def test_letters_are_seven_bit(other_side: OtherSide) -> None:
    """A letter travels in ASCII, so that a server that takes nothing else can take it; only an address may ask for more."""
    assert mime(a_letter()).as_bytes().isascii()
    other_side.channel.send(a_letter())
    assert all(part["Content-Transfer-Encoding"] == "quoted-printable" for part in other_side.arrived()[0].iter_parts())
