"""Writes down every accepted enrolment, in a database of its own."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.contestants.submission import Accepted
from services.chassis.envelope import Received
from services.chassis.http import Api
from services.chassis.service import Listen, Service, many
from services.chassis.storage import UnitOfWork

QUEUE = "insight.facts"

_INSERT = sa.text(
    "insert into enrolment_fact (event_id, child_id, programme_id, institution_id, track, start_date, origin_ts)"
    " select e, c, p, i, t, s, o from json_to_recordset(cast(:rows as json))"
    " as x(e uuid, c uuid, p int, i text, t text, s date, o double precision)"
)
_encode = msgspec.json.Encoder().encode


def write_down(messages: Sequence[Received[Accepted]], work: UnitOfWork) -> None:
    """One row each."""
    work.connection.execute(_INSERT, {"rows": _encode([_row(m) for m in messages]).decode()})


def _row(message: Received[Accepted]) -> dict[str, object]:
    data = message.data
    return {
        "e": message.id,
        "c": data.child_id,
        "p": data.programme_id,
        "i": data.institution_id,
        "t": data.track,
        "s": data.start_date,
        "o": data.origin_ts,
    }


SERVICE = Service(
    name="insight",
    work=UnitOfWork,
    migrations=Path(__file__).parent / "migrations",
    api=Api("insight", title="Insight", description="A contestant."),
    listens=[Listen.facts(QUEUE, keys=["enrolment.enrolment.#"], reads={"enrolment.enrolment.accepted.v1": many(Accepted, write_down)})],
)
