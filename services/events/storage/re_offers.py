"""Who is to be offered another activity, who was, and the sign-ups that were made for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from services.events.domain.signup import Signup
from services.events.domain.waitlist import CALLED_OFF
from services.events.storage.rows import every, json_of

_DUE = f"""
from signup s where s.activity_id = :activity_id and (s.status <> 'cancelled' or s.reason = '{CALLED_OFF}')
    and not exists (select from signup n where n.instead_of = s.signup_id)
    and not exists (select from signup n where n.transfers_from = s.signup_id and n.status <> 'cancelled')
"""  # noqa: S608 - our own text
_DUE_IDS = sa.text(f"select cast(s.signup_id as text) {_DUE} order by s.signed_up_at, s.number limit :most")
_LEFT = sa.text(f"select count(*) {_DUE}")
_ADD = sa.text("""
with r as (select * from json_to_recordset(cast(:rows as json)) as x(signup_id uuid, activity_id uuid, contact_id uuid, seats integer,
        number integer, status text, signed_up_at timestamptz, rank integer, place integer, transfers_from uuid, offers integer,
        lots integer, counted jsonb, instead_of uuid)),
    added as (
        insert into signup (signup_id, activity_id, contact_id, seats, number, status, signed_up_at, rank, place, transfers_from, offers,
            lots, counted, instead_of)
        select signup_id, activity_id, contact_id, seats, number, status, signed_up_at, rank, place, transfers_from, offers, lots, counted,
            instead_of from r
        returning signup_id, activity_id)
insert into party (signup_id, place, activity_id, person_id, role)
select a.signup_id, p.place, a.activity_id, p.person_id, p.role from added a
join json_to_recordset(cast(:party as json)) as p(signup_id uuid, place smallint, person_id uuid, role text) on p.signup_id = a.signup_id
""")
_PAGE = sa.text("""
select cast(o.signup_id as text), o.number, cast(n.signup_id as text) as new_signup_id, cast(n.activity_id as text) as instead_id,
    n.status, n.reason
from signup o join signup n on n.instead_of = o.signup_id
where o.activity_id = :activity_id and o.number > :after order by o.number limit :limit
""")


@dataclass(frozen=True)
class Made:
    """A re-offer that was made, and how it stands now; `number` is the old sign-up's."""

    signup_id: str
    number: int
    new_signup_id: str
    instead_id: str
    status: str
    reason: str | None


class ReOffers:
    """Each sign-up is offered something else once. Made under the locks of all activities that it concerns."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def due(self, activity_id: str, most: int) -> Sequence[str]:
        """The sign-ups that are active, or were called off, and for which nothing was offered; the first first."""
        return self._connection.execute(_DUE_IDS, {"activity_id": activity_id, "most": most}).scalars().all()

    def left(self, activity_id: str) -> int:
        """How many of them there are."""
        return int(self._connection.execute(_LEFT, {"activity_id": activity_id}).scalar_one())

    def add(self, signups: Sequence[Signup]) -> None:
        """Keep the sign-ups that were made, with their parties."""
        rows = [msgspec.to_builtins(signup, builtin_types=(datetime,)) | {"seats": signup.seats} for signup in signups]
        party = [
            {"signup_id": signup.signup_id, "place": place, "person_id": member.person_id, "role": member.role}
            for signup in signups
            for place, member in enumerate(signup.party)
        ]
        if rows:
            self._connection.execute(_ADD, {"rows": json_of(rows), "party": json_of(party)})

    def page(self, activity_id: str, after: int, limit: int) -> Sequence[Made]:
        """What was made for those signed up to an activity, in the order of their numbers, after the number `after`."""
        return every(Made, self._connection.execute(_PAGE, {"activity_id": activity_id, "after": after, "limit": limit}))
