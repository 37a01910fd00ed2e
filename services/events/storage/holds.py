"""Seats that are held for a while. Change them under the lock of their activity only."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from services.events.domain.hold import Hold
from services.events.storage.rows import every, first, json_of

_COLUMNS = "cast(hold_id as text), cast(activity_id as text), held_by, seats, counted, expires_at, extended"
_ADD = sa.text("""
insert into hold (hold_id, activity_id, held_by, seats, counted, expires_at, extended)
values (:hold_id, :activity_id, :held_by, :seats, cast(:counted as jsonb), :expires_at, :extended)
""")
_SAVE = sa.text("update hold set expires_at = :expires_at, extended = :extended where hold_id = :hold_id")
_GET = sa.text(f"select {_COLUMNS} from hold where hold_id = :hold_id and held_by = :held_by")  # noqa: S608 - our own text
_OF_HOLDER = sa.text(f"select {_COLUMNS} from hold where held_by = :held_by and expires_at > :now")  # noqa: S608 - our own text
_EXPIRED = sa.text("select distinct cast(activity_id as text) from hold where expires_at <= :now")
_DROP = sa.text("delete from hold where hold_id = :hold_id")
_DROP_ENDED = sa.text(f"""
delete from hold
where activity_id = any(array(select cast(json_array_elements_text(cast(:activities as json)) as uuid))) and expires_at <= :now
returning {_COLUMNS}
""")  # noqa: S608 - our own text
_DROP_ALL = sa.text(f"delete from hold where activity_id = :activity_id returning {_COLUMNS}")  # noqa: S608 - our own text


class Holds:
    """Every hold that has not been confirmed, given back or dropped."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, hold: Hold) -> None:
        row = msgspec.to_builtins(hold, builtin_types=(datetime,))
        self._connection.execute(_ADD, row | {"counted": msgspec.json.encode(hold.counted).decode()})

    def save(self, hold: Hold) -> None:
        """Write until when it lasts."""
        self._connection.execute(_SAVE, {"hold_id": hold.hold_id, "expires_at": hold.expires_at, "extended": hold.extended})

    def get(self, hold_id: str, held_by: str) -> Hold | None:
        """The hold, if it is his."""
        return first(Hold, self._connection.execute(_GET, {"hold_id": hold_id, "held_by": held_by}))

    def of_holder(self, held_by: str, now: datetime) -> Sequence[Hold]:
        """What he holds now."""
        return every(Hold, self._connection.execute(_OF_HOLDER, {"held_by": held_by, "now": now}))

    def expired(self, now: datetime) -> Sequence[str]:
        """The ids of activities with holds whose time is over."""
        return self._connection.execute(_EXPIRED, {"now": now}).scalars().all()

    def drop(self, hold: Hold) -> None:
        self._connection.execute(_DROP, {"hold_id": hold.hold_id})

    def drop_expired(self, activities: Iterable[str], now: datetime) -> Sequence[Hold]:
        """Drop those of these activities whose time is over; what they held is the caller's to give back."""
        return every(Hold, self._connection.execute(_DROP_ENDED, {"activities": json_of(activities), "now": now}))

    def drop_all(self, activity_id: str) -> Sequence[Hold]:
        """The same with all of one activity."""
        return every(Hold, self._connection.execute(_DROP_ALL, {"activity_id": activity_id}))
