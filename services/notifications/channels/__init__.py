"""The seam through which letters leave. E-mail and text messages are here; Digital Post will speak the same words.

A channel takes one letter at a time. When `send` returns, the other side has taken the letter: at least once, because
a process can die between that and the note of it in the send ledger. A letter that is sent again keeps its
`message_id`, so that the receiver can drop the double. What went wrong is said by three errors and their slug:

    Passing      this letter could not be taken now; try it again later, and count it
    Permanent    this letter will never be taken like this
    Away         the other side is not there, or lets nobody in: nobody's attempt
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from services.chassis.errors import Invalid, TryLater, Unavailable


class Passing(TryLater):
    """The letter could not be taken now."""


class Permanent(Invalid):
    """The letter will never be taken as it is."""


class Away(Unavailable):
    """The other side cannot be reached, or refuses us whatever we bring."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail written out for one person. It holds personal data: it is never stored or logged. `date` is aware.

    Answers go to `reply_to`, where there is one.
    """

    message_id: str
    sender_name: str
    sender: str
    name: str
    address: str
    language: str
    date: datetime
    subject: str
    text: str
    html: str
    reply_to: str = ""


class Channel(Protocol):
    """A way to reach a person. One process uses it, one letter at a time."""

    name: ClassVar[str]

    def send(self, letter: Letter) -> None:
        """Hand the letter over; raises `Passing`, `Permanent` or `Away`. What it opens stays open for the next letter."""

    def close(self) -> None:
        """The batch is over: let go of what `send` opened. The next `send` opens it again."""
