"""What is asked of the database reads as many rows where many people are known as where few are.

In a test's small tables PostgreSQL would read everything, which is quicker there. Told not to, it does so only where
nothing else is possible.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.service import Context
from services.chassis.testing import deliver, run_timer
from tests.registration.builders import REQUESTED, a_guardian, a_number, a_request
from tests.registration.imports.desk import a_file, a_line, checked, confirmed

PEOPLE = ("candidate", "child", "consent", "enrolment", "guardian", "match_key", "step_taken")
"""Not who is whose guardian: while they are few, all who are protected are found at once, and laid beside the children."""

_READ = "select relname, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"


@pytest.fixture
def read(registration: Context) -> Iterator[Counter[str]]:
    """How many rows the transactions that commit have read, by table."""
    engine, found = registration.database.engine, Counter[str]()
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


def of_people(read: Counter[str]) -> dict[str, int]:
    """Of those tables alone."""
    return {table: read[table] for table in PEOPLE}


def enrol(context: Context, birth_date: str, given_name: str) -> None:
    """A child, whose mother has its name, and who is like another."""
    child = {"birth_date": birth_date, "cpr_number": a_number(birth_date), "given_name": given_name, "family_name": given_name}
    deliver(context, REQUESTED, a_request(birth_date=birth_date, child=child, guardians=[a_guardian(email=f"{given_name}@example.org")]))
    run_timer(context, "duplicates")


def test_a_request_reads_as_much_of_the_database_whoever_is_known(registration: Context, read: Counter[str]) -> None:
    """To enrol a child, and to look for who may be the same, takes as many rows with thirty families known as with two."""
    read.clear()
    enrol(registration, "2022-05-14", "Asta")
    enrol(registration, "2022-05-14", "Asta")
    few = of_people(read)
    for n in range(28):
        enrol(registration, f"2022-06-{1 + n // 2:02d}", chr(ord("B") + n // 2) + "o")
    read.clear()
    enrol(registration, "2022-07-14", "Vita")
    enrol(registration, "2022-07-14", "Vita")
    assert of_people(read) == few


def take_in(context: Context, birth_date: str, name: str) -> None:
    """A file with such a child and its mother."""
    child = {"CPR": a_number(birth_date), "Født": birth_date, "Fornavn": name, "Efternavn": name}
    mother = {"Forælder 1 fornavn": name, "Forælder 1 efternavn": name, "Forælder 1 e-mail": f"{name}@example.org"}
    confirmed(context, checked(context, a_file(a_line(**child, **mother))))


def test_a_file_reads_as_much_of_the_database_whoever_is_known(registration: Context, read: Counter[str]) -> None:
    """Nor does a file that is tried out and applied read of more people than it names, however many there are."""
    read.clear()
    take_in(registration, "2022-05-14", "Asta")
    few = of_people(read)
    for n in range(20):
        enrol(registration, f"2022-06-{1 + n:02d}", chr(ord("B") + n) + "o")
    read.clear()
    take_in(registration, "2022-07-14", "Vita")
    assert of_people(read) == few
