"""What a letter says of the programme that it is about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """The office where families ask and cancel; answers to our mails go there."""

    email: str
    phone: str | None = None
