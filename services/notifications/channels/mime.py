"""A letter as an Internet message: plain text and HTML, so that every mail program can show one of them."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notifications.channels import Letter, Permanent

_ADDRESS = re.compile(r"(?P<user>[^\s@<>()\[\],;:\\\"]{1,64})@(?P<domain>[^\s@<>()\[\],;:\\\"]{1,253})")
"""One address, without quoted local parts and address literals, which no family has."""


def mime(letter: Letter) -> EmailMessage:
    """The message (RFC 5322, RFC 2045) in ASCII, for servers without 8BITMIME. Raises `Permanent("bad-address")`."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender_name, letter.sender)
    message["To"] = _address(letter.name, letter.address)
    if letter.reply_to:
        message["Reply-To"] = _address(letter.sender_name, letter.reply_to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.date)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that nobody's holiday reply answers it
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # last: `add_alternative` moves such headers into the first part
    return message


def one_line(text: str) -> str:
    """White space, line breaks among it, as single spaces: a name or a title can add no header of its own."""
    return " ".join(text.split())


def _address(name: str, address: str) -> Address:
    """A name and one address. A domain with letters beyond ASCII is written as DNS has it (IDNA)."""
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        raise bad_address()
    return Address(one_line(name), found["user"], _in_dns(found["domain"]))


def _in_dns(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        raise bad_address() from None  # the error's own words quote the address


def bad_address() -> Permanent:
    """What is said of what is no address, without repeating it."""
    return Permanent("bad-address", en="The address is not one that can be written to.")
