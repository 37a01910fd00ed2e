"""Takes applications, keeps enrolments, tells of them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.contestants.submission import Accepted, Submitted
from benchmarks.job import SUBMITTED
from services.chassis.envelope import Received
from services.chassis.http import Api
from services.chassis.service import Listen, Service, many
from services.chassis.storage import UnitOfWork

QUEUE = "enrolment.submissions"

_UPSERT = sa.text(
    "insert into enrolment (child_id, programme_id, institution_id, track, status, guardian_email, start_date, last_event_id)"
    " select c, p, i, t, 'accepted', g, s, e"
    " from json_to_recordset(cast(:rows as json)) as x(c uuid, p int, i text, t text, g text, s date, e uuid) order by c, p"
    " on conflict (child_id, programme_id) do update set institution_id = excluded.institution_id, track = excluded.track,"
    " status = excluded.status, guardian_email = excluded.guardian_email, start_date = excluded.start_date,"
    " last_event_id = excluded.last_event_id, version = enrolment.version + 1, updated_at = clock_timestamp()"
)
_encode = msgspec.json.Encoder().encode


def enrol(messages: Sequence[Received[Submitted]], work: UnitOfWork) -> None:
    """Keep the last application of each child, and tell of every one."""
    last = {(m.data.child_id, m.data.programme_id): m for m in messages}
    work.connection.execute(_UPSERT, {"rows": _encode([_row(m) for m in last.values()]).decode()})
    for message in messages:
        data = message.data
        told = Accepted(data.programme_id, data.institution_id, data.track, data.child_id, data.start_date, data.origin_ts)
        work.emit("enrolment.enrolment.accepted.v1", subject=str(data.child_id), data=told, cause=message)


def _row(message: Received[Submitted]) -> dict[str, object]:
    data = message.data
    return {
        "c": data.child_id,
        "p": data.programme_id,
        "i": data.institution_id,
        "t": data.track,
        "g": data.guardian.email,
        "s": data.start_date,
        "e": message.id,
    }


SERVICE = Service(
    name="enrolment",
    work=UnitOfWork,
    migrations=Path(__file__).parent / "migrations",
    api=Api("enrolment", title="Enrolment", description="A contestant."),
    listens=[Listen.requests(QUEUE, keys=[SUBMITTED], reads={SUBMITTED: many(Submitted, enrol)})],
)
