"""What is asked of the database reads as many rows where many are signed up as where few are.

In a test's small tables PostgreSQL would read everything, which is quicker there. Told not to, it does so only where
nothing else is possible.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.service import Context
from services.chassis.testing import run_timer
from tests.events.builders import a_family
from tests.events.town import Desk, Json, Town

SIGNUPS = ("signup", "party", "decision", "offer", "hold", "enrolment", "consent", "quota")
OFTEN = ("transfers", "draws", "offers", "release", "expire")
"""The timers that run every few seconds."""

_READ = "select relname, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"


@pytest.fixture
def read(context: Context) -> Iterator[Counter[str]]:
    """How many rows the transactions that commit have read, by table."""
    engine, found = context.database.engine, Counter[str]()
    engine.dispose()

    def reluctant(connection: Any, _record: Any) -> None:
        connection.execute("set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off")

    def note(connection: sa.Connection) -> None:
        found.update(dict(connection.exec_driver_sql(_READ).all()))
        connection.exec_driver_sql("select pg_stat_force_next_flush()")  # the next transaction counts from nothing

    sa.event.listen(engine, "connect", reluctant)
    sa.event.listen(engine, "commit", note)
    yield found
    sa.event.remove(engine, "commit", note)
    sa.event.remove(engine, "connect", reluctant)
    engine.dispose()


def of_signups(read: Counter[str]) -> dict[str, int]:
    """Of those tables alone."""
    return {table: read[table] for table in SIGNUPS}


def signs_up(town: Town, desk: Desk, workshop: Json) -> None:
    """A new family."""
    desk.signs_up(workshop, town.enrols(a_family(guardians=1)).party())


def test_a_sign_up_reads_as_much_whoever_is_signed_up(town: Town, desk: Desk, read: Counter[str]) -> None:
    """To go to the waiting list takes as many rows with thirty families in it, and as many elsewhere, as with two."""
    here, there = desk.opens(capacity=4), desk.opens(capacity=4)
    for workshop in (here, there) * 3:
        signs_up(town, desk, workshop)
    read.clear()
    signs_up(town, desk, here)
    few = of_signups(read)
    for workshop in (here, there) * 28:
        signs_up(town, desk, workshop)
    read.clear()
    signs_up(town, desk, here)
    assert of_signups(read) == few


def test_timers_read_no_sign_up_of_whom_nothing_is_due(town: Town, desk: Desk, read: Counter[str]) -> None:
    """What looks every few seconds for something to do reads none of the sign-ups that there are."""
    workshop = desk.opens(capacity=4)
    for _ in range(6):
        signs_up(town, desk, workshop)
    read.clear()
    for timer in OFTEN:
        run_timer(desk.context, timer)
    assert set(of_signups(read).values()) == {0}
