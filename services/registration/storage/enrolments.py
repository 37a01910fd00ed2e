"""Enrolments: the answer to every request, and what became of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.enrolment import Enrolment, Status
from services.registration.domain.reach import Reach
from services.registration.storage.rows import as_bytea, as_json, columns
from services.registration.vault import CprVault

_ENROLMENT = (
    "select e.enrolment_id::text, e.source, coalesce(e.withdrawal_id, e.request_id) as request_id, e.status, e.programme, e.track,"
    " e.child_id::text, e.guardian_ids, e.institution_id::text, i.code as institution, e.district,"
    " to_char(c.birth_date, 'YYYY-MM') as birth_month, e.start_date, e.end_date, e.reason, e.reasons"
    " from enrolment e left join child c using (child_id) left join institution i using (institution_id)"
)
_IN_REACH = (
    "(:everywhere or i.code in (select json_array_elements_text(cast(:institutions as json)))"
    " or e.source in (select json_array_elements_text(cast(:sources as json)))"
    " or e.child_id in (select child_id from guardianship where guardian_id = cast(:guardian as uuid)))"
)
_ACTIVE = sa.text(
    "select c.cpr_lookup, e.programme from enrolment e join child c using (child_id) where e.status = 'accepted'"
    " and c.cpr_lookup in (select l from json_to_recordset(cast(:numbers as json)) as x(l bytea))"
)
_ADD = sa.text(
    "insert into enrolment (enrolment_id, source, request_id, status, programme, track, child_id, guardian_ids, institution_id, district,"
    " start_date, reasons) select enrolment_id, source, request_id, status, programme, track, child_id, guardian_ids, institution_id,"
    " district, start_date, reasons from json_populate_recordset(null::enrolment, cast(:rows as json)) order by child_id, programme"
)
_LOCK = sa.text(
    f"{_ENROLMENT} where e.enrolment_id in (select cast(json_array_elements_text(cast(:ids as json)) as uuid))"
    " order by e.enrolment_id for update of e"
)
_WITHDRAW = sa.text(
    "update enrolment e set status = 'withdrawn', withdrawal_id = x.w, reason = x.r, end_date = x.d"
    " from json_to_recordset(cast(:rows as json)) as x(i uuid, w text, r text, d date) where e.enrolment_id = x.i"
)
_IDS_OF_REQUESTS = sa.text(
    "select enrolment_id::text, request_id from enrolment"
    " where source = :source and request_id in (select json_array_elements_text(cast(:ids as json)))"
)
_GET = sa.text(f"{_ENROLMENT} where e.enrolment_id = cast(:id as uuid) and {_IN_REACH}")
_LIST = sa.text(
    f"{_ENROLMENT} where {_IN_REACH} and (cast(:after as uuid) is null or e.enrolment_id > cast(:after as uuid))"
    " and (cast(:programme as text) is null or e.programme = :programme)"
    " and (cast(:status as text) is null or e.status = :status)"
    " and (cast(:institution as text) is null or i.code = :institution)"
    " and (cast(:district as text) is null or e.district = :district)"
    " and (cast(:child_id as uuid) is null or e.child_id = cast(:child_id as uuid)) order by e.enrolment_id limit :limit"
)
_ALL = sa.text(f"{_ENROLMENT} order by e.enrolment_id")

FILTERS = ("programme", "status", "institution", "district", "child_id")


class Enrolments:
    """One for each request that was taken in, of any outcome."""

    def __init__(self, connection: sa.Connection, vault: CprVault) -> None:
        self._connection = connection
        self._vault = vault

    def active(self, numbers: Iterable[CprNumber]) -> set[tuple[CprNumber, str]]:
        """Which of these children are enrolled now, and in which programme."""
        by_lookup = {self._vault.lookup(number): number for number in numbers}
        rows = as_json({"l": as_bytea(lookup)} for lookup in by_lookup)
        return {(by_lookup[lookup], programme) for lookup, programme in self._connection.execute(_ACTIVE, {"numbers": rows})}

    def add(self, enrolments: Sequence[Enrolment]) -> None:
        """Raises an integrity error for a second active one of the same child and programme."""
        self._connection.execute(_ADD, {"rows": as_json(enrolments)})

    def lock(self, ids: Iterable[str]) -> dict[str, Enrolment]:
        """Those that exist, by id; nobody else changes them until the end of the transaction."""
        rows = self._connection.execute(_LOCK, {"ids": as_json(sorted(set(ids)))})
        return {row.enrolment_id: _enrolment(row) for row in rows}

    def save_withdrawn(self, enrolments: Sequence[Enrolment]) -> None:
        if not enrolments:
            return
        rows = [{"i": e.enrolment_id, "w": e.request_id, "r": e.reason, "d": e.end_date} for e in enrolments]
        self._connection.execute(_WITHDRAW, {"rows": as_json(rows)})

    def answers(self, source: str, request_ids: Iterable[str]) -> dict[str, Enrolment]:
        """What a sender's requests were answered, by their ids."""
        rows = self._connection.execute(_IDS_OF_REQUESTS, {"source": source, "ids": as_json(set(request_ids))})
        ids = {row.request_id: row.enrolment_id for row in rows}
        found = self.lock(ids.values())
        return {request_id: found[enrolment_id].as_answered(request_id) for request_id, enrolment_id in ids.items()}

    def get(self, enrolment_id: str, reach: Reach) -> Enrolment | None:
        """One within reach."""
        row = self._connection.execute(_GET, _reach(reach) | {"id": enrolment_id}).first()
        return _enrolment(row) if row else None

    def page(self, reach: Reach, *, limit: int, after: str | None, where: Mapping[str, Any]) -> list[Enrolment]:
        """Those within reach that match, by id, which is by time."""
        filters = {name: where.get(name) for name in FILTERS}
        rows = self._connection.execute(_LIST, _reach(reach) | filters | {"limit": limit, "after": after})
        return [_enrolment(row) for row in rows]

    def stream(self) -> Iterator[Enrolment]:
        """All of them, a few at a time."""
        return map(_enrolment, self._connection.execute(_ALL, execution_options={"yield_per": 500}))


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "everywhere": reach.everywhere,
        "institutions": as_json(reach.institutions or ()),
        "sources": as_json(reach.sources or ()),
        "guardian": reach.guardian_id,
    }


def _enrolment(row: Any) -> Enrolment:
    found = dict(columns(row))
    return Enrolment(**found | {"status": Status(found["status"])})
