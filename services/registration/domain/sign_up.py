"""Sign-up without an account (tilmelding uden login): who proves an address may ask for enrolments of his own family.

    asked ──▶ redeemed ──▶ a session, which asks for enrolments
      └─────▶ void: expired, or tried too often

A link (by e-mail) or a code (by SMS) is asked for, sent to the address, and given back once. Limits count addresses that
are asked for and networks that ask, never people who are registered: nothing here knows who is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from math import ceil

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.request import EnrolmentRequest

WINDOW = timedelta(hours=1)
"""The limits slide: they count what was asked within the last hour."""
PER_ADDRESS = 3
PER_NETWORK = 20
MOST_TRIES = 5
"""Of a million codes five may be guessed; then the code is void."""
MOST_REQUESTS = 10
"""As many enrolments one session may ask for."""

_DANISH_PREFIX = "+45"
_NIL = "00000000-0000-0000-0000-000000000000"


class Channel(StrEnum):
    """How the proof travels: a link by e-mail, or a code by SMS."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where somebody says that he is reached, written in the one way in which it is compared."""

    channel: Channel
    text: str

    @classmethod
    def of(cls, *, email: str | None = None, phone: str | None = None) -> "Address | None":
        """The one of the two that is given; None where neither is, or both are."""
        if (email is None) == (phone is None):
            return None
        return cls.email(email) if email is not None else cls.phone(phone or "")

    @classmethod
    def email(cls, text: str) -> "Address":
        """Capitals do not count: no mail provider that a family uses tells them apart."""
        return cls(Channel.EMAIL, text.strip().casefold())

    @classmethod
    def phone(cls, text: str) -> "Address":
        """The plus sign, the country, the digits; eight digits alone are Danish."""
        digits = "".join(text.split())
        return cls(Channel.SMS, digits if digits.startswith("+") else _DANISH_PREFIX + digits)


@dataclass(slots=True, repr=False)
class Link:
    """A link or code that was asked for. `secret` and `address` are hashes; times are aware."""

    link_id: str
    channel: Channel
    programme: str
    language: str
    address: bytes
    secret: bytes
    asked_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    tries: int = 0

    def redeem(self, secret: bytes, now: datetime) -> bool:
        """Use it, if it holds and the secret is its own; a wrong one is counted. Compared in constant time."""
        holds = self.used_at is None and self.tries < MOST_TRIES and now < self.expires_at
        if not compare_digest(secret, self.secret):
            self.tries += 1
            return False
        if holds:
            self.used_at = now
        return holds


def nobodys(now: datetime) -> Link:
    """A link that nobody can redeem: what is looked at where there is none, so that the way to the answer is the same."""
    return Link(_NIL, Channel.SMS, "", "", b"", bytes(32), now, now)


@dataclass(frozen=True, slots=True)
class Session:
    """What a redeemed link opens: until when, for which programme, and which address is proven (a hash)."""

    session_id: str
    link_id: str
    channel: Channel
    programme: str
    address: bytes
    opened_at: datetime
    expires_at: datetime


def wait(reached: Iterable[datetime | None], now: datetime) -> int:
    """For how many seconds nothing more may be asked for; 0: at once.

    `reached` says of each limit when that request was made, within the window, with which the limit was reached.
    """
    return max((ceil((moment + WINDOW - now).total_seconds()) for moment in reached if moment), default=0)


def addresses(request: EnrolmentRequest) -> Iterator[Address]:
    """Every address at which the request's guardians are reached."""
    for guardian in request.guardians:
        if guardian.email:
            yield Address.email(guardian.email)
        if guardian.phone:
            yield Address.phone(guardian.phone)


def objections(request: EnrolmentRequest, session: Session, named: Sequence[bytes]) -> Iterator[Objection]:
    """What speaks against this request in this session, whoever is registered. `named` are the hashes of its `addresses`."""
    if session.address not in named:
        yield Objection(Rule.ADDRESS_NOT_PROVEN, "/guardians")
    if request.programme != session.programme:
        yield Objection(Rule.LINK_FOR_ANOTHER_PROGRAMME, "/programme")
    if request.is_unnumbered:
        yield Objection(Rule.CPR_NUMBER_MISSING, "/child/cpr_number")
    if request.on_behalf_of is not None:
        yield Objection(Rule.NOT_ON_BEHALF, "/on_behalf_of")


def numbers(request: EnrolmentRequest) -> frozenset[CprNumber]:
    """The CPR numbers of all whom the request names: it is put before a person where one of them is known already."""
    given = (request.child.cpr_number, *(guardian.cpr_number for guardian in request.guardians))
    return frozenset(number for text in given if text and (number := CprNumber.read(text)))
