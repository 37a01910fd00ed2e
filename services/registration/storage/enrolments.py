"""Enrolments: the answer to every request, and what became of it."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.aliases import SAME_IDS, Aliases
from services.registration.domain.child import Child, ChildKey, Unnumbered
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.life import Coming, Status, Step, Taken, leaves_on
from services.registration.domain.reach import Reach
from services.registration.storage.guardianships import TOLD_OF
from services.registration.storage.protections import HIDDEN_CHILD, PROTECTED
from services.registration.storage.rows import IDS, LIVING, as_bytea, as_json, columns
from services.registration.storage.sources import OF_SOURCES
from services.registration.vault import CprVault


def _select(hidden: str) -> str:
    return (
        "select e.enrolment_id::text, e.source, coalesce(e.withdrawal_id, e.step_id, e.request_id) as request_id, e.status, e.programme,"
        " e.track, e.child_id::text, e.guardian_ids, e.institution_id::text, i.code as institution, e.district,"
        " to_char(c.birth_date, 'YYYY-MM') as birth_month, e.start_date, e.end_date, e.reason, e.reasons, e.step, e.since, e.steps,"
        f" e.was_enrolled, e.coming, e.next_day, e.child_id is not null and {hidden} as hidden"
        " from enrolment e left join child c using (child_id) left join institution i using (institution_id)"
    )


_PROTECTED = HIDDEN_CHILD.format("e.child_id")
_ENROLMENT = _select(f"(e.hidden or {_PROTECTED})")
_IN_REACH = (
    f"(:everywhere or i.code in (select json_array_elements_text(cast(:institutions as json))) or {OF_SOURCES} or e.child_id in {TOLD_OF})"
)
_STANDING = sa.text(  # under whatever id a child was enrolled that was stored twice
    "with named as materialized (select child_id, cpr_lookup from child"
    " where cpr_lookup = any(array(select l from json_to_recordset(cast(:numbers as json)) as x(l bytea)))),"
    " kept as materialized (select cpr_lookup, coalesce(kept_id, child_id) as child_id"
    " from named left join chassis.alias on merged_id = child_id),"
    " same as materialized (select cpr_lookup, child_id from kept"
    " union all select cpr_lookup, merged_id from kept join chassis.alias on kept_id = child_id)"
    " select cpr_lookup, programme, status, start_date, coming from same join enrolment using (child_id)"
    f" where child_id = any(array(select child_id from same)) and status in {LIVING}"
)
_STANDING_OF_IDS = sa.text(
    "select t as named_id, programme, status, start_date, coming from json_array_elements_text(cast(:ids as json)) as x(t)"
    " cross join lateral chassis.same(cast(t as uuid)) as same_id join enrolment on child_id = same_id"
    f" where status in {LIVING}"
)
_LIVING = sa.text(f"{_ENROLMENT} where e.child_id = any(array{SAME_IDS}) and e.status in {LIVING} order by e.enrolment_id for update of e")
_ADD = sa.text(
    "insert into enrolment (enrolment_id, source, request_id, status, programme, track, child_id, guardian_ids, institution_id, district,"
    " start_date, end_date, reason, reasons, step, since, steps, was_enrolled, hidden) select enrolment_id, source, request_id, status,"
    " programme, track, child_id, guardian_ids, institution_id, district, start_date, end_date, reason, reasons, step, since, steps,"
    " was_enrolled, hidden"
    " from json_populate_recordset(null::enrolment, cast(:rows as json)) order by child_id, programme"
)
_LOCK = sa.text(f"{_ENROLMENT} where e.enrolment_id = {IDS} order by e.enrolment_id for update of e")
_CHANGE = sa.text(
    "update enrolment e set status = x.status, track = x.track, guardian_ids = x.guardian_ids, institution_id = x.institution_id,"
    " district = x.district, start_date = x.start_date, end_date = x.end_date, reason = x.reason, step = x.step, since = x.since,"
    " steps = x.steps, was_enrolled = x.was_enrolled, hidden = x.hidden,"
    " coming = x.coming, next_day = x.next_day, step_id = x.request_id,"
    " withdrawal_id = case when x.status = 'withdrawn' then x.request_id end"
    " from json_populate_recordset(null::enrolment, cast(:rows as json)) as x where e.enrolment_id = x.enrolment_id"
)
_REJECTED = sa.text(
    f"{_ENROLMENT} where e.source = :source and e.status = 'rejected'"
    " and e.request_id = any(array(select json_array_elements_text(cast(:ids as json))))"
)
_AGREED = sa.text(
    "select e.enrolment_id::text, c.purpose from enrolment e join consent c on c.programme = e.programme"
    " and c.child_id in (select chassis.same(e.child_id))"
    f" where e.enrolment_id = {IDS} and c.status = 'given'"
)
_DUE = sa.text(
    f"{_ENROLMENT} where e.next_day <= cast(:today as date) order by e.next_day, e.enrolment_id limit :limit for update of e skip locked"
)
_FOLLOWS = sa.text(
    "select exists (select from enrolment o, enrolment e where e.enrolment_id = cast(:id as uuid) and o.enrolment_id <> e.enrolment_id"
    f" and o.programme = e.programme and o.child_id in (select chassis.same(e.child_id)) and o.status in {LIVING})"
)
_TOLD_OTHERWISE = sa.text(
    f"{_select(_PROTECTED)} where e.enrolment_id in (select enrolment_id from enrolment where hidden"
    f" union select enrolment_id from enrolment join {PROTECTED} as p on child_id = person_id"
    f" union select enrolment_id from enrolment join guardianship using (child_id) join {PROTECTED} as p on guardian_id = person_id"
    " union select enrolment_id from enrolment join chassis.same_as on id = enrolment.child_id"
    f" join guardianship s on s.child_id = other_id join {PROTECTED} as p on guardian_id = person_id)"
    f" and e.hidden <> {_PROTECTED} order by e.enrolment_id for update of e"
)
_OF_CHILD = sa.text(f"{_ENROLMENT} where e.child_id in (select chassis.same(cast(:id as uuid))) order by e.enrolment_id")
_OF_CHILDREN = sa.text(f"{_ENROLMENT} where e.child_id = {IDS} order by e.enrolment_id for update of e")
_BEGUN = sa.text(f"select child_id::text, programme, start_date from enrolment where child_id = {IDS} and status in {LIVING} order by 1, 3")
_GET = sa.text(f"{_ENROLMENT} where e.enrolment_id = cast(:id as uuid) and {_IN_REACH}")
_LIST = sa.text(
    f"{_ENROLMENT} where {_IN_REACH} and (cast(:after as uuid) is null or e.enrolment_id > cast(:after as uuid))"
    " and (cast(:programme as text) is null or e.programme = :programme)"
    " and (cast(:status as text) is null or e.status = :status)"
    " and (cast(:institution as text) is null or i.code = :institution)"
    " and (cast(:district as text) is null or e.district = :district)"
    f" and (coalesce(cast(:institution as text), :district) is null or not (e.hidden or {_PROTECTED}))"
    " and (cast(:child_id as uuid) is null or e.child_id = any(array(select chassis.same(cast(:child_id as uuid)))))"
    " order by e.enrolment_id limit :limit"
)
_ALL = sa.text(f"{_ENROLMENT} order by e.enrolment_id")

FILTERS = ("programme", "status", "institution", "district", "child_id")


class Enrolments:
    """One for each request that was taken in, of any outcome."""

    def __init__(self, connection: sa.Connection, vault: CprVault, today: date) -> None:
        self._connection = connection
        self._vault = vault
        self._today = today

    def standing(self, children: Iterable[ChildKey]) -> tuple[dict[tuple[ChildKey, str], Status], dict[tuple[ChildKey, str], date]]:
        """Which of these children have an enrolment that may go on, in which programme, and where it stands; and when they leave.

        One that leaves counts where the child has no other.
        """
        found = dict(self._standing(children))
        leaving = {key: day for key, row in found.items() if (day := _leaves_on(row))}
        return {key: Status(row.status) for key, row in found.items()}, leaving

    def starts(self, children: Iterable[ChildKey]) -> dict[tuple[ChildKey | None, str], date]:
        """Which of them have one, and its first day."""
        return {key: row.start_date for key, row in self._standing(children)}

    def living(self, children: Mapping[ChildKey, Child]) -> dict[tuple[str, str], Enrolment]:
        """The same enrolments, of children who are locked; nobody else changes them until the end of the transaction.

        By the child's id (the one that is kept, where it was stored twice) and the programme; one that does not leave counts first, and the
        kept record's own.
        """
        if not children:
            return {}
        own = {child.child_id for child in children.values()}
        found = [_enrolment(row) for row in self._connection.execute(_LIVING, {"ids": as_json(own), "today": self._today})]
        others = Aliases(self._connection).surviving(child_id for one in found if (child_id := str(one.child_id)) not in own)
        found.sort(key=lambda one: (not leaves_on(one.status, one.coming), str(one.child_id) in own))
        return {(others.get(str(one.child_id), str(one.child_id)), str(one.programme)): one for one in found}

    def of_children(self, ids: Collection[str]) -> list[Enrolment]:
        """All that stand under these ids themselves; nobody else changes them until the end of the transaction."""
        rows = self._connection.execute(_OF_CHILDREN, {"ids": as_json(ids), "today": self._today}) if ids else ()
        return [_enrolment(row) for row in rows]

    def begun(self, ids: Collection[str]) -> dict[str, list[tuple[str, date]]]:
        """The programme and the first day of each that may go on, by child."""
        found: dict[str, list[tuple[str, date]]] = {}
        for row in self._connection.execute(_BEGUN, {"ids": as_json(ids)}) if ids else ():
            found.setdefault(row.child_id, []).append((row.programme, row.start_date))
        return found

    def add(self, enrolments: Sequence[Enrolment]) -> None:
        """Raises an integrity error for a second one of the same child and programme that may go on."""
        if enrolments:
            self._connection.execute(_ADD, {"rows": as_json(enrolments)})

    def change(self, enrolments: Sequence[Enrolment]) -> None:
        if enrolments:
            self._connection.execute(_CHANGE, {"rows": as_json(enrolments)})

    def lock(self, ids: Iterable[str]) -> dict[str, Enrolment]:
        """Those that exist, by id; nobody else changes them until the end of the transaction."""
        rows = self._connection.execute(_LOCK, {"ids": as_json(sorted(set(ids))), "today": self._today})
        return {row.enrolment_id: _enrolment(row) for row in rows}

    def due(self, limit: int) -> list[Enrolment]:
        """Those of which a step has come that has had no effect yet, the longest ago first; locked as with `lock`."""
        return [_enrolment(row) for row in self._connection.execute(_DUE, {"today": self._today, "limit": limit})]

    def answers(self, source: str, taken: Mapping[str, Taken], request_ids: Iterable[str]) -> dict[str, Enrolment]:
        """What a sender's requests were answered, by their ids: `taken` are the steps that were granted; the others were rejected."""
        known = self.lock(step.subject_id for step in taken.values())
        granted = {request_id: known[step.subject_id].as_answered(step) for request_id, step in taken.items()}
        rows = self._connection.execute(
            _REJECTED, {"source": source, "ids": as_json(set(request_ids) - granted.keys()), "today": self._today}
        )
        return granted | {row.request_id: _enrolment(row) for row in rows}

    def follows(self, enrolment: Enrolment) -> bool:
        """Whether the child is enrolled anew already, from the day on which it leaves this one."""
        return bool(self._connection.execute(_FOLLOWS, {"id": enrolment.enrolment_id}).scalar())

    def agreed(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """To which purposes somebody agreed for the children of these enrolments."""
        rows = self._connection.execute(_AGREED, {"ids": as_json(set(ids))}).all()
        return {enrolment_id: frozenset(row.purpose for row in rows if row.enrolment_id == enrolment_id) for enrolment_id in ids}

    def told_otherwise(self) -> list[Enrolment]:
        """Those of whose place others know what they may not, or not what they may, today."""
        return [_enrolment(row) for row in self._connection.execute(_TOLD_OTHERWISE, {"today": self._today})]

    def of_child(self, child_id: str) -> list[Enrolment]:
        """All that the child has or had, by id, which is by time."""
        return [_enrolment(row) for row in self._connection.execute(_OF_CHILD, {"id": child_id, "today": self._today})]

    def get(self, enrolment_id: str, reach: Reach) -> Enrolment | None:
        """One within reach."""
        row = self._connection.execute(_GET, self._reach(reach) | {"id": enrolment_id}).first()
        return _enrolment(row) if row else None

    def page(self, reach: Reach, *, limit: int, after: str | None, where: Mapping[str, Any]) -> list[Enrolment]:
        """Those within reach that match, by id, which is by time."""
        filters = {name: where.get(name) for name in FILTERS}
        rows = self._connection.execute(_LIST, self._reach(reach) | filters | {"limit": limit, "after": after})
        return [_enrolment(row) for row in rows]

    def stream(self) -> Iterator[Enrolment]:
        """All of them, a few at a time."""
        return map(_enrolment, self._connection.execute(_ALL, {"today": self._today}, execution_options={"yield_per": 500}))

    def _standing(self, keys: Iterable[ChildKey]) -> Iterator[tuple[tuple[ChildKey, str], Any]]:
        named = list(keys)
        by_lookup = {self._vault.lookup(key): key for key in named if isinstance(key, CprNumber)}
        lookups = as_json({"l": as_bytea(lookup)} for lookup in by_lookup)
        of_numbers = self._connection.execute(_STANDING, {"numbers": lookups}).all() if by_lookup else []
        ids = [key.child_id for key in named if isinstance(key, Unnumbered)]
        of_ids = self._connection.execute(_STANDING_OF_IDS, {"ids": as_json(ids)}).all() if ids else []
        found: list[tuple[tuple[ChildKey, str], Any]] = [((by_lookup[row.cpr_lookup], row.programme), row) for row in of_numbers]
        found += [((Unnumbered(row.named_id), row.programme), row) for row in of_ids]
        return iter(sorted(found, key=lambda pair: _leaves_on(pair[1]) is None))

    def _reach(self, reach: Reach) -> dict[str, Any]:
        return {
            "everywhere": reach.everywhere,
            "institutions": as_json(reach.institutions or ()),
            "sources": as_json(reach.sources or ()),
            "guardian": reach.guardian_id,
            "today": self._today,
        }


def _leaves_on(row: Any) -> date | None:
    return leaves_on(Status(row.status), msgspec.convert(row.coming, list[Coming]))


def _enrolment(row: Any) -> Enrolment:
    found = dict(columns(row))
    coming, step = msgspec.convert(found["coming"], list[Coming]), Step(found["step"]) if found["step"] else None
    return Enrolment(**found | {"status": Status(found["status"]), "step": step, "coming": coming})
