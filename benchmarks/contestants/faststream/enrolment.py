"""Takes an application: the id, the enrolment and the confirmed message in one transaction."""

from typing import Any

from faststream import AckPolicy, FastStream
from sqlalchemy.dialects.postgresql import Insert, insert

from benchmarks.contestants import wire
from benchmarks.contestants.faststream.broker import broker, exchange, queue, sessions
from benchmarks.contestants.faststream.models import Submitted
from benchmarks.contestants.tables import Enrolment, Inbox
from benchmarks.job import accepted

app = FastStream(broker, logger=None)
session_of = sessions("enrolment")
facts = exchange(wire.FACTS)


@broker.subscriber(queue(wire.SUBMISSIONS), exchange(wire.SUBMISSIONS), ack_policy=AckPolicy.NACK_ON_ERROR)
async def enrol(event: Submitted) -> None:
    """Once for each id."""
    async with session_of() as session, session.begin():
        taken = insert(Inbox).values(event_id=event.id).on_conflict_do_nothing().returning(Inbox.event_id)
        if await session.scalar(taken) is None:
            return
        await session.execute(_upsert(event))
        told = accepted(str(event.id), event.data.model_dump(mode="json"))
        await broker.publish(told, exchange=facts, routing_key=wire.FACTS.key, persist=True)


def _upsert(event: Submitted) -> Insert:
    insertion = insert(Enrolment).values(version=1, **_row(event))
    changed = {name: insertion.excluded[name] for name in _row(event) if name not in {"child_id", "programme_id"}}
    return insertion.on_conflict_do_update(index_elements=["child_id", "programme_id"], set_={**changed, "version": Enrolment.version + 1})


def _row(event: Submitted) -> dict[str, Any]:
    data = event.data
    return {
        "child_id": data.child_id,
        "programme_id": data.programme_id,
        "institution_id": data.institution_id,
        "track": data.track,
        "status": "accepted",
        "guardian_email": data.guardian.email,
        "start_date": data.start_date,
        "last_event_id": event.id,
    }
