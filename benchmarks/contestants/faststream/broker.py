"""What both services are made of: the broker, its queues and exchanges, and sessions of a database."""

from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.schemas.queue import QueueType
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.contestants import wire

PREFETCH = 20

broker = RabbitBroker(wire.amqp_url(), default_channel=Channel(prefetch_count=PREFETCH, publisher_confirms=True), logger=None)


def queue(route: wire.Route) -> RabbitQueue:
    """A durable queue of this run's type."""
    kind = QueueType.QUORUM if wire.is_quorum() else QueueType.CLASSIC
    return RabbitQueue(route.queue, queue_type=kind, durable=True, routing_key=route.key, arguments=wire.queue_arguments() or None)


def exchange(route: wire.Route) -> RabbitExchange:
    """A durable exchange."""
    return RabbitExchange(route.exchange, type=ExchangeType.TOPIC, durable=True)


def sessions(service: str) -> async_sessionmaker[AsyncSession]:
    """As many as messages are in hand."""
    engine = create_async_engine(wire.database_url(service, "asyncpg"), pool_size=PREFETCH)
    return async_sessionmaker(engine, expire_on_commit=False)
