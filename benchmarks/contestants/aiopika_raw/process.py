"""Runs one of the two: `python -m benchmarks.contestants.aiopika_raw.process enrolment`."""

import asyncio
import sys
from importlib import import_module

import aio_pika
import asyncpg
import uvloop

from benchmarks.contestants import wire

IN_FLIGHT = 50
CONNECTIONS = 16


async def main(name: str) -> None:
    """Consume until told to stop."""
    service = import_module(f"benchmarks.contestants.aiopika_raw.{name}")
    pool = await asyncpg.create_pool(wire.database_url(name), min_size=CONNECTIONS, max_size=CONNECTIONS)
    connection = await aio_pika.connect_robust(wire.amqp_url())
    channel = await connection.channel(publisher_confirms=True)
    await channel.set_qos(IN_FLIGHT)
    exchange = await channel.declare_exchange(wire.FACTS.exchange, "topic", durable=True)
    queue = await channel.declare_queue(service.ROUTE.queue, durable=True, arguments=wire.queue_arguments())
    await queue.consume(service.handler(pool, exchange))
    await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
