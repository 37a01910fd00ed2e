"""The channels for text messages: GatewayAPI over real HTTP, and the folder of development."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis.errors import DeltagError
from services.notifications.channels import Away, Letter, Passing, Permanent
from services.notifications.channels.folder import SmsFolderChannel
from services.notifications.channels.sms import SmsChannel
from tests.notifications.builders import a_letter
from tests.notifications.channels.sms_gateway import HANG_UP, SmsGateway

NUMBER = "+4520000017"


@pytest.fixture
def gateway() -> Iterator[SmsGateway]:
    """A gateway that takes everything."""
    with SmsGateway().running() as gateway:
        yield gateway


@pytest.fixture
def channel(gateway: SmsGateway) -> SmsChannel:
    """The channel that leads there."""
    return SmsChannel(gateway.url, "a-token", "Deltag")


def a_text(address: str = NUMBER) -> Letter:
    """A code for Sara's phone."""
    return a_letter(name="", address=address, subject="", text="012345 er din kode til tilmelding.", html="")


def fault(channel: SmsChannel, letter: Letter | None = None) -> DeltagError:
    """What sending raises."""
    with pytest.raises(DeltagError) as raised:
        channel.send(letter or a_text())
    return raised.value


def test_a_text_is_handed_over(gateway: SmsGateway, channel: SmsChannel) -> None:
    """The gateway gets our token, our name, the number as a number, the text, and a reference by which we find it."""
    letter = a_text()
    channel.send(letter)
    channel.close()
    [taken] = gateway.taken
    assert (taken["sender"], taken["recipient"], taken["message"]) == ("Deltag", 4520000017, letter.text)
    assert taken["reference"] == letter.message_id.strip("<>")[:64]
    assert gateway.tokens == ["Token a-token"]


@pytest.mark.parametrize(
    ("status", "kind", "slug"),
    [
        (400, Permanent, "sms-400"),
        (422, Permanent, "sms-422"),
        (429, Passing, "sms-429"),
        (500, Passing, "sms-500"),
        (503, Passing, "sms-503"),
        (HANG_UP, Passing, "sms-no-answer"),
        (401, Away, "sms-login-refused"),
        (403, Away, "sms-login-refused"),
    ],
)
def test_every_answer_has_its_consequence(gateway: SmsGateway, channel: SmsChannel, status: int, kind: type, slug: str) -> None:
    """What this message is refused for is final or passing; what anybody would be refused for is nobody's attempt."""
    gateway.status = status
    raised = fault(channel)
    assert (type(raised), raised.slug) == (kind, slug)
    assert gateway.taken == []


def test_a_gateway_that_is_away(gateway: SmsGateway, channel: SmsChannel) -> None:
    """Who cannot be reached is away, and back when he can be."""
    gateway.stop()
    assert isinstance(fault(channel), Away)
    gateway.start()
    channel.send(a_text())
    assert len(gateway.taken) == 1


@pytest.mark.parametrize("address", ["", "sara@example.org", "+45 20 00 00 17", "²³"])
def test_what_is_no_number_is_final(channel: SmsChannel, address: str) -> None:
    """Nothing is sent to what is no number."""
    assert isinstance(fault(channel, a_text(address)), Permanent)


@pytest.mark.parametrize("status", [422, 500, 401, HANG_UP])
def test_no_fault_repeats_the_number(gateway: SmsGateway, channel: SmsChannel, status: int) -> None:
    """The gateway's own words, which may hold the number, are in no error of ours."""
    gateway.status = status
    raised = fault(channel)
    assert raised.__cause__ is None
    assert not any(secret in f"{raised} {raised.reasons}" for secret in ("20000017", "012345", "a-token"))


def test_a_text_in_a_folder(tmp_path: Path) -> None:
    """In development a text message is a file that says to whom and what; sent twice it is there once."""
    channel = SmsFolderChannel(tmp_path / "mail")
    letter = a_text()
    for _ in range(2):
        channel.send(letter)
    channel.close()
    [file] = (tmp_path / "mail").glob("*.txt")
    assert file.read_text() == f"{NUMBER}\n\n{letter.text}\n"


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Where nothing can be written, the channel is away."""
    (tmp_path / "mail").touch()
    with pytest.raises(Away):
        SmsFolderChannel(tmp_path / "mail").send(a_text())
