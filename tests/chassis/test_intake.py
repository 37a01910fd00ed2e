"""The idempotent receiver, through its door: raw deliveries in, effects and outbox out."""

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis import deferred as claiming
from services.chassis import parked as parking
from services.chassis import reading
from services.chassis.bus import Delivery
from services.chassis.database import Database
from services.chassis.errors import Conflict, Unavailable
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.reading import Incoming
from services.chassis.service import Context, Listen
from services.chassis.storage import UnitOfWork
from services.chassis.suspects import GROUPS
from services.chassis.sweeper import Sweeper
from services.chassis.testing import deliver, deliver_raw, event, parked, published
from tests.chassis import tiny
from tests.chassis.tiny import ASKED, DONE, ECHO, MOVED, SERVICE, effects

FACTS, REQUESTS = SERVICE.listens


def fact(subject: str, sequence: int, *, type_: str = DONE, trouble: str = "") -> bytes:
    """The sequence number is the payload too, so that order can be seen in the effects."""
    return event(type_, {"number": sequence, "trouble": trouble}, subject=subject, sequence=sequence, id=f"{subject}-{sequence}")


def request(id_: str, number: int = 1, trouble: str = "") -> bytes:
    """A request as another system sends it."""
    return event(ASKED, {"number": number, "trouble": trouble}, id=id_)


def deferred(context: Context) -> list[tuple[str, str]]:
    """What is put aside: kind and message id."""
    with context.work() as work:
        rows = work.connection.execute(sa.text("select kind, message_id from chassis.deferred order by id")).all()
    return [(row.kind, row.message_id) for row in rows]


def test_effect_and_fact_once(context: Context) -> None:
    """A fact has one effect and one outgoing message, caused by it."""
    deliver_raw(context, FACTS, [fact("a", 1)])
    (message,) = published(context)
    assert effects(context) == [("a", 1)]
    assert (message["type"], message["causationid"], message["correlationid"]) == (ECHO, "a-1", "a-1")


def test_duplicate_has_no_second_effect(context: Context) -> None:
    """A fact that comes again, in the same batch or later, changes nothing."""
    deliver_raw(context, FACTS, [fact("a", 1), fact("a", 1)])
    deliver_raw(context, FACTS, [fact("a", 1)])
    assert effects(context) == [("a", 1)]


@pytest.mark.parametrize(
    "member",
    [b'"\xff"', b"1e999", b"9" * 5_000, b"[" * 990 + b"]" * 990, b"[" * 5_000 + b"]" * 5_000],
    ids=["not UTF-8", "a number without end", "5,000 digits", "990 lists in lists", "5,000 lists in lists"],
)
def test_data_that_cannot_be_read_stops_nobody(context: Context, member: bytes) -> None:
    """A request whose data hold what no reader can take, where the schema does not look, is parked; its neighbours are handled."""
    odd = request("odd").replace(b'"number":1', b'"number":1,"x":' + member)
    deliver_raw(context, REQUESTS, [request("before", 1), odd, request("after", 2)])
    assert [number for _, number in effects(context)] == [1, 2]
    assert [kind for kind, _ in deferred(context)] == ["parked"]


@pytest.mark.parametrize("ours", [OSError(24, "Too many open files"), MemoryError()])
def test_what_the_machine_lacks_is_nobodys_fault(context: Context, monkeypatch: pytest.MonkeyPatch, ours: BaseException) -> None:
    """A message that could not be read for want of a file or of memory is not parked for it: it is taken when there is one again."""
    monkeypatch.setattr(reading, "received", Mock(side_effect=ours))
    with suppress(OSError, MemoryError):
        deliver_raw(context, REQUESTS, [request("r")])
    assert deferred(context) == []
    monkeypatch.undo()
    deliver_raw(context, REQUESTS, [request("r")])
    assert len(effects(context)) == 1


@pytest.mark.parametrize("sequence", ["9223372036854775808", "1_0", " 7", "+5", "١٢", "-1", ""])
def test_a_number_in_sequence_is_digits(context: Context, sequence: str) -> None:
    """A fact whose sequence is no plain number, or one that no database holds, is parked and stops nobody."""
    odd = event(DONE, {"number": 1}, subject="a", id="odd")[:-1] + f',"sequence":"{sequence}"}}'.encode()
    deliver_raw(context, FACTS, [odd, fact("b", 1)])
    assert effects(context) == [("b", 1)]
    assert deferred(context) == [("parked", "odd")]


def test_early_fact_waits_for_its_turn(context: Context) -> None:
    """A fact that overtook another is held, and taken right after it."""
    deliver_raw(context, FACTS, [fact("a", 3), fact("a", 2), fact("b", 1)])
    assert effects(context) == [("b", 1)]
    deliver_raw(context, FACTS, [fact("a", 1)])
    assert effects(context) == [("b", 1), ("a", 1), ("a", 2), ("a", 3)]
    assert deferred(context) == []


def test_failing_fact_blocks_only_its_own_aggregate(context: Context) -> None:
    """When one fact fails, its aggregate waits behind it and all others go on."""
    deliver_raw(context, FACTS, [fact("bad", 1, trouble="defect"), fact("bad", 2), fact("good", 1), fact("good", 2)])
    assert effects(context) == [("good", 1), ("good", 2)]
    assert deferred(context) == [("retry", "bad-1"), ("early", "bad-2")]


def test_a_bad_message_among_many_is_found_by_few_transactions(context: Context) -> None:
    """When one of a thousand fails, it is found by trying ever smaller parts, and all others are handled in large ones."""
    sizes = []

    class Counting(Intake):
        def take(self, batch: Sequence[Incoming]) -> None:
            sizes.append(len(batch))
            super().take(batch)

    bodies = [fact(f"s{n}", 1, trouble="defect" if n == 777 else "") for n in range(1_000)]
    Counting(context, FACTS).settle([Delivery(body, n, FACTS.exchange) for n, body in enumerate(bodies)])
    assert (len(effects(context)), deferred(context)) == (999, [("retry", "s777-1")])
    assert sorted(set(sizes)) == [1, 10, 100, 1_000]
    assert len(sizes) == 1 + 10 + 10 + 10


def test_attempts_used_up_are_parked(context: Context) -> None:
    """What fails again while others succeed is parked after its last attempt, with the place of the defect and no value of its own."""
    intake = deliver_raw(context, FACTS, [fact("a", 1, trouble="defect")])
    for sequence in range(1, context.settings.retry_attempts):
        deliver_raw(context, FACTS, [fact("b", sequence)])
        try_again(intake)
    (message,) = parked(context)
    assert (message["attempts"], message["slug"]) == (3, "unexpected-error")
    assert message["reason"].startswith("Trouble at ")


def test_passing_fault_is_retried_until_it_works(
    context: Context, monkeypatch: pytest.MonkeyPatch, sweep: Callable[[Intake], None]
) -> None:
    """A message that fails for a while is taken as soon as it can be, and those behind it follow in order."""
    intake = deliver_raw(context, FACTS, [fact("a", 1, trouble="later"), fact("a", 2)])
    assert effects(context) == []
    monkeypatch.setattr(tiny, "stumble", lambda _thing: None)
    sweep(intake)
    assert effects(context) == [("a", 1), ("a", 2)]


def test_database_away_costs_a_retry_no_attempt(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry in whose hand the database goes away, more often than it has attempts, is tried again and not parked."""
    intake = deliver_raw(context, FACTS, [fact("a", 1, trouble="later")])
    monkeypatch.setattr(tiny, "stumble", lambda _thing: None)
    sweeper, real, left = Sweeper(intake, Stop()), intake.settle_batch, [Unavailable(en="gone")] * 9

    def away(batch: list[Incoming]) -> None:
        if left:
            raise left.pop()
        real(batch)

    monkeypatch.setattr(intake, "settle_batch", away)
    while left or deferred(context):
        with suppress(Unavailable):
            sweeper.sweep()
    assert effects(context) == [("a", 1)]


def test_database_away_as_a_retry_is_claimed_costs_no_attempt(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim of which nobody knows whether it was committed is in hand all the same: each is followed by a try."""
    sweeper = Sweeper(deliver_raw(context, FACTS, [fact("a", 1, trouble="defect")]), Stop())
    for sequence in range(1, context.settings.retry_attempts):
        deliver_raw(context, FACTS, [fact("quick", sequence)])
        make_due(context)
        with monkeypatch.context() as patch, suppress(Unavailable):
            patch.setattr(UnitOfWork, "__exit__", committed_and_gone)
            sweeper.sweep_retries()
        sweeper.sweep_retries()
    assert [(row["message_id"], row["slug"]) for row in parked(context)] == [("a-1", "unexpected-error")]


def committed_and_gone(work: UnitOfWork, *error: Any, end: Callable[..., None] = UnitOfWork.__exit__) -> None:
    """What was done is committed, and the database is gone before it could say so."""
    end(work, *error)
    raise Unavailable(en="gone")


def test_what_is_in_hand_at_a_stop_is_nobodys_attempt(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry that was claimed when the database went away, and not tried before the stop, is as it was."""
    intake = deliver_raw(context, FACTS, [fact("a", 1, trouble="later")])
    make_due(context)
    stop = Stop()
    sweeper = Sweeper(intake, stop)
    monkeypatch.setattr(intake, "settle_batch", Mock(side_effect=Unavailable(en="gone")))
    with suppress(Unavailable):
        sweeper.sweep()
    assert attempts_of(context) == 2
    stop.set()
    sweeper.run()
    assert attempts_of(context) == 1


def test_what_somebody_has_locked_holds_up_nobody_else(context: Context, sweep: Callable[[Intake], None]) -> None:
    """While a message's row is locked it is tried again and again, at nobody's cost, and its neighbours are handled."""
    deliver_raw(context, FACTS, [fact("locked", 1), fact("free", 1)])
    real, context.database = context.database, Database(context.database.url, lock_s=0.05)
    with replace(context, database=real).work() as somebody:
        somebody.connection.execute(sa.text("select from chassis.position where key like '%locked' for update"))
        intake = deliver_raw(context, FACTS, [fact("locked", 2), fact("free", 2)])
        assert effects(context)[2:] == [("free", 2)]
        for sequence in range(3, 3 + 2 * context.settings.retry_attempts):
            deliver_raw(context, FACTS, [fact("free", sequence)])
            try_again(intake)
        assert deferred(context) == [("retry", "locked-2")]
        assert not intake.outage.lasts
    sweep(intake)
    assert effects(context)[-1] == ("locked", 2)


def test_a_statement_that_always_takes_too_long_is_parked(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database never comes to an end with, while others succeed, is parked when its attempts are used up."""
    monkeypatch.setattr(tiny, "stumble", take_too_long)
    intake = deliver_raw(context, FACTS, [fact("slow", 1, trouble="slow")])
    for sequence in range(1, context.settings.retry_attempts):
        deliver_raw(context, FACTS, [fact("quick", sequence)])
        try_again(intake)
    assert [(row["message_id"], row["slug"]) for row in parked(context)] == [("slow-1", "held-up")]


def take_too_long(thing: tiny.Thing) -> None:
    """What the driver says when a statement was ended for the time that it took."""
    if thing.trouble == "slow":
        raise sa.exc.OperationalError("", {}, psycopg.errors.QueryCanceled())


def try_again(intake: Intake) -> None:
    """Come back once to what is to be retried."""
    make_due(intake.context)
    Sweeper(intake, Stop()).sweep()


def make_due(context: Context) -> None:
    """Let all that was deferred be due now."""
    with context.work() as work:
        work.connection.execute(sa.text("update chassis.deferred set due_at = clock_timestamp()"))


def attempts_of(context: Context) -> int:
    """How often the one message that was deferred has been tried."""
    with context.work() as work:
        return int(work.connection.execute(sa.text("select attempts from chassis.deferred")).scalar_one())


def test_early_facts_in_hand_are_not_claimed_again(context: Context) -> None:
    """What one sweeper has claimed is not another's for a while, so nobody takes it for a duplicate; if it ends, it is another's soon."""
    for sequence in (2, 1):
        Intake(context, FACTS).settle([Delivery(fact("a", sequence), sequence, FACTS.exchange)])
    claims = []
    for seconds_later in (0, 0, claiming.EARLY_LEASE_S):
        with context.work() as work:
            work.connection.execute(sa.text("update chassis.deferred set due_at = due_at - :s * interval '1 second'"), {"s": seconds_later})
        with context.work() as work:
            claims.append([claimed.attempts for claimed in claiming.claim_early(work, FACTS.queue, limit=10)])
    assert claims == [[1], [], [2]]


def test_an_early_fact_behind_one_in_hand_waits(context: Context) -> None:
    """What comes after a message that another sweeper has in hand is not claimed before that one is done with."""
    for sequence in (2, 1):
        Intake(context, FACTS).settle([Delivery(fact("a", sequence), sequence, FACTS.exchange)])
    with context.work() as work:
        assert len(claiming.claim_early(work, FACTS.queue, limit=10)) == 1
    Intake(context, FACTS).settle([Delivery(fact("a", 3), 3, FACTS.exchange)])
    with context.work() as work:
        assert claiming.claim_early(work, FACTS.queue, limit=10) == []


def test_database_away_makes_nobody_early_a_suspect(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Early facts in whose hand the database goes away are taken together as soon as it answers, and none of them alone."""
    count = 30
    for sequence in (2, 1):
        Intake(context, FACTS).settle([Delivery(fact(f"s{n}", sequence), n, FACTS.exchange) for n in range(count)])
    intake, sizes = Intake(context, FACTS), list[int]()
    real, left = intake.settle_batch, [Unavailable(en="gone")] * 3

    def away(batch: Sequence[Incoming]) -> None:
        if left:
            raise left.pop()
        sizes.append(len(batch))
        real(batch)

    monkeypatch.setattr(intake, "settle_batch", away)
    sweeper = Sweeper(intake, Stop())
    while left or deferred(context):
        with suppress(Unavailable):
            sweeper.sweep()
    assert (sizes, len(effects(context))) == ([count], 2 * count)


def test_a_locked_table_is_not_waited_for_by_every_message(context: Context) -> None:
    """When somebody holds what every message of a batch needs, a few find out for all, which are tried again later, at nobody's cost."""
    waits = []

    class Counting(Intake):
        def take(self, batch: Sequence[Incoming]) -> None:
            waits.append(len(batch))
            super().take(batch)

    real, context.database = context.database, Database(context.database.url, lock_s=0.05)
    bodies = [fact(f"s{n}", 1) for n in range(1_000)]
    with replace(context, database=real).work() as somebody:
        somebody.connection.execute(sa.text("lock table effect in exclusive mode"))
        Counting(context, FACTS).settle([Delivery(body, n, FACTS.exchange) for n, body in enumerate(bodies)])
    assert {kind for kind, _ in deferred(context)} == {"retry"}
    assert len(deferred(context)) == len(bodies)
    assert len(waits) < 60


def test_a_stop_is_heard_between_the_parts_of_a_batch(context: Context) -> None:
    """At a stop a batch that is tried in parts is given up between two of them; what is decided by then is said, and not taken twice."""
    stop = Stop()

    class Stopped(Intake):
        def take(self, batch: Sequence[Incoming]) -> None:
            super().take(batch)
            stop.set()

    intake = Stopped(context, FACTS, stop)
    deliveries = [Delivery(fact(f"s{n}", 1, trouble="defect" if n == 99 else ""), n, FACTS.exchange) for n in range(100)]
    with pytest.raises(Unavailable, match="stopping"):
        intake.settle(deliveries)
    assert intake.settled_first(deliveries) == deliveries[9]
    assert len(effects(context)) == 10


def test_request_is_taken_once(context: Context) -> None:
    """The same request sent twice has one effect and one answer."""
    deliver_raw(context, REQUESTS, [request("r"), request("r")])
    deliver_raw(context, REQUESTS, [request("r")])
    assert len(effects(context)) == len(published(context)) == 1


def test_white_space_makes_no_other_content(context: Context) -> None:
    """The same request with its members in another order is still the same."""
    deliver_raw(context, REQUESTS, [event(ASKED, {"number": 1, "trouble": ""}, id="r"), event(ASKED, {"trouble": "", "number": 1}, id="r")])
    assert parked(context) == []


def test_same_id_other_content_is_a_conflict(context: Context) -> None:
    """A second request under the same id with other content is parked, and the first stands."""
    deliver_raw(context, REQUESTS, [request("r", 1)])
    deliver_raw(context, REQUESTS, [request("r", 2)])
    assert [p["slug"] for p in parked(context)] == ["same-id-other-content"]
    assert [number for _, number in effects(context)] == [1]


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b"nonsense", "not-a-cloudevent"),
        (b"\xff\xfe", "not-a-cloudevent"),
        (b"", "not-a-cloudevent"),
        (b'{"specversion":"0.3","id":"1","source":"/x","type":"t","data":{}}', "unknown-specversion"),
        (b'{"specversion":"1.0","id":"","source":"/x","type":"t","data":{}}', "field-missing"),
        (b'{"specversion":"1.0","id":"a\\u0000","source":"/x","type":"t"}', "wrong-format"),
        (event(ASKED, {"number": 1}, id="æ" * 130), "wrong-format"),
        (event(ASKED, {"number": 1}, correlationid="æ" * 130), "wrong-format"),
        (event("thing.unheard-of.v1", {}), "unknown-type"),
        (event("thing.requested.v2", {"number": 1}), "unknown-type"),
        (event(ASKED, {"number": "one"}), "unreadable-data"),
        (b"[" * 100_000, "not-a-cloudevent"),
        (b'"' + b"x" * 2_000_000 + b'"', "too-large"),
    ],
)
def test_bad_message_is_parked_with_its_reason(context: Context, body: bytes, slug: str) -> None:
    """What cannot be taken is parked with a reason; its neighbours are taken."""
    deliver_raw(context, REQUESTS, [request("before"), body, request("after")])
    assert [p["slug"] for p in parked(context)] == [slug]
    assert len(effects(context)) == 2


def test_parking_leaves_a_line_in_the_log(context: Context) -> None:
    """Whoever looks for a message in the log finds that it was parked and why, and nothing of what it says."""
    with structlog.testing.capture_logs() as lines:
        deliver_raw(context, REQUESTS, [event("thing.unheard-of.v1", {"name": "Karla"}, id="r-7")])
    (line,) = (line for line in lines if line["event"] == "message.parked")
    assert (line["message_id"], line["reason"], line["queue"]) == ("r-7", "unknown-type", "tiny.requests")
    assert "Karla" not in str(lines)


@pytest.mark.parametrize("name", ["id", "source", "subject", "type"])
def test_a_request_that_is_named_after_somebody_is_parked_under_another_name(context: Context, name: str) -> None:
    """What looks like a CPR number in an attribute that logs and lists show is in none of them."""
    named = json.loads(request("r")) | {name: "child-740522-4015"}
    with structlog.testing.capture_logs() as lines:
        deliver_raw(context, REQUESTS, [request("before"), json.dumps(named).encode(), request("after")])
    assert [p["slug"] for p in parked(context)] == ["personal-number"]
    assert "740522" not in str(lines) + str(parked(context)) + str(published(context))
    assert len(effects(context)) == 2


def test_future_version_of_a_fact_is_parked(context: Context) -> None:
    """A new version of a fact that we read is not guessed at."""
    deliver(context, "other.thing.done.v9", {"number": 1}, subject="a")
    assert [p["slug"] for p in parked(context)] == ["unknown-type"]


def test_unknown_fact_is_let_by(context: Context) -> None:
    """A kind of fact that did not exist when this service was written does not stop its aggregate."""
    deliver(context, "other.thing.painted.v1", {}, subject="a")
    deliver(context, DONE, {"number": 2}, subject="a")
    assert effects(context) == [("a", 2)]


def test_innocents_do_not_share_a_killers_fate(context: Context) -> None:
    """A message that was in hand each time the process died is parked alone; its neighbours are taken."""
    batch = [fact("killer", 1), *(fact(f"innocent-{n}", 1) for n in range(9))]
    with context.work() as work:
        work.connection.execute(
            sa.text("insert into chassis.attempt (consumer, source, message_id, count) values ('tiny.facts', '/test', 'killer-1', :n)"),
            {"n": len(GROUPS)},
        )
    deliver_raw(context, FACTS, batch, redelivered=True)
    assert [p["slug"] for p in parked(context)] == ["ended-the-process"]
    assert len(effects(context)) == 9


def test_a_killer_is_found_without_harm_to_innocents(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two hundred messages in hand, the one that ends the process each time is parked after a few deaths, and all others are taken."""
    batch = [fact(f"innocent-{n}", 1) for n in range(199)]
    batch.insert(150, fact("killer", 1))
    real = Intake.take

    def dying(self: Intake, messages: list[Incoming]) -> None:
        if any(m.id == "killer-1" and m.fault is None for m in messages):
            raise Killed
        real(self, messages)

    monkeypatch.setattr(Intake, "take", dying)
    deaths = 0
    while not parked(context):
        try:
            deliver_raw(context, FACTS, batch, redelivered=deaths > 0)
        except Killed:
            deaths += 1
    assert [p["message_id"] for p in parked(context)] == ["killer-1"]
    assert (len(effects(context)), deaths) == (199, 1 + len(GROUPS))


def test_a_database_that_goes_away_ends_no_process(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redelivered message during whose tries the database goes away again and again is not taken for a killer."""
    intake, delivery = Intake(context, FACTS), Delivery(fact("a", 1), 1, redelivered=True)
    with monkeypatch.context() as away:
        away.setattr(tiny, "stumble", raising(Unavailable(en="gone")))
        for _ in range(2 * len(GROUPS)):
            with pytest.raises(Unavailable):
                intake.settle([delivery])
    intake.settle([delivery])
    assert effects(context) == [("a", 1)]
    assert parked(context) == []


def test_an_orderly_stop_is_no_death(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redelivered message that processes give back while something is away, because they are told to stop, has killed none of them."""
    delivery = Delivery(fact("a", 1), 1, redelivered=True)
    with monkeypatch.context() as away:
        away.setattr(tiny, "stumble", raising(Unavailable(en="gone")))
        for _ in range(2 * len(GROUPS)):
            intake = Intake(context, FACTS)
            with pytest.raises(Unavailable):
                intake.settle([delivery])
            intake.give_up()
    Intake(context, FACTS).settle([delivery])
    assert (effects(context), parked(context)) == ([("a", 1)], [])


def raising(error: Exception) -> Callable[[object], None]:
    """A function that fails."""

    def fail(_thing: object) -> None:
        raise error

    return fail


def test_only_one_queue_has_suspects_in_hand(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """While redelivered messages of one queue are tried, those of another wait uncounted: the process' end would not be theirs."""
    seen: list[int] = []
    other = Thread(target=deliver_raw, args=(context, REQUESTS, [request("waits")]), kwargs={"redelivered": True}, daemon=True)

    def look(_thing: object) -> None:
        if not seen:
            other.start()
            other.join(0.5)
            seen.append(counted(context))

    monkeypatch.setattr(tiny, "stumble", look)
    deliver_raw(context, FACTS, [fact("a", 1)], redelivered=True)
    other.join()
    assert seen == [1]
    assert counted(context) == 0
    assert len(effects(context)) == 2


@pytest.mark.parametrize(("listen", "message"), [(FACTS, fact("a", 1)), (REQUESTS, request("a"))], ids=["fact", "request"])
def test_what_another_has_in_hand(context: Context, monkeypatch: pytest.MonkeyPatch, listen: Listen, message: bytes) -> None:
    """No handler begins with a message that another process has in hand, also when it is the first of its aggregate."""
    begun: list[object] = []
    other = Thread(target=deliver_raw, args=(context, listen, [message]), kwargs={"redelivered": True}, daemon=True)

    def look(thing: object) -> None:
        begun.append(thing)
        if len(begun) == 1:
            other.start()
            other.join(0.5)

    monkeypatch.setattr(tiny, "stumble", look)
    deliver_raw(context, listen, [message])
    other.join()
    assert (len(begun), len(effects(context))) == (1, 1)


def counted(context: Context) -> int:
    """Messages that would be suspected if the process ended now."""
    with context.work() as work:
        return int(work.connection.execute(sa.text("select count(*) from chassis.attempt")).scalar_one())


def test_redelivered_and_taken_is_a_duplicate(context: Context) -> None:
    """What was committed but not acknowledged before a crash comes again and changes nothing."""
    deliver_raw(context, FACTS, [fact("a", 1)])
    deliver_raw(context, FACTS, [fact("a", 1), fact("a", 2)], redelivered=True)
    assert effects(context) == [("a", 1), ("a", 2)]


def test_snapshot_jumps_and_closes_the_gap(context: Context) -> None:
    """A re-emitted present state carries a new consumer to its sequence, and what it covers is a duplicate."""
    deliver_raw(context, FACTS, [fact("a", 3)])
    deliver(context, DONE, {"number": 5}, subject="a", sequence=5, snapshot=True)
    deliver_raw(context, FACTS, [fact("a", 4), fact("a", 6)])
    assert effects(context) == [("a", 5), ("a", 6)]
    assert deferred(context) == []


@pytest.mark.parametrize("trouble", ["later", "defect"])
def test_snapshot_does_not_pass_what_waits(context: Context, trouble: str) -> None:
    """A fact that will be tried again keeps its effect when the present state is re-emitted meanwhile."""
    deliver_raw(context, FACTS, [fact("a", 1, trouble=trouble)])
    deliver(context, DONE, {"number": 9}, subject="a", sequence=1, snapshot=True)
    assert (effects(context), deferred(context)) == ([], [("retry", "a-1")])


def test_snapshot_that_failed_is_tried_again(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A present state that could not be taken the first time is taken later, and what follows it is not early for ever."""
    snapshot = event(DONE, {"number": 5, "trouble": "later"}, subject="a", sequence=5, snapshot=True)
    intake = deliver_raw(context, FACTS, [snapshot])
    monkeypatch.setattr(tiny, "stumble", lambda _thing: None)
    try_again(intake)
    deliver_raw(context, FACTS, [fact("a", 6)])
    assert (effects(context), deferred(context)) == ([("a", 5), ("a", 6)], [])


def test_snapshot_passes_one_that_waits(context: Context) -> None:
    """A present state waits for no older one: it says all that the older one would."""
    deliver_raw(context, FACTS, [event(DONE, {"number": 5, "trouble": "later"}, subject="a", sequence=5, snapshot=True)])
    deliver_raw(context, FACTS, [event(DONE, {"number": 7}, subject="a", sequence=7, snapshot=True)])
    assert effects(context) == [("a", 7)]


def test_snapshot_given_up_covers_no_fact(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a present state that failed is discarded, the fact of its number still has its effect."""
    monkeypatch.setattr(tiny, "stumble", contradict)
    deliver_raw(context, FACTS, [event(DONE, {"number": 1, "trouble": "contradicts"}, subject="a", sequence=1, snapshot=True)])
    list(parking.discard(context, [row.id for row in parking.rows(context)], actor="kim", reason="wrong"))
    deliver_raw(context, FACTS, [fact("a", 1)])
    assert effects(context) == [("a", 1)]


def contradict(thing: tiny.Thing) -> None:
    """Fail for good."""
    if thing.trouble:
        raise Conflict(en="It contradicts what is.")


def test_snapshot_does_not_pass_what_is_parked_with_it(context: Context) -> None:
    """A fact that no version of the service can read is not passed by a present state that came in the same batch."""
    unreadable = event("other.thing.done.v9", {"number": 2}, subject="a", sequence=2, id="a-2")
    deliver_raw(context, FACTS, [fact("a", 1), unreadable, event(DONE, {"number": 3}, subject="a", sequence=3, snapshot=True)])
    assert (effects(context), deferred(context)) == ([("a", 1)], [("parked", "a-2")])


def test_database_away_is_nobodys_attempt(context: Context) -> None:
    """While the database is away the batch is refused whole, nothing is parked, and later it works."""
    intake = Intake(context, FACTS)
    delivery = [Delivery(fact("a", 1), 1)]
    real, context.database = context.database, type(context.database)("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        intake.settle(delivery)
    context.database = real
    intake.settle(delivery)
    assert effects(context) == [("a", 1)]
    assert (intake.taken, intake.settled) == (1, 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.integers(1, 7), max_size=8),
    types=st.lists(st.sampled_from([DONE, MOVED]), min_size=4, max_size=4),
)
def test_any_order_and_repetition_gives_the_same_state(context: Context, seed: int, cuts: list[int], types: list[str]) -> None:
    """However facts are shuffled, repeated and cut into batches, each has one effect, in order for its aggregate."""
    prefix = f"run-{random.Random(seed).getrandbits(64)}"
    facts = [fact(f"{prefix}-{subject}", n, type_=types[n - 1]) for subject in "abc" for n in range(1, 5)]
    shuffled = facts * 2
    random.Random(seed).shuffle(shuffled)
    while shuffled:
        size = cuts.pop() if cuts else 5
        deliver_raw(context, FACTS, shuffled[:size])
        shuffled = shuffled[size:]
    mine = [(subject, n) for subject, n in effects(context) if subject.startswith(prefix)]
    for subject in "abc":
        assert [n for s, n in mine if s == f"{prefix}-{subject}"] == [1, 2, 3, 4]


@pytest.fixture
def sweep() -> Callable[[Intake], None]:
    """Comes back to what was deferred until nothing is left to try."""

    def run(intake: Intake) -> None:
        sweeper, stop = Sweeper(intake, Stop()), Stop()
        while any(kind == "retry" for kind, _ in deferred(intake.context)):
            sweeper.sweep()
            stop.wait(0.005)
        while sweeper.sweep():
            pass

    return run


def test_killer_among_the_early_is_parked_alone(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held message that ends the process when its turn comes is tried alone from then on, and parked when its attempts are used up."""
    intake = deliver_raw(context, FACTS, [fact("killer", 2), fact("innocent", 2)])
    with context.work() as work:
        work.connection.execute(sa.text("insert into chassis.position (consumer, key, last) select consumer, key, 1 from chassis.deferred"))
    real = Intake.take

    def dying(self: Intake, batch: list[Incoming]) -> None:
        if any(m.id == "killer-2" and m.fault is None for m in batch):
            raise Killed
        real(self, batch)

    monkeypatch.setattr(Intake, "take", dying)
    sweeper = Sweeper(intake, Stop())
    for _ in range(12):
        with suppress(Killed):
            sweeper.sweep()
        with context.work() as work:
            work.connection.execute(sa.text("update chassis.deferred set due_at = clock_timestamp()"))
    assert effects(context) == [("innocent", 2)]
    assert [(p["message_id"], p["slug"]) for p in parked(context)] == [("killer-2", "ended-the-process")]


class Killed(BaseException):
    """Stands for the end of the process: no handler of errors sees it."""


def test_a_time_without_its_offset_is_parked(context: Context) -> None:
    """Nobody can tell how old such a message is: it is parked alone, and its neighbours are handled and counted once."""
    odd = event(DONE, {"number": 1}, subject="odd", sequence=1, time="2024-03-01T00:00:00")
    intake = deliver_raw(context, FACTS, [fact("a", 1), odd, fact("b", 1)])
    assert effects(context) == [("a", 1), ("b", 1)]
    assert [row["slug"] for row in parked(context)] == ["not-a-cloudevent"]
    assert intake.forgotten == 0


def test_a_time_of_amqps_own_is_utc(context: Context) -> None:
    """In the binary mode a time may be a header of AMQP's type for times, which is in UTC and does not say so."""
    attributes = {"specversion": "1.0", "id": "1", "source": "/test", "type": DONE, "subject": "a", "sequence": "0000000001"}
    headers: dict[str, object] = {f"cloudEvents_{name}": value for name, value in attributes.items()}
    headers["cloudEvents_time"] = datetime(2024, 3, 1)  # noqa: DTZ001 - as py-amqp hands it over
    incoming = Intake(context, FACTS).reader.read(Delivery(b'{"number":1}', 1, headers=headers))
    assert incoming.message is not None
    assert incoming.message.time == datetime(2024, 3, 1, tzinfo=UTC)


def test_the_binary_mode_can_wait(context: Context) -> None:
    """A fact in the binary mode that came early is read again as it came, whatever AMQP made of its attributes."""
    attributes = {"specversion": b"1.0", "id": "2", "source": b"/test", "type": DONE, "subject": b"a", "sequence": "0000000002"}
    headers: dict[str, object] = {f"cloudEvents_{name}": value for name, value in attributes.items()}
    headers["cloudEvents_time"] = datetime(2024, 3, 1)  # noqa: DTZ001 - as py-amqp hands it over
    Intake(context, FACTS).settle([Delivery(b'{"number":2}', 1, FACTS.exchange, headers=headers)])
    deliver_raw(context, FACTS, [fact("a", 1)])
    assert effects(context) == [("a", 1), ("a", 2)]


def test_what_no_table_can_hold_is_parked_at_once(context: Context) -> None:
    """A number that is too large for its column is the message's fault: it is parked with a reason, without another try."""
    deliver_raw(context, FACTS, [fact("a", 1), event(DONE, {"number": 2**40}, subject="odd", sequence=1), fact("b", 1)])
    (row,) = parked(context)
    assert effects(context) == [("a", 1), ("b", 1)]
    assert (row["slug"], row["attempts"]) == ("unstorable-data", 1)


def test_only_sane_attributes_are_handed_on(context: Context) -> None:
    """A municipality, a programme or a trace that is none is not repeated in what follows from a message."""
    insane = {"municipality": "Mona", "programme": "Mona Test", "traceparent": "00-mona-01"}
    deliver(context, DONE, {"number": 1}, **insane)
    (message,) = published(context)
    assert message["municipality"] == context.settings.municipality
    assert {"programme", "traceparent"}.isdisjoint(message)


def test_what_cannot_be_written_again_is_not_handed_on(context: Context) -> None:
    """An address that grew too long when it was read is no address, and a correlation is cut: the request is handled, the fact leaves."""
    asked = Delivery(event(ASKED, {"number": 1}), 1, reply_to="\N{REPLACEMENT CHARACTER}" * 100, correlation_id="æ" * 130)
    answered = Delivery(event(ASKED, {"number": 2}), 2, reply_to="his", correlation_id="æ" * 130)
    Intake(context, REQUESTS).settle([asked, answered])
    with context.work() as work:
        answers = work.connection.execute(sa.text("select routing_key, correlation_id from chassis.outbox where exchange = ''")).all()
    assert (len(published(context)), answers) == (3, [("his", "æ" * 127)])
