"""Whether a programme has reached a family: somebody of it came to one of its sessions."""

from collections.abc import Iterable

import sqlalchemy as sa

from services.events.storage.attendance import CAME
from services.events.storage.rows import json_of

_REACHED = sa.text(f"""
select exists (select from attendance t
    join session s on s.session_id = t.session_id join activity a on a.activity_id = s.activity_id
    where t.person_id = any(array(select cast(json_array_elements_text(cast(:people as json)) as uuid)))
        and {CAME} and a.programme = :programme)
""")  # noqa: S608 - our own text


class Reach:
    """Asked of whole families, under all ids that mean the same people."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def includes(self, people: Iterable[str], programme: str) -> bool:
        """Whether any of these people was ever present, or came late, at a session of the programme."""
        return bool(self._connection.execute(_REACHED, {"people": json_of(people), "programme": programme}).scalar())
