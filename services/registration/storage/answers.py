"""That a request was answered: what another system asks for need not leave a trace of its own, such as an enrolment does."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from services.chassis.envelope import Received
from services.registration.storage.rows import as_json

_ADD = sa.text(
    "insert into answer (source, request_id, request, answered_at)"
    " select s, i, r, now() from json_to_recordset(cast(:rows as json)) as x(s text, i text, r text) on conflict do nothing"
)


class Answers:
    """Which requests were answered, granted or not: for whoever asks what became of one."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, requests: Iterable[Received[Any]]) -> None:
        rows = [{"s": request.source, "i": request.id, "r": request.type} for request in requests]
        self._connection.execute(_ADD, {"rows": as_json(rows)})
