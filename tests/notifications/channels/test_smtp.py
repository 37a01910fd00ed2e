"""What the SMTP channel makes of a server's answers, of TLS, of logins and of lost connections."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.chassis.errors import Invalid
from services.notifications.channels import Away, Passing, Permanent
from services.notifications.channels.smtp import Address, SmtpChannel
from tests.notifications.builders import DAY, MONDAY, a_letter
from tests.notifications.channels.mail_server import MailServer, only


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server without TLS."""
    with MailServer().running() as server:
        yield server


@pytest.fixture
def channel(server: MailServer) -> Iterator[SmtpChannel]:
    """A channel to it."""
    channel = SmtpChannel(server.url)
    yield channel
    channel.close()


def to(name: str) -> str:
    """An address whose answer a test has set."""
    return f"{name}@familie.example"


def test_one_connection_serves_a_batch(server: MailServer, channel: SmtpChannel) -> None:
    """Letters of one batch go through one connection."""
    for _ in range(3):
        channel.send(a_letter())
    assert (len(server.taken), server.connections) == (3, 1)


@pytest.mark.parametrize("code", [450, 451, 452])
def test_a_passing_no(server: MailServer, channel: SmtpChannel, code: int) -> None:
    """An answer that begins with 4 is a passing fault, named by its code and not by the server's words."""
    server.answers["sara"] = f"{code} sara@familie.example is busy"
    with pytest.raises(Passing) as fault:
        channel.send(a_letter())
    assert fault.value.slug == f"smtp-{code}"
    assert "sara" not in str(fault.value)


@pytest.mark.parametrize("code", [550, 552, 553])
def test_a_final_no(server: MailServer, channel: SmtpChannel, code: int) -> None:
    """An answer that begins with 5 is final, named by its code and not by the server's words."""
    server.answers["sara"] = f"{code} sara@familie.example is unknown"
    with pytest.raises(Permanent) as fault:
        channel.send(a_letter())
    assert fault.value.slug == f"smtp-{code}"
    assert "sara" not in str(fault.value)


def test_a_no_after_the_data(server: MailServer, channel: SmtpChannel) -> None:
    """A letter that the server refuses once it has read it is refused for good."""
    server.data_answer = "554 looks like spam"
    with pytest.raises(Permanent):
        channel.send(a_letter())


def test_our_own_address_is_refused(server: MailServer, channel: SmtpChannel) -> None:
    """When the server refuses our sender, which somebody will mend, no letter fails of it at once."""
    server.sender_answer = "553 sender not allowed"
    with pytest.raises(Passing):
        channel.send(a_letter())


def test_one_no_does_not_stop_the_next(server: MailServer, channel: SmtpChannel) -> None:
    """After a refusal the same connection takes the next letter."""
    server.answers["gone"] = "550 unknown"
    with pytest.raises(Permanent):
        channel.send(a_letter(address=to("gone")))
    channel.send(a_letter())
    assert (len(server.taken), server.connections) == (1, 1)


def test_a_connection_dropped_between_letters(server: MailServer, channel: SmtpChannel) -> None:
    """When the server has dropped the connection between two letters, the second goes through a new one, and once."""
    channel.send(a_letter())
    server.stop()
    server.start()
    channel.send(a_letter())
    assert len(server.taken) == 2


@pytest.mark.parametrize("answer", ["hang-up", "421 closing"])
def test_a_letter_that_upsets_the_server(server: MailServer, channel: SmtpChannel, answer: str) -> None:
    """A letter under which the server drops the connection has a passing fault of its own, and the next goes through."""
    server.answers["upsetting"] = answer
    channel.send(a_letter())
    with pytest.raises(Passing) as fault:
        channel.send(a_letter(address=to("upsetting")))
    channel.send(a_letter())
    assert fault.value.slug == "smtp-connection-lost"
    assert len(server.taken) == 2


def test_an_address_with_foreign_letters(server: MailServer, channel: SmtpChannel) -> None:
    """An address with letters beyond ASCII goes through where the server takes such (RFC 6531); a domain goes through anywhere."""
    channel.send(a_letter(address="søren@familie.example"))
    channel.send(a_letter(address="sara@blåbær.example"))
    assert server.receivers == ["søren@familie.example", "sara@xn--blbr-roah.example"]


def test_an_address_that_the_server_cannot_write() -> None:
    """Where the server does not take such addresses the letter is refused for good."""
    with MailServer(enable_SMTPUTF8=False).running() as server, pytest.raises(Permanent) as fault:
        SmtpChannel(server.url).send(a_letter(address="søren@familie.example"))
    assert fault.value.slug == "bad-address"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(MONDAY - timedelta(days=10_000))
        .not_valid_after(MONDAY + 10_000 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[MailServer]:
    """A server that offers STARTTLS, and a login for one user over it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with MailServer(tls_context=context, authenticator=only(b"deltag", b"p@ss")).running() as server:
        yield server


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client that trusts the test's certificate."""
    return ssl.create_default_context(cafile=str(certificate))


def test_letters_travel_encrypted(tls_server: MailServer, certificate: Path) -> None:
    """With `starttls=required` the letter travels over TLS, and user and password are percent-decoded."""
    url = f"smtp://deltag:p%40ss@127.0.0.1:{tls_server.port}?starttls=required"
    SmtpChannel(url, trusting(certificate)).send(a_letter())
    assert (len(tls_server.taken), tls_server.tls) == (1, 1)


def test_a_wrong_password_is_nobodys_attempt(tls_server: MailServer, certificate: Path) -> None:
    """When the server does not let us in no letter has failed."""
    with pytest.raises(Away) as fault:
        SmtpChannel(f"smtp://deltag:wrong@127.0.0.1:{tls_server.port}", trusting(certificate)).send(a_letter())
    assert fault.value.slug == "smtp-login-refused"


def test_a_strangers_certificate(tls_server: MailServer) -> None:
    """A server whose certificate does not hold is given no letter."""
    with pytest.raises(Away) as fault:
        SmtpChannel(f"smtp://127.0.0.1:{tls_server.port}").send(a_letter())
    assert fault.value.slug == "smtp-bad-certificate"
    assert tls_server.taken == []


def test_no_letter_without_tls(server: MailServer) -> None:
    """TLS is required unless the address says otherwise: a server that does not offer it is given no letter."""
    with pytest.raises(Away) as fault:
        SmtpChannel(f"smtp://127.0.0.1:{server.port}").send(a_letter())
    assert fault.value.slug == "smtp-not-supported"
    assert server.taken == []


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("smtp://mail.example", Address("mail.example", 587, "", "", tls_first=False, starttls=True)),
        ("smtps://u:p@mail.example", Address("mail.example", 465, "u", "p", tls_first=True, starttls=False)),
        ("smtp://127.0.0.1:2525?starttls=never", Address("127.0.0.1", 2525, "", "", tls_first=False, starttls=False)),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    """A server's address says its port, whether TLS comes first, later or never, and the login."""
    assert Address.of(url) == address


@pytest.mark.parametrize(
    "url", ["http://u:secret@mail.example", "smtp://u:secret@mail.example:x", "smtp://u:secret@mail.example?starttls=maybe"]
)
def test_a_wrong_address_is_explained(url: str) -> None:
    """A wrong address is refused with the right form, and the password is not repeated."""
    with pytest.raises(Invalid) as refusal:
        Address.of(url)
    assert "smtp://user:password@host:port" in str(refusal.value)
    assert "secret" not in str(refusal.value)
