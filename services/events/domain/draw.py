"""A draw (lodtrækning) that everybody can repeat: who signs up until a moment takes part, and chance decides the order.

Every sign-up has a number of lots, more where the activity's rule says so, for instance for families whom the programme has
never reached. A lot is `HMAC-SHA-256(seed, "<sign-up id>/<number of the lot>")`, and a sign-up's best lot counts: the highest,
written in hexadecimal. The order is that of the best lots, the highest first.

The best of w lots is distributed as u^(1/w) for an even u in [0, 1], so this is weighted random sampling as Efraimidis and
Spirakis have it (Information Processing Letters 97, 2006), in whole numbers: a sign-up with three lots comes before one with
one lot three times out of four, and nothing depends on how a machine rounds.

The seed is chosen when the activity is opened, and its SHA-256 published: it cannot be changed afterwards. It is published
itself with the result, with which anybody can work the order out again (docs/draw.md).
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex


@dataclass(frozen=True)
class Weight:
    """How many lots a party has for whom everything holds that is asked; the first weight that holds counts."""

    lots: int
    never_reached: bool = False
    people_from: int = 1


@dataclass(frozen=True)
class DrawRule:
    """Who signs up before `closes_at` takes part in the draw; who has no weight has one lot."""

    closes_at: datetime
    weights: Sequence[Weight] = ()


@dataclass(frozen=True)
class Draw:
    """An activity's draw; `drawn_at` once it was held. `seed` and `commitment` are hexadecimal."""

    activity_id: str
    seed: str
    commitment: str
    closes_at: datetime
    drawn_at: datetime | None = None


@dataclass(frozen=True)
class Ticket:
    """A sign-up's part in a draw; `place` is where it was drawn, from 1."""

    signup_id: str
    lots: int
    place: int = 0


def prepare(activity_id: str, closes_at: datetime) -> Draw:
    """A draw to come, with a seed that nobody has seen."""
    seed = token_hex(32)
    return Draw(activity_id, seed, sha256(bytes.fromhex(seed)).hexdigest(), closes_at)


def best_lot(seed: str, ticket: Ticket) -> str:
    """The highest of a sign-up's lots."""
    lots = (f"{ticket.signup_id}/{number}".encode() for number in range(1, ticket.lots + 1))
    return max(hmac.new(bytes.fromhex(seed), lot, sha256).hexdigest() for lot in lots)


def hold(seed: str, tickets: Iterable[Ticket]) -> list[Ticket]:
    """The tickets in the order in which they are drawn, each with its place."""
    drawn = sorted(tickets, key=lambda ticket: (best_lot(seed, ticket), ticket.signup_id), reverse=True)
    return [Ticket(ticket.signup_id, ticket.lots, place) for place, ticket in enumerate(drawn, 1)]
