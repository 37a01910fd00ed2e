"""Erasing from one service's database, and reading facts so that what was erased never comes back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.auditor import Auditor
from services.chassis.envelope import Received
from services.chassis.erasure import carrying_out
from services.chassis.erasure.erasing import count, erase
from services.chassis.erasure.holdings import Holding, holdings
from services.chassis.erasure.stand_in import stand_in
from services.chassis.http.tables import AUDIT
from services.chassis.ids import new_id
from services.chassis.intake import Intake
from services.chassis.service import Context, Listen, Personal, many
from services.chassis.storage import UnitOfWork
from services.chassis.testing import deliver, deliver_raw, event, parked, published
from tests.chassis import tiny
from tests.chassis.tiny import ASKED, DONE, MOVED, effects
from tests.reliability.patience import eventually

HELD = [Holding("public.effect", "effect", stand_in=("subject",), nothing=("id", "number", "message"))]
ERASED = "tiny.echo.erased.v1"


def write(messages: Sequence[Received[tiny.Thing]], work: UnitOfWork) -> None:
    """Each message's effect, and nothing that is told."""
    for message in messages:
        row = {"subject": message.subject, "number": message.data.number, "message": message.id}
        work.connection.execute(tiny._INSERT, row)  # noqa: SLF001 - its own table


FIGURES = Listen.facts(
    tiny.FACTS,
    keys=["other.thing.#", carrying_out.KEY],
    reads={
        DONE: many(tiny.Thing, write),
        MOVED: many(tiny.Thing, write, of_erased=True),
        **carrying_out.READS,
    },
)
SERVICE = replace(
    tiny.SERVICE,
    listens=(FIGURES, tiny.SERVICE.listens[1]),
    timers=(carrying_out.timer(),),
    personal=Personal(HELD, ERASED),
)


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """The tiny service, which holds something of people."""
    return context_of(SERVICE, retry_base_s=0.01, retry_attempts=3)


def fact(subject: str, sequence: int, *, type_: str = DONE, **data: Any) -> bytes:
    """The sequence number is the payload too."""
    return event(type_, {"number": sequence} | data, subject=subject, sequence=sequence, id=f"{subject[:8]}-{sequence}")


def forget(context: Context, *ids: str, marks: tuple[str, ...] = ()) -> dict[str, int]:
    """Erase these ids; how many rows that was."""
    with context.work() as work:
        return dict(erase(work, HELD, list(ids), list(marks)))


def texts(context: Context) -> str:
    """Every row of every table."""
    query = sa.text("select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'chassis')")
    with context.work() as work:
        tables = work.connection.execute(query).scalars().all()
        return "\n".join(
            str(row) for table in tables for row in work.connection.execute(sa.text(f"select t::text from {table} t")).scalars()
        )


def test_what_was_taken_is_not_taken_again(context: Context) -> None:
    """A fact that was handled before its subject was erased has no second effect afterwards, and the books agree."""
    subject = new_id()
    deliver_raw(context, FIGURES, [fact(subject, 1), fact(subject, 2)])
    assert forget(context, subject)["effect"] == 2
    intake = deliver_raw(context, FIGURES, [fact(subject, 1), fact(subject, 2)])
    assert effects(context) == [(stand_in(subject), 1), (stand_in(subject), 2)]
    assert (Auditor(context, [intake]).audit(intake).difference, subject in texts(context)) == (0, False)


def test_what_comes_late_has_no_effect(context: Context) -> None:
    """A fact that comes only after its subject was erased counts as taken and is not handed over; nothing keeps the id."""
    subject = new_id()
    forget(context, subject)
    intake = deliver_raw(context, FIGURES, [fact(subject, 2), fact(subject, 1), fact(subject, 3, trouble="defect")])
    assert (effects(context), parked(context)) == ([], [])
    assert (Auditor(context, [intake]).audit(intake).difference, subject in texts(context)) == (0, False)


def test_figures_get_it_under_a_stand_in(context: Context) -> None:
    """A handler that asks for facts of what was erased gets them, with the stand-in for a subject: the same one as ever."""
    subject = new_id()
    forget(context, subject)
    deliver_raw(context, FIGURES, [fact(subject, 1, type_=MOVED)])
    assert effects(context) == [(stand_in(subject), 1)]


def test_what_another_says_of_him_is_read_without_him(context: Context) -> None:
    """A fact of somebody else that names an erased id is handled, with a stand-in where the id stood."""
    erased, other = new_id(), new_id()
    forget(context, erased)
    deliver_raw(context, FIGURES, [event(DONE, {"number": 1}, subject=other, sequence=1, id=f"about {erased}")])
    with context.work() as work:
        row = work.connection.execute(sa.text("select subject, message from effect")).one()
    assert tuple(row) == (other, f"about {stand_in(erased)}")


def test_what_waits_is_cleansed(context: Context) -> None:
    """Early, retried and parked facts that name him keep no id of his; the gap that they wait for is still theirs."""
    subject = new_id()
    deliver_raw(context, FIGURES, [fact(subject, 3), fact(subject, 5)])
    assert forget(context, subject)["waiting-message"] == 2
    assert subject not in texts(context)
    deliver_raw(context, FIGURES, [fact(subject, 1), fact(subject, 2), fact(subject, 4)])
    with context.work() as work:
        assert work.connection.execute(sa.text("select count(*) from chassis.deferred")).scalar_one() == 0
    assert effects(context) == []


def test_a_parked_request_of_his_is_given_up(context: Context) -> None:
    """One that holds his number is deleted, with a row for who asks later; one of somebody else stays."""
    requests = SERVICE.listens[1]
    for id_, number in (("his", "610100-4000"), ("hers", "620200-4000")):
        deliver_raw(context, requests, [event(ASKED, {"number": "none", "cpr_number": number}, id=id_)])
    assert len(parked(context)) == 2
    assert forget(context, new_id(), marks=("610100-4000",))["waiting-message"] == 1
    assert [row["message_id"] for row in parked(context)] == ["hers"]
    with context.work() as work:
        action = work.connection.execute(sa.text("select actor, action, message_id from chassis.operator_action")).one()
    assert tuple(action) == ("deltag", "erase", "his")


def test_the_audit_stays_without_him(context: Context) -> None:
    """That somebody was looked at stays, with when and what for; his id in it, as caller and as object, does not."""
    subject, other = new_id(), new_id()
    row = {"roles": [], "purpose": "supervise", "route": "GET /v1/x", "correlation_id": "c"}
    with context.work() as work:
        for who, objects in ((subject, [other]), ("anna", [other, subject]), ("anna", [other])):
            said = row | {"id": new_id(), "at": work.now, "subject": who, "objects": objects}
            work.connection.execute(sa.insert(AUDIT), said)
    assert forget(context, subject)["audit-entry"] == 2
    with context.work() as work:
        left = work.connection.execute(sa.select(AUDIT.c.subject, AUDIT.c.objects).order_by(AUDIT.c.id)).all()
    assert [tuple(one) for one in left] == [(stand_in(subject), [other]), ("anna", [other, stand_in(subject)]), ("anna", [other])]


def test_a_dry_run_counts_what_erasing_does(context: Context) -> None:
    """As many rows of each kind of the service's own; and it changes nothing."""
    subject = new_id()
    deliver_raw(context, FIGURES, [fact(subject, 1), fact(subject, 2), fact(new_id(), 1)])
    with context.work() as work:
        counted = count(work, HELD, [subject])
    assert len([row for row in effects(context) if row[0] == subject]) == 2
    assert counted == {"effect": 2} == {kind: n for kind, n in forget(context, subject).items() if kind == "effect"}


def test_it_is_carried_out_once_and_told(context: Context) -> None:
    """However often a service is told of an erasure, it answers once, with counts alone, and keeps no id of it."""
    subject, erasure_id = new_id(), new_id()
    deliver_raw(context, FIGURES, [fact(subject, 1)])
    told = {"erasure_id": erasure_id, "erased_ids": [subject]}
    for sequence in (1, 2):
        deliver(context, carrying_out.DECIDED, told, subject=erasure_id, sequence=sequence)
        carrying_out.carry_out(context)
    answers = [message["data"] for message in published(context) if message["type"] == ERASED]
    assert [one["counts"] for one in answers] == [[{"kind": "effect", "count": 1}]]
    with context.work() as work:
        work.connection.execute(sa.text("delete from chassis.outbox"))
    assert subject not in texts(context)


def test_erasing_waits_for_what_is_being_read(context: Context) -> None:
    """A batch that has not seen the erasure is waited for, and what it wrote is erased too: no moment in between is left."""
    subject = new_id()
    slow = Intake(context, FIGURES)
    forgetting = slow._forgetting  # noqa: SLF001 - the moment after it looked is what this test is about
    assert forgetting is not None
    with context.work() as reading:
        forgetting.read([], reading)
        thread = Thread(target=forget, args=(context, subject))
        thread.start()
        eventually(lambda: _waits(context))
        reading.connection.execute(tiny._INSERT, {"subject": subject, "number": 1, "message": "m"})  # noqa: SLF001
    thread.join()
    assert effects(context) == [(stand_in(subject), 1)]


def _waits(context: Context) -> bool:
    query = sa.text(
        "select count(*) from pg_locks join pg_database d on d.oid = database"
        " where locktype = 'advisory' and not granted and datname = current_database()"
    )
    with context.work() as work:
        return bool(work.connection.execute(query).scalar_one())


def test_a_file_says_what_is_held(tmp_path: Path) -> None:
    """Tables stand in it with their columns, and are erased from in its order."""
    file = tmp_path / "personal.toml"
    file.write_text('[note]\ncounts = "note"\ndelete = ["author"]\n[page]\nnothing = ["id"]\n')
    assert holdings(file) == [Holding("public.note", "note", delete=["author"]), Holding("public.page", nothing=["id"])]


def test_a_service_that_listens_says_what_it_holds(context_of: Callable[..., Context]) -> None:
    """One that is told of an erasure and declares nothing fails loudly: it would answer for what it did not erase."""
    silent = context_of(replace(SERVICE, personal=None))
    deliver(silent, carrying_out.DECIDED, {"erasure_id": (id_ := new_id()), "erased_ids": [new_id()]}, subject=id_)
    with pytest.raises(TypeError, match="does not say what it holds"):
        carrying_out.carry_out(silent)
    assert issubclass(silent.service.work, UnitOfWork)
