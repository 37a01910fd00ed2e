"""Writes down every accepted enrolment."""

from faststream import AckPolicy, FastStream
from sqlalchemy.dialects.postgresql import insert

from benchmarks.contestants import wire
from benchmarks.contestants.faststream.broker import broker, exchange, queue, sessions
from benchmarks.contestants.faststream.models import Accepted
from benchmarks.contestants.tables import EnrolmentFact

app = FastStream(broker, logger=None)
session_of = sessions("insight")


@broker.subscriber(queue(wire.FACTS), exchange(wire.FACTS), ack_policy=AckPolicy.NACK_ON_ERROR)
async def write_down(event: Accepted) -> None:
    """Once for each id."""
    async with session_of() as session, session.begin():
        await session.execute(insert(EnrolmentFact).values(event_id=event.id, **event.data.model_dump()).on_conflict_do_nothing())
