"""The projections in the database: how a batch of states is kept, and how units are counted into tables.

All rows of a batch go as one JSON parameter, so a batch costs one statement whatever its size.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from services.chassis.replay import forget_positions
from services.chassis.storage import UnitOfWork
from services.reporting.domain.figures import TOTAL, Cell, Count
from services.reporting.domain.measures import FAMILIES, Family
from services.reporting.domain.report import Place, Programme

UNITS = Path(__file__).parent / "units"

metadata = sa.MetaData()


def _projection(name: str, *columns: sa.Column[Any]) -> sa.Table:
    last = (sa.Column("sequence", sa.BigInteger), sa.Column("as_of", sa.DateTime(timezone=True)))
    return sa.Table(name, metadata, sa.Column("id", UUID, primary_key=True), *columns, *last)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text) for name in names]


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, UUID) for name in names]


def _dates(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date) for name in names]


def _lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, JSONB) for name in names]


programme = _projection(
    "programme", *_texts("code", "name"), *_dates("starts_on", "ends_on"), sa.Column("target_children", sa.Integer), *_lists("districts")
)
institution = _projection("institution", *_texts("code", "name", "district", "programme"), *_lists("placements", "programmes"))
enrolment = _projection(
    "enrolment",
    *_texts("status", "programme", "institution", "district", "reason"),
    *_ids("child_id"),
    *_lists("guardian_ids"),
    *_dates("start_date"),
    sa.Column("was_enrolled", sa.Boolean),
)
consent = _projection(
    "consent", *_ids("subject_id", "giver_id"), *_texts("purpose", "status"), sa.Column("said_at", sa.DateTime(timezone=True))
)
professional = _projection("professional", *_texts("profession", "programme", "institution", "district"))
activity = _projection("activity", *_texts("status", "programme", "kind", "district", "institution"), *_lists("sessions"))
signup = _projection(
    "signup",
    *_ids("activity_id", "contact_id"),
    *_texts("programme", "kind", "state"),
    *_lists("party"),
    sa.Column("signed_up_at", sa.DateTime(timezone=True)),
)
attendance = _projection(
    "attendance", *_ids("session_id", "activity_id", "person_id"), *_texts("state", "kind", "programme"), *_dates("held_on")
)
mail = _projection("mail", *_ids("person_id", "activity_id"), *_texts("state"))

PROJECTIONS: Sequence[sa.Table] = tuple(metadata.tables.values())


_FORGET_STATES = sa.text(f"truncate {', '.join(table.name for table in PROJECTIONS)}")


class Projection:
    """One table that holds the last state of each aggregate of a kind."""

    def __init__(self, connection: sa.Connection, table: sa.Table) -> None:
        self._connection = connection
        self._table = table

    def keep(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep each row unless a later state of its aggregate is there already. Several rows of one aggregate: the last counts."""
        self._connection.execute(_KEEP[self._table.name], {"rows": msgspec.json.encode(list(rows)).decode()})


def _keep(table: sa.Table) -> sa.TextClause:
    names = [column.name for column in table.columns]
    types = ", ".join(f"{column.name} {column.type.compile(_POSTGRESQL)}" for column in table.columns)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    listed = ", ".join(names)
    return sa.text(
        f"insert into {table.name} as kept ({listed})"  # noqa: S608 - our own names
        f" select distinct on (id) {listed} from json_to_recordset(cast(:rows as json)) as state ({types}) order by id, sequence desc"
        f" on conflict (id) do update set {changes} where kept.sequence < excluded.sequence"
    )


_POSTGRESQL = sa.dialects.postgresql.dialect()  # type: ignore[no-untyped-call]
_KEEP = {table.name: _keep(table) for table in PROJECTIONS}


class Tallies:
    """Counts units into the tables of a family."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def programmes(self) -> Sequence[Programme]:
        """All programmes, by code."""
        columns = [programme.c[name] for name in ("code", "name", "starts_on", "ends_on", "target_children", "districts")]
        return [Programme(*row) for row in self._connection.execute(sa.select(*columns).order_by(programme.c.code))]

    def institutions(self, code: str) -> Sequence[Place]:
        """A programme's institutions by district and code: one that moved while the programme ran, once in each of its districts."""
        return [Place(*row) for row in self._connection.execute(_PLACES, {"programme": code})]

    def counts(self, family: Family, programme: str, start: date | None, end: date | None) -> Mapping[Cell, Count]:
        """The counts of a family's units whose day is from `start` until before `end` (Europe/Copenhagen; None: open)."""
        values = {"programme": programme, "now": self._now, "start": start, "end": end}
        counted = self._connection.execute(_COUNT[family.name], values)
        return {Cell(by, row, part or TOTAL): Count(value, people) for by, row, part, value, people in counted}

    def updated_at(self) -> datetime | None:
        """When the newest fact that is counted happened."""
        newest = sa.union_all(*(sa.select(sa.func.max(table.c.as_of).label("as_of")) for table in PROJECTIONS)).subquery()
        return self._connection.execute(sa.select(sa.func.max(newest.c.as_of))).scalar()


class Work(UnitOfWork):
    """One transaction on the reporting service's database."""

    @cached_property
    def programmes(self) -> Projection:
        return Projection(self.connection, programme)

    @cached_property
    def institutions(self) -> Projection:
        return Projection(self.connection, institution)

    @cached_property
    def enrolments(self) -> Projection:
        return Projection(self.connection, enrolment)

    @cached_property
    def consents(self) -> Projection:
        return Projection(self.connection, consent)

    @cached_property
    def professionals(self) -> Projection:
        return Projection(self.connection, professional)

    @cached_property
    def activities(self) -> Projection:
        return Projection(self.connection, activity)

    @cached_property
    def signups(self) -> Projection:
        return Projection(self.connection, signup)

    @cached_property
    def attendances(self) -> Projection:
        return Projection(self.connection, attendance)

    @cached_property
    def mails(self) -> Projection:
        return Projection(self.connection, mail)

    @cached_property
    def tallies(self) -> Tallies:
        return Tallies(self.connection, self.now)

    def forget(self, consumer: str) -> None:
        """Empty all projections, forget who was merged, and let the consumer take every fact anew."""
        forget_positions(self, consumer)
        self.connection.execute(_FORGET_STATES)
        self.aliases.forget()


_PLACES = sa.text(
    "select distinct placed.district, institution.code, institution.name from institution"
    " join programme on institution.programmes @> to_jsonb(programme.code)"
    ' cross join lateral jsonb_to_recordset(institution.placements) as placed (district text, start date, "end" date)'
    " where programme.code = :programme and (placed.start <= programme.ends_on) is not false"
    ' and (placed."end" >= programme.starts_on) is not false order by 1, 2'
)


def _count(family: Family) -> sa.TextClause:
    """Lays every unit out in the family's tables, once for each row that it is in, and counts units and people.

    Who does not want to be counted (`units/left_out.sql`) is behind none of them.
    """
    rows = [("", "''"), *((table.name, f"units.{table.name}") for table in family.tables)]
    rows += [(table.name, f"split_part(units.{table.name}, '/', 1)") for table in family.tables if table.nested]
    values = ", ".join(f"('{name}', {row})" for name, row in rows)
    return sa.text(
        f"with {_shared()} select at.tab, at.line, units.part, count(*), count(distinct units.contributor)"  # noqa: S608
        f" from ({_unit(family.name)}) as units cross join lateral (values {values}) as at (tab, line)"
        " where (units.day >= cast(:start as date)) is not false and (units.day < cast(:end as date)) is not false"
        " and not exists (select from left_out where left_out.person_id = units.contributor)"
        " group by grouping sets ((at.tab, at.line), (at.tab, at.line, units.part))"
    )


def _shared() -> str:
    """What the units of several families look at."""
    return ", ".join(f"{name} as ({_unit(name)})" for name in ("family", "word", "left_out"))


def _unit(name: str) -> str:
    return (UNITS / f"{name}.sql").read_text(encoding="utf-8")


_COUNT = {family.name: _count(family) for family in FAMILIES}
