"""What the servers can do with nobody's work between: one publisher that waits for confirms, and one client that inserts batches."""

import json
import time
from collections.abc import Sequence

import amqp
import psycopg

from benchmarks.job import ENROLMENT_TABLES, backlog
from benchmarks.machine import Machine
from services.chassis.bus.rabbit.connection import connect

UNCONFIRMED = 1_000
BATCH = 500

_BATCH = f"""
insert into inbox (event_id) select gen_random_uuid() from generate_series(1, {BATCH}) on conflict do nothing;
insert into enrolment (child_id, programme_id, institution_id, track, status, guardian_email, start_date, last_event_id)
select gen_random_uuid(), g % 5 + 1, 'boernehus-' || g % 10, 'A', 'accepted', 'g000001@example.dk', '2026-02-01', gen_random_uuid()
from generate_series(1, {BATCH}) as g
on conflict (child_id, programme_id) do update set institution_id = excluded.institution_id, version = enrolment.version + 1;
insert into outbox (event_id, type, payload)
select gen_random_uuid(), 'enrolment.accepted', repeat('x', 480) from generate_series(1, {BATCH});
delete from outbox where id = any(array(select id from outbox order by id limit {BATCH} for update skip locked));
"""  # noqa: S608 - the numbers are ours


def publish(machine: Machine, queue_type: str, messages: int) -> dict[str, float]:
    """The job's own bodies into one durable queue: persistent, confirmed, at most a thousand unconfirmed, on one connection."""
    bodies = [json.dumps(event).encode() for event in backlog(messages)]
    with machine.ground(queue_type, databases=()) as ground:
        connection = connect(ground.amqp_url, "limit")
        connection.client_properties["capabilities"] = {}  # else py-amqp looks for a *blocked* notice before every publish
        channel = connection.channel()
        arguments = {"x-queue-type": "quorum"} if queue_type == "quorum" else {}
        channel.queue_declare("limit", durable=True, auto_delete=False, arguments=arguments)
        before, began = time.process_time(), time.perf_counter()
        _Window(channel).publish(bodies)
        took, used = time.perf_counter() - began, time.process_time() - before
        connection.collect()
    return {"events_per_s": messages / took, "cpu_python_s_per_1000": used / messages * 1000}


class _Window:
    """Publishes with a bounded number of messages unconfirmed."""

    def __init__(self, channel: amqp.Channel) -> None:
        self.channel = channel
        self.sent = self.confirmed = 0
        self.singles: set[int] = set()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Returns when all are confirmed."""
        for body in bodies:
            message = amqp.Message(body, content_type="application/json", delivery_mode=2)
            self.channel._basic_publish(message, "", "limit")  # noqa: SLF001 - the public one waits for each confirm
            self.sent += 1
            if self.sent - self.confirmed >= UNCONFIRMED:
                self._await(self.sent - UNCONFIRMED // 2)
        self._await(self.sent)

    def _await(self, upto: int) -> None:
        while self.confirmed < upto:
            self.channel.connection.drain_events(timeout=30)

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the signature of py-amqp's callback
        if multiple:
            self.confirmed = max(self.confirmed, tag)
        else:
            self.singles.add(tag)
        while self.confirmed + 1 in self.singles:
            self.confirmed += 1
            self.singles.discard(self.confirmed)


def insert(machine: Machine, messages: int) -> dict[str, float]:
    """The job's statements in batches, whose rows the server makes itself: no row travels, so nobody gets there."""
    with machine.ground("classic", databases=("limit",)) as ground, psycopg.connect(ground.urls["limit"], autocommit=True) as connection:
        connection.execute(ENROLMENT_TABLES)
        began = time.perf_counter()
        for _ in range(messages // BATCH):
            with connection.transaction():
                connection.execute(_BATCH.encode())
        return {"events_per_s": messages // BATCH * BATCH / (time.perf_counter() - began)}
