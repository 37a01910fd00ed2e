"""Whose time is up, by the rules of all programmes; and which nights have been seen to."""

# ruff: noqa: S608 - the statements are put together from our own text; values travel as parameters

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from services.registration.domain import life
from services.registration.domain.programme import Programme
from services.registration.domain.protection import PersonKind
from services.registration.domain.retention import Due
from services.registration.storage.rows import as_json

_ENROLLED = "(" + ", ".join(f"'{status}'" for status in sorted(life.ENROLLED)) + ")"
_RULES = (
    "rule as (select * from json_to_recordset(cast(:rules as json))"
    ' as r(programme text, "trigger" text, code text, period text, hold boolean))'
)
_COUNTS_FROM = (
    f"case when e.status in {_ENROLLED} then null when e.end_date is not null then e.end_date"
    " else (select cast(max(recorded_at) as date) from step_taken where subject_id = e.enrolment_id) end"
)
_ENDINGS = (
    "ending as (select coalesce(a.kept_id, e.child_id) as child_id, e.programme, r.code, r.hold,"
    f" cast(({_COUNTS_FROM}) + cast(r.period as interval) as date) as due_on"
    " from enrolment e left join chassis.alias a on a.merged_id = e.child_id left join rule r"
    " on r.programme = e.programme and r.\"trigger\" = case when e.was_enrolled then 'enrolment-ended' else 'never-enrolled' end"
    " where e.child_id is not null)"
)
_CHILDREN = (
    "select 'child' as kind, child_id as person_id, (array_agg(programme order by due_on desc, programme))[1] as programme,"
    " (array_agg(code order by due_on desc, programme))[1] as rule, max(due_on) as due_on, bool_or(hold) as on_hold"
    " from ending group by child_id having bool_and(due_on is not null) and max(due_on) <= :night"
)
_PROFESSIONALS = (
    "select 'professional', professional_id, p.programme, r.code, cast(p.end_date + cast(r.period as interval) as date), r.hold"
    " from professional p join rule r on r.programme = p.programme and r.\"trigger\" = 'work-ended'"
    f" where p.end_date is not null and p.status not in {_ENROLLED} and cast(p.end_date + cast(r.period as interval) as date) <= :night"
)
_DUE = sa.text(
    f"with {_RULES}, {_ENDINGS} select kind, cast(person_id as text), programme, rule, due_on, on_hold from ({_CHILDREN} union all"
    f" {_PROFESSIONALS}) as due where (cast(:after as uuid) is null or person_id > cast(:after as uuid))"
    " order by due.person_id limit :limit"
)
_MERGED = sa.text(
    "select kept_id::text, merged_id::text from chassis.alias"
    " where kept_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid))) order by 1, 2"
)
_ALONG = sa.text(
    "select distinct s.child_id::text, s.guardian_id::text from guardianship s"
    " where s.child_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
    " and not exists (select from guardianship o where o.guardian_id = s.guardian_id"
    " and o.child_id not in (select chassis.same(s.child_id))) order by 1, 2"
)
_HELD = sa.text(
    "select distinct person_id::text from legal_hold where lifted_at is null and (until is null or until > :day)"
    " and person_id = any(array(select cast(json_array_elements_text(cast(:ids as json)) as uuid)))"
)
_BEGIN = sa.text("insert into retention_night (night, begun_at) values (:night, :now) on conflict do nothing")
_END = sa.text("update retention_night set erased = :erased, kept = :kept, answers = :answers where night = :night")


class Retention:
    """Looks at everybody at once; a night in which nobody is due costs one statement."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def due(self, night: date, programmes: Iterable[Programme], *, limit: int, after: str | None = None) -> list[Due]:
        """Whose time is up that night, by id, with those who would go along and whether a hold lies on one of them."""
        rules = [asdict(rule) | {"programme": programme.code, "name": None} for programme in programmes for rule in programme.retention]
        rows = self._connection.execute(_DUE, {"rules": as_json(rules), "night": night, "after": after, "limit": limit})
        return self._whole([Due(PersonKind(kind), *rest) for kind, *rest in rows], night)

    def along(self, child_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The guardians of each of these children who have no other child."""
        found: dict[str, list[str]] = defaultdict(list)
        for child_id, guardian_id in self._connection.execute(_ALONG, {"ids": as_json(child_ids)}):
            found[child_id].append(guardian_id)
        return found

    def held(self, ids: Iterable[str], day: date) -> set[str]:
        """On whom of these a hold lies that day."""
        return set(self._connection.execute(_HELD, {"ids": as_json(ids), "day": day}).scalars())

    def begin(self, night: date, now: datetime) -> bool:
        """Whether nobody has begun that night yet."""
        return self._connection.execute(_BEGIN, {"night": night, "now": now}).rowcount == 1

    def end(self, night: date, *, erased: int, kept: int, answers: int) -> None:
        """How many people were erased, how many were due and kept, and how many traces of answers were erased."""
        self._connection.execute(_END, {"night": night, "erased": erased, "kept": kept, "answers": answers})

    def _whole(self, due: Sequence[Due], night: date) -> list[Due]:
        own = self._own([one.person_id for one in due])
        along = self.along([id_ for ids in own.values() for id_ in ids])
        people = {one.person_id: _people(one.kind, own[one.person_id], along) for one in due}
        held = self.held({person_id for family in people.values() for _, person_id in family}, night)
        return [replace(one, people=people[one.person_id], held=_any_of(people[one.person_id], held)) for one in due]

    def _own(self, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Each id, and after it those of whoever turned out to be the same person."""
        own = {id_: [id_] for id_ in ids}
        for kept_id, merged_id in self._connection.execute(_MERGED, {"ids": as_json(ids)}):
            own[kept_id].append(merged_id)
        return own


def _people(kind: PersonKind, own: Sequence[str], along: Mapping[str, Sequence[str]]) -> list[tuple[PersonKind, str]]:
    guardians = dict.fromkeys(guardian_id for id_ in own for guardian_id in along.get(id_, ()))
    return [*((kind, id_) for id_ in own), *((PersonKind.GUARDIAN, guardian_id) for guardian_id in guardians)]


def _any_of(people: Sequence[tuple[Any, str]], held: set[str]) -> bool:
    return any(person_id in held for _, person_id in people)
