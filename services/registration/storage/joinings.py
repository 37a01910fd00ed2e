"""Who linked a guardian to a child that was there already, and for whom."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.registration.domain.joining import Joined
from services.registration.storage.rows import as_json

_ADD = sa.text(
    "insert into guardian_origin (child_id, guardian_id, subject, role, for_guardian_id, how, filled_at, recorded_at)"
    " select child_id, guardian_id, subject, role, for_guardian_id, how, filled_at, recorded_at"
    " from json_populate_recordset(null::guardian_origin, cast(:rows as json)) order by child_id, guardian_id"
    " on conflict (child_id, guardian_id) do nothing"
)


class Joinings:
    """One of a child and a guardian at most: whoever linked the two first."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, joined: Sequence[Joined]) -> None:
        self._connection.execute(_ADD, {"rows": as_json(map(_row, joined))})


def _row(joined: Joined) -> dict[str, Any]:
    names = ("child_id", "guardian_id", "recorded_at")
    done_by, behalf = joined.done_by, joined.behalf
    row = {name: getattr(joined, name) for name in names} | {"subject": done_by.subject, "role": done_by.role}
    return row | ({"for_guardian_id": behalf.guardian_id, "how": behalf.how, "filled_at": behalf.filled_at} if behalf else {})
