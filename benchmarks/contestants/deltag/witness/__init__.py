"""Listens to enrolment's facts beside insight, and writes down in which order they came: for the run on replicas."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.contestants.submission import Accepted
from services.chassis.envelope import Received
from services.chassis.http import Api
from services.chassis.service import Listen, Service, many
from services.chassis.storage import UnitOfWork

QUEUE = "witness.facts"
TABLE = "create table seen (place bigint generated always as identity primary key, subject text not null, sequence bigint not null)"
OUT_OF_ORDER = """
select count(*) from (select sequence, row_number() over (partition by subject order by place) as expected from seen) as came
where sequence <> expected
"""

_INSERT = sa.text(
    "insert into seen (subject, sequence) select row ->> 's', (row ->> 'n')::bigint"
    " from json_array_elements(cast(:rows as json)) with ordinality as rows(row, place) order by place"
)
_encode = msgspec.json.Encoder().encode


def see(messages: Sequence[Received[Accepted]], work: UnitOfWork) -> None:
    """Each, as it comes."""
    work.connection.execute(_INSERT, {"rows": _encode([{"s": m.subject, "n": m.sequence} for m in messages]).decode()})


SERVICE = Service(
    name="witness",
    work=UnitOfWork,
    migrations=Path(__file__).parent / "migrations",
    api=Api("witness", title="Witness", description="Sees the order."),
    listens=[Listen.facts(QUEUE, keys=["enrolment.enrolment.#"], reads={"enrolment.enrolment.accepted.v1": many(Accepted, see)})],
)
