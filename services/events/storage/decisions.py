"""What was decided about sign-ups, in the order in which it was decided; rows are added and never changed."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.events.domain.decision import Decision
from services.events.storage.rows import every, json_of

_ADD = sa.text("""
insert into decision (signup_id, activity_id, what, at, "values")
select signup_id, activity_id, what, at, "values" from json_to_recordset(cast(:rows as json))
    as r(signup_id uuid, activity_id uuid, what text, at timestamptz, "values" jsonb)
""")
_OF_SIGNUP = sa.text("""
select cast(signup_id as text), cast(activity_id as text), what, at, "values" from decision
where signup_id = :signup_id order by id
""")


class Decisions:
    """The record of decisions. What is added in a unit of work is written at its end, in one statement."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._added: list[Decision] = []

    def add(self, decision: Decision) -> None:
        self._added.append(decision)

    def flush(self) -> None:
        """Write what was added."""
        if self._added:
            self._connection.execute(_ADD, {"rows": json_of(self._added)})
            self._added = []

    def of_signup(self, signup_id: str) -> Sequence[Decision]:
        """Everything that was decided about a sign-up, the first first."""
        return every(Decision, self._connection.execute(_OF_SIGNUP, {"signup_id": signup_id}))
