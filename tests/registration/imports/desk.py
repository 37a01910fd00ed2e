"""Somebody who imports files in a test, and what he finds stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.chassis.service import Context
from services.registration.imports import handlers
from services.registration.imports.columns import Kind
from services.registration.imports.record import Import, Outcome, Row, State
from services.registration.imports.running import Run
from tests.registration.builders import a_number

CONSTANTS = {"programme": "sammen-om-boern"}
SENDER = "pladsanvisningen"

HEADER = [
    "CPR", "Fornavn", "Efternavn", "Født", "Institution", "Spor", "Start",
    "Forælder 1 fornavn", "Forælder 1 efternavn", "Forælder 1 CPR", "Forælder 1 e-mail", "Forælder 1 telefon", "Forælder 1 myndighed",
]  # fmt: skip


def a_line(**cells: str) -> dict[str, str]:
    """Asta and her mother Mona, as one line of a tidy file."""
    asta = {"CPR": a_number(), "Fornavn": "Asta", "Efternavn": "Prøvesen", "Født": "14.05.2022", "Institution": "151001"}
    mona = {"Forælder 1 fornavn": "Mona", "Forælder 1 efternavn": "Prøvesen", "Forælder 1 e-mail": "mona@example.org"}
    return asta | mona | {"Spor": "A", "Start": "01.03.2024", "Forælder 1 myndighed": "ja"} | cells


def a_file(*lines: Mapping[str, str]) -> bytes:
    """Lines as CSV, every column there is."""
    rows = [HEADER, *([line.get(name, "") for name in HEADER] for line in lines)]
    return "\n".join(";".join(row) for row in rows).encode()


def sent(context: Context, content: bytes, kind: Kind = Kind.FAMILIES, **constants: str) -> str:
    """A file that was taken, and nothing done about it yet."""
    with context.work() as work:
        return handlers.receive(content, kind, SENDER, CONSTANTS | constants, work).import_id


def run(context: Context, import_id: str) -> Import:
    """Let everything be done that needs no person."""
    for _ in Run(context, import_id).chunks():
        pass
    return found(context, import_id)


def checked(context: Context, content: bytes, kind: Kind = Kind.FAMILIES, **constants: str) -> Import:
    """A file whose dry run is over."""
    imported = run(context, sent(context, content, kind, **constants))
    assert imported.state is State.CHECKED, imported.trouble
    return imported


def confirmed(context: Context, imported: Import) -> Import:
    """The same, applied."""
    with context.work() as work:
        handlers.confirm(imported.import_id, imported.report or "", work)
    return run(context, imported.import_id)


def asked(context: Context, what: Callable[..., Import], import_id: str) -> Import:
    """Ask for an undo or another dry run, and let it be done."""
    with context.work() as work:
        what(import_id, work)
    return run(context, import_id)


def undone(context: Context, imported: Import) -> Import:
    """The same, taken back: a dry run, and a confirmation of what it said."""
    return confirmed(context, asked(context, handlers.undo, imported.import_id))


def found(context: Context, import_id: str) -> Import:
    """The import as it stands."""
    with context.work() as work:
        return handlers.found(import_id, work)


def rows(context: Context, imported: Import) -> list[Row]:
    """The lines of its report."""
    with context.work() as work:
        return list(work.imports.rows(imported.import_id, limit=10_000, after=0, where={}))


def outcomes(context: Context, imported: Import) -> list[Outcome]:
    """What the report says of each line that could be read."""
    return [row.outcome for row in rows(context, imported) if row.outcome]


def living(context: Context, family: str = "%") -> Sequence[tuple[Any, ...]]:
    """Who is enrolled where, and whose guardians are who: of one family name, or of all."""
    query = sa.text(
        "select c.given_name, e.track, i.code, e.start_date, g.given_name, g.email, g.phone, g.language, s.custody, g.cpr_lookup"
        " from child c left join enrolment e on e.child_id = c.child_id and e.status = 'accepted'"
        " left join institution i using (institution_id) left join guardianship s on s.child_id = c.child_id"
        " left join guardian g using (guardian_id) where c.family_name like :family"
        " and (e.enrolment_id is not null or s.guardian_id is not null)"
        " order by c.given_name, c.child_id, g.given_name, g.guardian_id"
    )
    with context.work() as work:
        return [tuple(row) for row in work.connection.execute(query, {"family": family})]
