"""The steps that were taken: the history of every enrolment and every professional. A row changes once at most, when it is called back."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.registration.domain.life import Status, Step, Taken
from services.registration.storage.rows import IDS, as_json, columns

_TAKEN = (
    "select t.subject_id::text, t.number, t.step, t.status, t.effective_date, t.source, t.request_id, t.reason, t.track,"
    " t.institution_id::text, i.code as institution, t.recorded_at, coalesce(t.said_at, t.recorded_at) as said_at, t.anew,"
    " t.called_back_at is not null as called_back"
    " from step_taken t left join institution i using (institution_id)"
)
_ADD = sa.text(
    "insert into step_taken (subject_id, number, step, status, effective_date, source, request_id, reason, track, institution_id,"
    " recorded_at, said_at, anew) select subject_id, number, step, status, effective_date, source, request_id, reason, track,"
    " institution_id, :now, said_at, anew"
    " from json_populate_recordset(null::step_taken, cast(:rows as json))"
)
_CALL_BACK = sa.text(
    "update step_taken set called_back_at = :now, called_back_by = :by where subject_id = cast(:id as uuid) and number = :number"
)
_OF = sa.text(f"{_TAKEN} where t.subject_id = cast(:id as uuid) order by t.number")
_OF_ALL = sa.text(f"{_TAKEN} where t.subject_id = {IDS} order by t.subject_id, t.number")
_OF_CHILD = sa.text(
    f"{_TAKEN} where t.subject_id in (select enrolment_id from enrolment where child_id in (select chassis.same(cast(:id as uuid))))"
    " order by t.subject_id, t.number"
)
_OF_REQUESTS = sa.text(
    f"{_TAKEN} join enrolment e on e.enrolment_id = t.subject_id"
    " where t.source = :source and t.request_id = any(array(select json_array_elements_text(cast(:ids as json))))"
)


class History:
    """Who took which step, and when."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(self, taken: Sequence[Taken]) -> None:
        if taken:
            self._connection.execute(_ADD, {"rows": as_json(taken), "now": self._now})

    def call_back(self, subject_id: str, number: int, by: str) -> None:
        """Keep that a step was called back before its day, and in whose name."""
        self._connection.execute(_CALL_BACK, {"id": subject_id, "number": number, "by": by, "now": self._now})

    def of(self, subject_id: str) -> list[Taken]:
        """All steps of an enrolment or a professional, in the order in which they came."""
        return [_taken(row) for row in self._connection.execute(_OF, {"id": subject_id})]

    def of_all(self, subject_ids: Iterable[str]) -> dict[str, list[Taken]]:
        """The same of each of these."""
        found: dict[str, list[Taken]] = {subject_id: [] for subject_id in subject_ids}
        for row in self._connection.execute(_OF_ALL, {"ids": as_json(found)}):
            found[row.subject_id].append(_taken(row))
        return found

    def of_child(self, child_id: str) -> list[Taken]:
        """All steps of all enrolments of a child, under whatever id, by enrolment."""
        return [_taken(row) for row in self._connection.execute(_OF_CHILD, {"id": child_id})]

    def of_requests(self, source: str, request_ids: Iterable[str]) -> dict[str, Taken]:
        """The steps of enrolments that these requests of a sender led to, by the requests' ids."""
        rows = self._connection.execute(_OF_REQUESTS, {"source": source, "ids": as_json(set(request_ids))})
        return {row.request_id: _taken(row) for row in rows}


def _taken(row: Any) -> Taken:
    found = dict(columns(row))
    return Taken(**found | {"step": Step(found["step"]), "status": Status(found["status"])})
