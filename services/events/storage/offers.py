"""Open offers of seats, and when they end. Change them under the lock of their activity only.

An offer is gone as soon as its sign-up stands otherwise: `Signups.save` sees to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from services.events.domain.offer import Offer
from services.events.storage.rows import every, json_of

_KEEP = sa.text("""
insert into offer (signup_id, activity_id, offered_at, answer_by, expires_at, told_at)
select * from json_to_recordset(cast(:rows as json)) as r(signup_id uuid, activity_id uuid, offered_at timestamptz,
    answer_by timestamptz, expires_at timestamptz, told_at timestamptz)
on conflict (signup_id) do update set answer_by = excluded.answer_by, expires_at = excluded.expires_at, told_at = excluded.told_at
""")
_SELECT = """
select cast(signup_id as text), cast(activity_id as text), offered_at, answer_by, expires_at, told_at from offer
"""
_OF = sa.text(_SELECT + "where signup_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))")
_DUE = sa.text(_SELECT + "where expires_at <= :now order by expires_at limit :limit")

AT_ONCE = 100
"""Offers that are ended in one unit of work."""


class Offers:
    """Every offer that waits for its answer."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, offers: Sequence[Offer]) -> None:
        """Add offers, or write what became of their clocks."""
        if offers:
            self._connection.execute(_KEEP, {"rows": json_of(offers)})

    def of(self, signup_ids: Iterable[str]) -> Mapping[str, Offer]:
        """The open offers to these sign-ups, by sign-up."""
        found = every(Offer, self._connection.execute(_OF, {"ids": json_of(signup_ids)}))
        return {offer.signup_id: offer for offer in found}

    def due(self, now: datetime) -> Sequence[Offer]:
        """Offers whose time is over, the oldest first."""
        return every(Offer, self._connection.execute(_DUE, {"now": now, "limit": AT_ONCE}))
