"""The channel for e-mail in earnest: an SMTP server (RFC 5321), over TLS unless its address says otherwise."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from services.chassis.errors import DeltagError, Invalid
from services.notifications.channels import Away, Letter, Passing, Permanent
from services.notifications.channels.mime import bad_address, mime

TIMEOUT_S = 20
"""How long any single answer of the server may take."""

_PORTS = {"smtp": 587, "smtps": 465}
_CLOSING = 421
"""RFC 5321, 3.8: the server is about to close the connection."""
_LOST = "smtp-connection-lost"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is and how to enter: `smtp://user:password@host:port?starttls=required`, or `smtps://…` for TLS from the start.

    `starttls` is `required` (the default: a server that does not offer it is never given a letter) or `never` (a server
    on the same machine). User and password are percent-encoded.
    """

    host: str
    port: int
    user: str
    password: str
    tls_first: bool
    starttls: bool

    @classmethod
    def of(cls, url: str) -> Self:
        """Read the URL; raises `Invalid` with a text that does not repeat it, since it holds a password."""
        try:
            parts = urlsplit(url)
            return cls(
                host=parts.hostname or "",
                port=parts.port or _PORTS[parts.scheme],
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                tls_first=parts.scheme == "smtps",
                starttls=parts.scheme == "smtp" and _starttls(parts),
            )
        except (KeyError, ValueError):
            text = "Write smtp://user:password@host:port?starttls=required (or never), or smtps://user:password@host:port."
            raise Invalid("bad-smtp-url", field="smtp_url", en=text) from None


def _starttls(parts: SplitResult) -> bool:
    return {"required": True, "never": False}[parse_qs(parts.query).get("starttls", ["required"])[-1]]


class SmtpChannel:
    """Hands letters to an SMTP server; one connection serves a batch.

    A connection that the server dropped since the letter before is opened again once; one that is lost under the first
    letter it carries is that letter's passing fault, so that a letter which upsets the server cannot stop the others.
    """

    name: ClassVar[str] = "email"

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self.address = Address.of(url)
        self._tls = tls or ssl.create_default_context()
        self._server: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> None:
        """Hand the letter over. The slug of an error has the server's code (`smtp-550`), never its words, which may name people."""
        message = mime(letter)
        reused = self._server is not None
        self._server = self._server or self._enter()
        try:
            self._server.send_message(message)
        except OSError as error:  # smtplib's own errors are OSErrors too
            self._after(_fault(error), letter, reused=reused)

    def close(self) -> None:
        """Say goodbye to the server."""
        server, self._server = self._server, None
        if server:
            with suppress(OSError):
                server.quit()

    def _after(self, fault: DeltagError, letter: Letter, *, reused: bool) -> None:
        if fault.slug == _LOST:
            self._drop()
        if fault.slug != _LOST or not reused:
            raise fault
        self.send(letter)

    def _drop(self) -> None:
        """Let go without a goodbye that nobody would answer."""
        server, self._server = self._server, None
        if server:
            server.close()

    def _enter(self) -> smtplib.SMTP:
        try:
            return self._connect()
        except OSError as error:
            raise _not_let_in(error) from None

    def _connect(self) -> smtplib.SMTP:
        at = self.address
        server = (
            smtplib.SMTP_SSL(at.host, at.port, timeout=TIMEOUT_S, context=self._tls)
            if at.tls_first
            else smtplib.SMTP(at.host, at.port, timeout=TIMEOUT_S)
        )
        try:
            self._introduce(server)
        except OSError:
            server.close()
            raise
        return server

    def _introduce(self, server: smtplib.SMTP) -> None:
        if self.address.starttls:
            server.starttls(context=self._tls)
        if self.address.user:
            server.login(self.address.user, self.address.password)


def _fault(error: OSError) -> DeltagError:
    """What a refused or broken mail transaction means for the letter."""
    match error:
        case smtplib.SMTPSenderRefused(smtp_code=code) if code != _CLOSING:
            # Our own address is refused, not this person's: somebody will mend that, so no letter fails of it at once.
            return _passing(code)
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return _answer(next(code for code, _ in refused.values()))
        case smtplib.SMTPResponseException(smtp_code=code):
            return _answer(code)
        case smtplib.SMTPNotSupportedError():
            return bad_address()
        case _:
            return Passing(_LOST, en="The mail server dropped the connection.")


def _answer(code: int) -> DeltagError:
    if code == _CLOSING:
        return Passing(_LOST, en="The mail server closes the connection.")
    return _passing(code) if code < 500 else Permanent(f"smtp-{code}", en=f"The mail server refused the mail with {code}.")  # noqa: PLR2004 - RFC 5321: 5yz is final


def _passing(code: int) -> Passing:
    return Passing(f"smtp-{code}", en=f"The mail server answered {code}.")


def _not_let_in(error: OSError) -> Away:
    match error:
        case smtplib.SMTPAuthenticationError():
            return Away("smtp-login-refused", en="The mail server refuses the user or the password.")
        case smtplib.SMTPNotSupportedError():
            return Away("smtp-not-supported", en="The mail server offers no STARTTLS, or no login.")
        case ssl.SSLCertVerificationError():
            return Away("smtp-bad-certificate", en="The mail server's certificate does not hold.")
        case _:
            return Away("smtp-away", en="The mail server does not answer.")
