"""Who asked for which enrolment, and for whom."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.registration.domain.origin import DoneBy, How, Origin
from services.registration.storage.rows import as_json

_ADD = sa.text(
    "insert into enrolment_origin (enrolment_id, subject, role, guardian_id, how, filled_at)"
    " select enrolment_id, subject, role, guardian_id, how, filled_at"
    " from json_populate_recordset(null::enrolment_origin, cast(:rows as json)) on conflict (enrolment_id) do nothing"
)
_OF = sa.text(
    "select enrolment_id::text, subject, role, guardian_id::text, how, filled_at from enrolment_origin"
    " where enrolment_id = cast(:id as uuid)"
)


class Origins:
    """One of an enrolment at most: whoever asked first."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, origins: Sequence[Origin]) -> None:
        if not origins:
            return
        rows = [
            {
                "enrolment_id": origin.enrolment_id,
                "subject": origin.done_by.subject,
                "role": origin.done_by.role,
                "guardian_id": origin.guardian_id,
                "how": origin.how,
                "filled_at": origin.filled_at,
            }
            for origin in origins
        ]
        self._connection.execute(_ADD, {"rows": as_json(rows)})

    def of(self, enrolment_id: str) -> Origin | None:
        row = self._connection.execute(_OF, {"id": enrolment_id}).first()
        if row is None:
            return None
        how = How(row.how) if row.how else None
        return Origin(row.enrolment_id, DoneBy(row.subject, row.role), row.guardian_id, how, row.filled_at)
