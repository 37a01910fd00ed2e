"""What every service says it holds of people, against its own database: no column is forgotten, and none is declared that is not there."""

from collections.abc import Callable, Sequence
from importlib import import_module

import pytest
import sqlalchemy as sa

from services.chassis.erasure.holdings import OF_CHASSIS, Holding
from services.chassis.service import Context, Service

NAMES = ("registration", "events", "notifications", "reporting")
SERVICES: dict[str, Service] = {name: import_module(f"services.{name}.service").SERVICE for name in NAMES}
_COLUMNS = sa.text(
    "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns"
    " where table_schema not in ('pg_catalog', 'information_schema')"
)
_POINTS_AT = sa.text(
    "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint where contype = 'f' and conrelid <> confrelid"
)

each_service = pytest.mark.parametrize("name", NAMES)


def held(name: str) -> Sequence[Holding]:
    """Everything that a service declares."""
    personal = SERVICES[name].personal
    assert personal is not None
    return (*personal.held, *OF_CHASSIS)


@each_service
def test_every_column_is_declared(context_of: Callable[..., Context], name: str) -> None:
    """Whoever adds a table or a column says what becomes of it when somebody is erased; nothing else is declared."""
    with context_of(SERVICES[name]).work() as work:
        there = set(work.connection.execute(_COLUMNS).scalars())
    declared = [f"{holding.table}.{column}" for holding in held(name) for column in holding.columns]
    assert (there - set(declared), set(declared) - there) == (set(), set())


@each_service
def test_no_column_is_declared_twice(name: str) -> None:
    """One thing becomes of a column, and not two."""
    declared = [f"{holding.table}.{column}" for holding in held(name) for column in holding.columns]
    assert len(declared) == len(set(declared))


@each_service
def test_what_is_erased_is_counted(name: str) -> None:
    """A receipt has a word for each table from which something is erased; a table of which something personal stays says why."""
    assert [holding.table for holding in held(name) if (holding.delete or holding.stand_in) and not holding.counts] == []
    assert [holding.table for holding in held(name) if holding.counts and not (holding.delete or holding.stand_in or holding.by_hand)] == []


@each_service
def test_rows_go_before_those_that_they_point_at(context_of: Callable[..., Context], name: str) -> None:
    """The tables stand in an order in which rows can be deleted."""
    places = {holding.table.removeprefix("public."): place for place, holding in enumerate(held(name)) if holding.delete}
    with context_of(SERVICES[name]).work() as work:
        pairs = [tuple(row) for row in work.connection.execute(_POINTS_AT)]
    assert [pair for pair in pairs if pair[0] in places and pair[1] in places and places[pair[0]] > places[pair[1]]] == []


def test_every_service_is_asked() -> None:
    """Registration awaits the answer of every service that holds something of people."""
    from services.registration.domain.erasure import AWAITED, OWN  # noqa: PLC0415 - beside what it is compared with

    assert {OWN, *AWAITED} == {name for name, service in SERVICES.items() if service.personal}
