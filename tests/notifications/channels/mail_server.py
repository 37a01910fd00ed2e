"""A real SMTP server for tests: it keeps what it takes, and answers some addresses as a test asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.servers.ports import free_port


class MailServer:
    """An aiosmtpd server on a free port. `answers` maps the part of an address before the @ to what RCPT TO is answered.

    The answer `hang-up` drops the connection. `sender_answer` is what MAIL FROM is answered, `data_answer` what the end
    of the data is.
    """

    def __init__(self, **options: Any) -> None:
        self.port = free_port()
        self.taken: list[EmailMessage] = []
        self.receivers: list[str] = []
        self.connections = 0
        self.tls = 0
        self.answers: dict[str, str] = {}
        self.sender_answer = "250 OK"
        self.data_answer = "250 OK"
        self._options = options
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """Its address, without TLS."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    def start(self) -> None:
        """Begin to answer."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @contextmanager
    def running(self) -> Iterator["MailServer"]:
        """Answer for the length of a block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    async def handle_EHLO(self, _server: Any, session: Session, _envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802 - aiosmtpd's name
        """Count the connection."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(self, _server: Any, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the sender, or not."""
        self.tls += session.ssl is not None
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.sender_answer

    async def handle_RCPT(self, server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the receiver, or answer as the test asks."""
        answer = self.answers.get(address.partition("@")[0], "250 OK")
        if answer == "hang-up":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            self.receivers.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail."""
        if self.data_answer.startswith("250") and isinstance(envelope.content, bytes):
            self.taken.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
        return self.data_answer


def only(user: bytes, password: bytes) -> Any:
    """An authenticator that lets one user in."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user, password), handled=False)

    return check
