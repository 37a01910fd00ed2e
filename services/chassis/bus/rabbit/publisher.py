"""The way out: messages leave persistent and mandatory, a window at a time, and the broker confirms each."""

from collections.abc import Sequence
from math import inf

import amqp

from services.chassis.bus import Refused, wire
from services.chassis.bus.rabbit.connection import DEADLINE_S, away, hang_up, readable, refuse_hung_up
from services.chassis.crashpoints import crash_point
from services.chassis.envelope import Outgoing
from services.chassis.errors import Unavailable

WINDOW = 1_000
"""Messages on their way unconfirmed. Publishing 1,000 costs Python 0.005 s and the broker 0.035, with a window of 100 0.008 and
0.042, and with 2,000 no less."""


class RabbitPublisher:
    """Publishes persistent, mandatory, with pipelined confirms."""

    def __init__(self, connection: amqp.Connection) -> None:
        self._connection = connection
        self._refused: set[int] = set()
        self._returned: set[tuple[str, str, str]] = set()
        connection.on_blocked = self._on_blocked
        self._open_channel()

    def publish(self, messages: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """See `Publisher.publish`. Raises `Unavailable` too when the broker is blocked."""
        frames = wire.all_published(messages, self._channel.channel_id, self._connection.frame_max)
        self._returned.clear()
        self._refused.clear()
        first = self._sent + 1
        with away(self.close):
            for start in range(0, len(frames), WINDOW):
                self._publish_window(frames[start : start + WINDOW])
        returned = [m for m in messages if (m.id, m.exchange, m.routing_key) in self._returned]
        if self._refused:
            refused = [messages[tag - first] for tag in sorted(self._refused)]
            with away(self.close):
                self._change_channel()
            raise Refused(refused, returned)
        return returned

    def keep_alive(self) -> None:
        """See `Publisher.keep_alive`."""
        with away(self.close):
            while readable(self._connection.transport):
                self._connection.on_inbound_frame(self._connection.transport.read_frame())
            refuse_hung_up(self._connection.transport)
            self._connection.deltag_guard.attend()

    def close(self) -> None:
        """See `Publisher.close`."""
        hang_up(self._connection)

    def _open_channel(self) -> None:
        self._connection.deltag_guard.expect(DEADLINE_S)
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._sent = self._confirmed = 0
        self._singles: set[int] = set()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._connection.deltag_guard.expect(inf)

    def _change_channel(self) -> None:
        """A quorum queue may go on refusing a channel that it has refused once, also when its limit is lifted (RabbitMQ 3.10)."""
        self._connection.deltag_guard.expect(DEADLINE_S)
        self._channel.close()
        self._open_channel()

    def _publish_window(self, frames: Sequence[bytes]) -> None:
        self._connection.transport.write(b"".join(frames))
        self._sent += len(frames)
        crash_point("relay.after-publish")
        self._connection.deltag_guard.expect(DEADLINE_S)
        while self._confirmed < self._sent:
            self._connection.drain_events(timeout=DEADLINE_S)
        self._connection.deltag_guard.expect(inf)

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the signature of py-amqp's callback
        if multiple:
            self._confirmed = max(self._confirmed, tag)
            self._singles = {single for single in self._singles if single > self._confirmed}
        else:
            self._singles.add(tag)
        while self._confirmed + 1 in self._singles:
            self._confirmed += 1
            self._singles.discard(self._confirmed)

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001
        self._refused |= set(range(self._confirmed + 1, tag + 1)) - self._singles if multiple else {tag}
        self._on_ack(tag, multiple)

    def _on_blocked(self, _reason: str) -> None:
        raise Unavailable(
            "blocked",
            da="Meddelelsesbussen tager ikke imod beskeder (hukommelse eller disk er ved at være brugt op); de bliver i udbakken.",
            en="The broker takes no messages (its memory or disk alarm is on); they stay in the outbox.",
        )

    def _on_return(self, _error: object, exchange: str, routing_key: str, message: amqp.Message) -> None:
        self._returned.add((message.properties["message_id"], exchange, routing_key))
