"""Writes down every accepted enrolment."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import msgspec
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from benchmarks.contestants import wire
from benchmarks.contestants.submission import Accepted

ROUTE = wire.FACTS

_INSERT = """
insert into enrolment_fact (event_id, child_id, programme_id, institution_id, track, start_date, origin_ts)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""


class Event(msgspec.Struct):
    """An accepted enrolment as it travels."""

    id: UUID
    type: str
    data: Accepted


_decode = msgspec.json.Decoder(Event).decode


def handler(pool: asyncpg.Pool, _exchange: AbstractExchange) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
    """What is done with each message."""

    async def handle(message: AbstractIncomingMessage) -> None:
        event = _decode(message.body)
        data = event.data
        kept = (data.child_id, data.programme_id, data.institution_id, data.track, data.start_date, data.origin_ts)
        async with pool.acquire() as connection:
            await connection.execute(_INSERT, event.id, *kept)
        await message.ack()

    return handle
