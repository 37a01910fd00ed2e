"""Registration on a real PostgreSQL, with the sample programme loaded and the outbox empty again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, http
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE
from tests.registration.applicants import SARA, letters
from tests.registration.builders import PROGRAMME, SENDER
from tests.registration.folders import edited, write
from tests.registration.visitor import Visitor


@pytest.fixture
def empty(context_of: Callable[..., Context]) -> Context:
    """Registration with nothing in it."""
    return context_of(SERVICE)


@pytest.fixture
def registration(empty: Context) -> Context:
    """Registration as it runs: the sample programme is loaded, and what that told has been published."""
    with empty.work() as work:
        load_programme(PROGRAMME, work)
    with empty.work() as work:
        work.connection.execute(sa.text("delete from chassis.outbox"))
    return empty


@pytest.fixture
def running(registration: Context, tmp_path: Path) -> Context:
    """Registration with a programme that has not ended: the sample, until 2030."""
    with registration.work() as work:
        load_programme(write(edited("programme.toml", "end = 2024-06-30", "end = 2030-06-30"), tmp_path / "running"), work)
    with registration.work() as work:
        work.connection.execute(sa.text("delete from chassis.outbox"))
    return registration


@pytest.fixture
def statements(registration: Context) -> list[str]:
    """Every statement that the database gets from now on."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(registration.database.engine, "before_cursor_execute", note)
    return seen


@pytest.fixture
def door(registration: Context) -> Door:
    """Registration's HTTP door, with nobody at it yet."""
    return http(registration)


@pytest.fixture
def coordinator(door: Door) -> Door:
    """The same door, with a coordinator of the municipality."""
    return door.as_(Role.COORDINATOR)


@pytest.fixture
def system(door: Door) -> Door:
    """The same door, with the system that sends enrolments."""
    return door.as_(Role.SYSTEM, subject="daycare-administration", source=SENDER)


@pytest.fixture
def clock(registration: Context) -> FakeClock:
    """Registration's clock."""
    assert isinstance(registration.clock, FakeClock)
    return registration.clock


@pytest.fixture
def sara(door: Door) -> Visitor:
    """Sara, at the page that asks for a link."""
    return Visitor(door).goes("/sign-up")


@pytest.fixture
def inside(sara: Visitor, registration: Context) -> Visitor:
    """Sara, at the page that asks who she is."""
    sara.presses("ask", email=SARA)
    return sara.opens(letters(registration)[-1]["link"])
