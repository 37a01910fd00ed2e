"""Whom an import keeps waiting while a chunk of it is under way: the people in the chunk, and nobody else.

The chunk's transaction stays open, with everything done in it that it does, until the other's answer is there. So whatever
would wait for it would wait in vain, and be refused: an answer proves that nothing was waited for, on however slow a machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from services.chassis.database import Database
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, http
from services.registration.imports import handlers, passes
from services.registration.imports.columns import Kind
from services.registration.imports.passes import Passes
from services.registration.imports.record import Deed, Import, State
from tests.registration.builders import SENDER, a_guardian, a_number, a_request
from tests.registration.imports.desk import a_file, a_line, asked, checked, confirmed, living, rows, run

FATHER = "1989-04-11"
FIRST, SECOND = "740522-4991", "740522-4992"


@pytest.fixture
def others(registration: Context) -> Iterator[Context]:
    """The same service as another process has it, which waits for nothing that is locked."""
    impatient = replace(registration, database=Database(registration.database.url, lock_s=0.02))
    yield impatient
    impatient.database.close()


@pytest.fixture
def at_the_door(others: Context) -> Door:
    """A system that asks for enrolments, at the door of that process."""
    return http(others).as_(Role.SYSTEM, source=SENDER)


@contextmanager
def amid_a_chunk(context: Context, imported: Import) -> Iterator[None]:
    """The import's next chunk is done, in a transaction that has not come to its end."""
    with context.work() as work:
        amid = work.imports.lock(imported.import_id)
        Passes().step(amid, work)
        work.imports.save(amid)
        work.flush()
        yield


@pytest.fixture
def applying(registration: Context) -> Import:
    """A file of two families, confirmed; with chunks of one line the first family is in the first."""
    with patch.object(passes, "CHUNK", 1):
        imported = checked(registration, a_file(a_line(CPR=FIRST), a_line(CPR=SECOND, Fornavn="Bo")))
    with registration.work() as work:
        return handlers.confirm(imported.import_id, imported.report or "", work)


def enrolled(door: Door, **details: Any) -> int:
    """What the door answers to a request."""
    return door.post("/v1/enrolment-requests", json={"id": new_id(), "data": a_request(**details)}).status_code


@pytest.mark.usefixtures("registration")
class TestWhileAFileIsApplied:
    """A chunk of one line is under way."""

    @pytest.fixture(autouse=True)
    def one_line_a_chunk(self) -> Iterator[None]:
        """Each family in a chunk of its own."""
        with patch.object(passes, "CHUNK", 1):
            yield

    def test_other_families_enrol(self, registration: Context, applying: Import, at_the_door: Door) -> None:
        """A family that no file names is enrolled, and so is one that a later chunk of the same file names."""
        with amid_a_chunk(registration, applying):
            assert enrolled(at_the_door) == 200
            assert enrolled(at_the_door, cpr_number=SECOND) == 200
        run(registration, applying.import_id)
        assert [row.deed for row in rows(registration, applying)] == [Deed.APPLIED, Deed.MOVED]

    def test_whoever_is_in_the_chunk_waits(self, registration: Context, applying: Import, at_the_door: Door) -> None:
        """The same child by another way has to wait, as of two who ask for one child at once one always does."""
        with amid_a_chunk(registration, applying):
            assert enrolled(at_the_door, cpr_number=FIRST) == 503

    @pytest.mark.parametrize("path", ["enrolments", "imports", "imports/{id}", "imports/{id}/report", "imports/{id}/report.csv"])
    def test_whoever_reads_is_answered(self, registration: Context, applying: Import, others: Context, path: str) -> None:
        """Lists, the import itself and its report are read as they were before the chunk."""
        reader = http(others).as_(Role.COORDINATOR, purpose="handle-enrolment")
        with amid_a_chunk(registration, applying):
            assert reader.get(f"/v1/{path.format(id=applying.import_id)}").status_code == 200

    def test_families_who_were_there_are_changed(self, registration: Context, applying: Import, others: Context) -> None:
        """A guardian's contacts, and what holds between him and his child, are changed by their own doors."""
        deed = {"id": new_id(), "data": a_request(guardians=[a_guardian(cpr_number=a_number(FATHER))])}
        system = http(others).as_(Role.SYSTEM, source=SENDER)
        made = system.post("/v1/enrolment-requests", json=deed).get_json()
        guardian, clerk = made["guardian_ids"][0], http(others).as_(Role.COORDINATOR)
        terms = {"custody": True, "contact_allowed": False, "residence": False, "relation": "father", "valid_from": "2024-02-01"}
        with amid_a_chunk(registration, applying):
            assert clerk.patch(f"/v1/guardians/{guardian}", json={"phone": "20000018"}).status_code == 200
            assert clerk.put(f"/v1/children/{made['child_id']}/guardians/{guardian}", json=terms).status_code == 200

    def test_another_file_is_applied_beside_it(self, registration: Context, applying: Import, others: Context) -> None:
        """Two files are under way at once, each with its own people."""
        beside = checked(registration, a_file(a_line(Fornavn="Åse")))
        with amid_a_chunk(registration, applying):
            assert confirmed(others, beside).state is State.APPLIED
        assert [row[0] for row in living(registration)] == ["Asta", "Åse"]

    def test_institutions_that_come_in_keep_no_family_waiting(self, registration: Context, at_the_door: Door) -> None:
        """While a file of institutions is brought into the programme's folder, families enrol in that programme."""
        content = "Distrikt;Enhedsnummer;Navn;InstType3\nBaltorp;151050;Børnehuset Åkanden;6012\n".encode()
        places = checked(registration, content, Kind.INSTITUTIONS)
        with registration.work() as work:
            handlers.confirm(places.import_id, places.report or "", work)
        with amid_a_chunk(registration, places):
            assert enrolled(at_the_door) == 200

    def test_what_is_taken_back_keeps_nobody_waiting(self, registration: Context, applying: Import, at_the_door: Door) -> None:
        """While a chunk is undone, families that it does not name enrol, and the list is read."""
        run(registration, applying.import_id)
        undoing = asked(registration, handlers.undo, applying.import_id)
        with registration.work() as work:
            handlers.confirm(applying.import_id, undoing.report or "", work)
        with amid_a_chunk(registration, applying):
            assert enrolled(at_the_door) == 200
            assert at_the_door.get("/v1/enrolments").status_code == 200


def test_a_file_of_many_chunks_comes_to_the_same(registration: Context) -> None:
    """However many lines stand in a chunk, the report and what is done are the same, families across chunks included."""
    mother = a_number("1991-03-09")
    content = a_file(*(a_line(**{"Forælder 1 CPR": mother}) for _ in range(3)), *(a_line() for _ in range(4)))
    reports = []
    for lines in (2, passes.CHUNK):
        with patch.object(passes, "CHUNK", lines):
            reports.append(checked(registration, content).report)
    assert len(set(reports)) == 1
    with patch.object(passes, "CHUNK", 2):
        confirmed(registration, checked(registration, content))
    assert len({row[9] for row in living(registration) if row[9]}) == 1
