"""Takes an application: the id, the enrolment and the confirmed message in one transaction, then the acknowledgement."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

import aio_pika
import asyncpg
import msgspec
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from benchmarks.contestants import wire
from benchmarks.contestants.submission import Submitted
from benchmarks.job import accepted

ROUTE = wire.SUBMISSIONS

_TAKE = """
with taken as (insert into inbox (event_id) values ($1) on conflict do nothing returning event_id),
kept as (
    insert into enrolment (child_id, programme_id, institution_id, track, status, guardian_email, start_date, last_event_id)
    select $2, $3, $4, $5, 'accepted', $6, $7, taken.event_id from taken
    on conflict (child_id, programme_id) do update set institution_id = excluded.institution_id, track = excluded.track,
        status = excluded.status, guardian_email = excluded.guardian_email, start_date = excluded.start_date,
        last_event_id = excluded.last_event_id, version = enrolment.version + 1, updated_at = clock_timestamp())
select event_id from taken
"""


class Event(msgspec.Struct):
    """An application as it travels."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    time: datetime
    data: Submitted
    datacontenttype: str | None = None
    subject: str | None = None


_decode = msgspec.json.Decoder(Event).decode


def handler(pool: asyncpg.Pool, exchange: AbstractExchange) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
    """What is done with each message."""

    async def handle(message: AbstractIncomingMessage) -> None:
        try:
            event = _decode(message.body)
        except msgspec.ValidationError:
            await message.reject(requeue=False)
            return
        async with pool.acquire() as connection, connection.transaction():
            if await _is_new(connection, event):
                await exchange.publish(_told(event), wire.FACTS.key)
        await message.ack()

    return handle


async def _is_new(connection: asyncpg.Connection, event: Event) -> bool:
    data = event.data
    kept = (data.child_id, data.programme_id, data.institution_id, data.track, data.guardian.email, data.start_date)
    return await connection.fetchval(_TAKE, event.id, *kept) is not None


def _told(event: Event) -> aio_pika.Message:
    body = msgspec.json.encode(accepted(str(event.id), msgspec.structs.asdict(event.data)))
    return aio_pika.Message(body, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
