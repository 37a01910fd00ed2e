"""Sign-up links and codes, and the sessions that they open: hashes and times, no address and no secret."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.registration.domain.sign_up import PER_ADDRESS, PER_NETWORK, WINDOW, Channel, Link, Session
from services.registration.storage.rows import columns

_COUNT_IN = sa.text(  # whoever asks for the same address, or from the same network, waits here for the other's end
    "select pg_advisory_xact_lock(k) from (select unnest(array[cast(:one as bigint), cast(:other as bigint)]) as k order by k) as keys"
)
_REACHED = sa.text(
    "select (select asked_at from sign_up_link where address = :address and asked_at > :since"
    " order by asked_at desc offset :per_address limit 1) as address,"
    " (select asked_at from sign_up_link where network = :network and asked_at > :since"
    " order by asked_at desc offset :per_network limit 1) as network,"
    " (select asked_at from sign_up_link where asked_at > :since order by asked_at desc offset :in_all limit 1) as in_all"
)
_ADD = sa.text(
    "insert into sign_up_link (link_id, channel, programme, language, address, network, secret, asked_at, expires_at)"
    " values (cast(:link_id as uuid), :channel, :programme, :language, :address, :network, :secret, :asked_at, :expires_at)"
)
_LINK = "select link_id::text, channel, programme, language, address, secret, asked_at, expires_at, used_at, tries from sign_up_link"
_BY_TOKEN = sa.text(f"{_LINK} where secret = :secret and channel = 'email' for update")
_LATEST = sa.text(f"{_LINK} where address = :address and channel = 'sms' order by asked_at desc, link_id desc limit 1 for update")
_SAVE = sa.text("update sign_up_link set used_at = :used_at, tries = :tries where link_id = cast(:link_id as uuid)")
_OPEN = sa.text(
    "insert into sign_up_session (session_id, link_id, channel, programme, address, opened_at, expires_at)"
    " values (cast(:session_id as uuid), cast(:link_id as uuid), :channel, :programme, :address, :opened_at, :expires_at)"
)
_SESSION = sa.text(
    "select session_id::text, link_id::text, channel, programme, address, opened_at, expires_at from sign_up_session"
    " where session_id = cast(:id as uuid) and expires_at > :now for update"
)
_FORGET_LINKS = sa.text("delete from sign_up_link where asked_at <= :since and expires_at <= :now")
_FORGET_SESSIONS = sa.text("delete from sign_up_session where expires_at <= :now")


class SignUps:
    """What was asked for within the last hour, and what of it was redeemed."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def reached(self, address: bytes, network: bytes, hourly: int, now: datetime) -> Sequence[datetime | None]:
        """Of each limit, when it was reached, if it was: of this address, of this network, of all together.

        The first two are exact; of all together those may be too many who ask in the same moment.
        """
        self._connection.execute(_COUNT_IN, {"one": _as_number(address), "other": _as_number(network)})
        offsets = {"per_address": PER_ADDRESS - 1, "per_network": PER_NETWORK - 1, "in_all": hourly - 1}
        values = {"address": address, "network": network, "since": now - WINDOW} | offsets
        return tuple(self._connection.execute(_REACHED, values).one())

    def add(self, link: Link, network: bytes) -> None:
        row = {name: getattr(link, name) for name in Link.__slots__}
        self._connection.execute(_ADD, row | {"network": network})

    def of_token(self, secret: bytes) -> Link | None:
        """The link with this secret; nobody else redeems it until the end of the transaction."""
        return _link(self._connection.execute(_BY_TOKEN, {"secret": secret}).first())

    def latest(self, address: bytes) -> Link | None:
        """The latest code that was asked for at this address, in the same way: asking anew makes the earlier ones void."""
        return _link(self._connection.execute(_LATEST, {"address": address}).first())

    def save(self, link: Link) -> None:
        """Keep what became of it."""
        self._connection.execute(_SAVE, {"link_id": link.link_id, "used_at": link.used_at, "tries": link.tries})

    def open(self, session: Session) -> None:
        """Raises an integrity error for a second session of the same link."""
        self._connection.execute(_OPEN, {name: getattr(session, name) for name in Session.__slots__})

    def session(self, session_id: str, now: datetime) -> Session | None:
        """One that is not over; two of its requests wait for each other."""
        row = self._connection.execute(_SESSION, {"id": session_id, "now": now}).first()
        return Session(**dict(columns(row)) | {"channel": Channel(row.channel)}) if row else None

    def forget(self, now: datetime) -> None:
        """Delete what no limit counts any more and nobody can use."""
        self._connection.execute(_FORGET_LINKS, {"since": now - WINDOW, "now": now})
        self._connection.execute(_FORGET_SESSIONS, {"now": now})


def _link(row: Any) -> Link | None:
    return Link(**dict(columns(row)) | {"channel": Channel(row.channel)}) if row else None


def _as_number(key: bytes) -> int:
    """The first half of a hash as PostgreSQL numbers its locks."""
    return int.from_bytes(key[:8], signed=True)
