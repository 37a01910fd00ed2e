"""Calendar feeds by the hash of their tokens, and what stands in them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.domain.calendar import Feed, Meeting
from services.events.storage.rows import every, first, json_of

_FEED = "select cast(calendar_id as text), kind, made_by, institution, language, made_at from calendar "
_OF_TOKEN = sa.text(_FEED + "where token_hash = :token_hash")
_OF_MAKER = sa.text(_FEED + "where made_by = any(array(select json_array_elements_text(cast(:makers as json)))) order by calendar_id")
_ADD = sa.text("""
insert into calendar (calendar_id, kind, made_by, institution, language, made_at, token_hash)
values (:calendar_id, :kind, :made_by, :institution, :language, :made_at, :token_hash)
""")
_REMOVE = sa.text("delete from calendar where calendar_id = :calendar_id")
_ONE_AT_A_TIME = sa.text("select pg_advisory_xact_lock(hashtext('deltag calendars ' || :made_by))")
_MEETINGS = """
select cast(s.session_id as text), cast(s.activity_id as text), a.title, a.status = 'called-off' or s.called_off as called_off,
    s.starts_at, s.ends_at, s.place
from session s join activity a on a.activity_id = s.activity_id
where s.ends_at > :since and
"""
_IN_TIME = " order by s.starts_at, s.session_id"
_OF_INSTITUTION = sa.text(f"{_MEETINGS} a.institution = :institution and a.status <> 'draft' {_IN_TIME}")
_OF_ACTIVITIES = sa.text(
    f"{_MEETINGS} s.activity_id = any(array(select cast(json_array_elements_text(cast(:activities as json)) as uuid))) {_IN_TIME}"
)
_LED_BY = sa.text(f"""{_MEETINGS} s.session_id in (
    select b.session_id from booking b join bookable k on k.bookable_id = b.bookable_id
    where k.professional_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))) {_IN_TIME}
""")  # noqa: S608 - our own text


class Calendars:
    """Every feed that was made and not revoked. Its token is kept as a hash alone; it is too long to be guessed from it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, feed: Feed, token: str) -> None:
        self._connection.execute(_ADD, _row(feed, token))

    def of_token(self, token: str) -> Feed | None:
        return first(Feed, self._connection.execute(_OF_TOKEN, {"token_hash": _hash(token)}))

    def of_maker(self, makers: Iterable[str]) -> Sequence[Feed]:
        """The feeds of somebody, by all ids that mean him, in the order in which they were made."""
        return every(Feed, self._connection.execute(_OF_MAKER, {"makers": json_of(makers)}))

    def remove(self, calendar_id: str) -> None:
        """The token opens nothing any more."""
        self._connection.execute(_REMOVE, {"calendar_id": calendar_id})

    def lock(self, made_by: str) -> None:
        """Nobody else makes a feed for him until the end of this unit of work."""
        self._connection.execute(_ONE_AT_A_TIME, {"made_by": made_by})

    def meetings_in(self, institution: str, since: datetime) -> Sequence[Meeting]:
        """The institution's sessions that end after `since`, in the order of time."""
        return every(Meeting, self._connection.execute(_OF_INSTITUTION, {"institution": institution, "since": since}))

    def meetings_of(self, activities: Iterable[str], since: datetime) -> Sequence[Meeting]:
        """The sessions of these activities that end after `since`, in the order of time."""
        return every(Meeting, self._connection.execute(_OF_ACTIVITIES, {"activities": json_of(activities), "since": since}))

    def led_by(self, people: Iterable[str], since: datetime) -> Sequence[Meeting]:
        """The sessions that end after `since` for which any of these professionals is booked."""
        return every(Meeting, self._connection.execute(_LED_BY, {"people": json_of(people), "since": since}))


def _row(feed: Feed, token: str) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(feed, builtin_types=(datetime,))
    return row | {"token_hash": _hash(token)}


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
