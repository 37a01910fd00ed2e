"""The way from a commit to the bus: whatever others do with the database meanwhile, what was committed leaves, in order and soon."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event

import psycopg
import pytest
import sqlalchemy as sa

from services.chassis.storage import UnitOfWork
from tests.chassis.tiny import ECHO
from tests.reliability.chance import seed
from tests.reliability.load import publish
from tests.reliability.oracle import number, outbox
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.sabotage import terminate_one
from tests.reliability.ward import RETRIES, Ward, fact

SOON_S = 2.0
"""What nobody was told of leaves within this time: the relay polls."""
LISTENER = "query = 'listen deltag_outbox' and datname = current_database()"
HELD_UP = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
OLDEST = "deltag_database_oldest_transaction_age_seconds"
ROUNDS = 10
DRAINED_WITHIN_S = 5.0
FACTS = 300

_INSERT = sa.text("insert into effect (subject, number, message) values (:subject, :number, :message)")


def tell(work: UnitOfWork, subject: str, place: int) -> str:
    """An effect, and the fact that tells of it; returns the name under which the effect is known."""
    name = f"{subject}-{place}"
    work.connection.execute(_INSERT, {"subject": subject, "number": place, "message": name})
    work.emit(ECHO, subject=subject, data={"number": place})
    work.flush()
    return name


def told_in(ward: Ward, subject: str) -> float:
    """Commit a fact; returns the seconds until it has left."""
    with ward.context.work() as work:
        tell(work, subject, 1)
    return eventually(lambda: not outbox(ward.context), within=SOON_S, what="on its way")


def test_nobody_listens(ward: Ward) -> None:
    """Fault 29: the LISTEN connection is ended, and notices are not sent at all. What is committed leaves within two seconds."""
    ward.start().await_ready()
    chance, url = Random(seed()), ward.context.database.url
    deaf = []
    for n in range(5):
        eventually(lambda: terminate_one(url, chance, LISTENER), what="a listener")
        deaf.append(told_in(ward, f"deaf-{n}"))
    ward.context.wakers["relay"] = Event().set
    mute = [told_in(ward, f"mute-{n}") for n in range(5)]
    seconds = max(*deaf, *mute)
    sent = [f"{kind}-{n}-1" for kind in ("deaf", "mute") for n in range(5)]
    ward.figures(sent, seconds).judge("nobody listens, or nobody says anything", within=SOON_S)


def test_commits_out_of_order(ward: Ward) -> None:
    """Fault 30: who was first in the outbox commits last. None is passed over, and each aggregate's facts keep their order."""
    ward.start().await_ready()
    sent: list[str] = []
    with ThreadPoolExecutor() as elsewhere:
        for n in range(ROUNDS):
            with ward.context.work() as late:
                sent.append(tell(late, f"late-{n}", 1))
                sent.append(told_by_another(ward, f"early-{n}", 1))
                following = elsewhere.submit(told_by_another, ward, f"late-{n}", 2)
                eventually(lambda: number(ward.context, HELD_UP), what="a follower that waits for the first")
                eventually(lambda: not outbox(ward.context), what="the one that overtook on its way")
            sent.append(following.result())
    seconds = eventually(lambda: not outbox(ward.context), what="an empty outbox")
    facts = ward.witness.testimony()
    assert [(fact.subject, fact.sequence) for fact in facts] == [
        place for n in range(ROUNDS) for place in ((f"early-{n}", 1), (f"late-{n}", 1), (f"late-{n}", 2))
    ]
    ward.figures(sent, seconds, facts).judge(f"{ROUNDS} times committed out of order")


def told_by_another(ward: Ward, subject: str, place: int) -> str:
    """Tell of something in a transaction of its own; returns the fact's id."""
    with ward.context.work() as work:
        return tell(work, subject, place)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("open_s", [3, pytest.param(50, marks=pytest.mark.thorough)])
def test_somebody_forgets_to_commit(ward: Ward, open_s: float) -> None:
    """Fault 31: a transaction stays open, with a fact in the outbox that it has not committed and one that it keeps locked.

    All others pass meanwhile, and these two when it ends.
    """
    with ward.context.work() as first:
        sent = [tell(first, "locked", 1)]
    with ward.context.work() as forgotten:
        sent.append(tell(forgotten, "forgotten", 1))
        with psycopg.connect(ward.context.database.url) as person:
            person.execute("select from chassis.outbox for update")
            ward.start().await_ready()
            facts = dict(fact(f"child-{n:03d}", 1) for n in range(FACTS))
            publish(ward.bus_url, facts.values())
            flowed = eventually(lambda: number(ward.context, "select count(*) from effect") == FACTS + 1, what="all others")
            eventually(lambda: outbox(ward.context) == 1, what="all but one on their way")
            Event().wait(open_s)
    seconds = ward.settle(effects=FACTS + 2)
    ward.figures([*sent, *facts], seconds).judge(f"open for {open_s} s, while {FACTS} others passed in {flowed:.1f} s")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("open_s", [0, pytest.param(120, marks=pytest.mark.thorough)])
def test_somebody_keeps_a_row_locked(ward: Ward, open_s: float) -> None:
    """Fault 31: a transaction holds rows that handlers need, for longer than all retries. Nobody's attempt is counted, all others pass,
    a metric tells how long it has been open, and those that waited are handled when it ends.
    """
    sent = dict(fact(f"child-{n:03d}", 1) for n in range(FACTS))
    process = ward.start(DELTAG_RETRY_BASE_S="0.1", DELTAG_LOCK_S="1")
    process.await_ready()
    publish(ward.bus_url, sent.values())
    ward.settle(effects=FACTS)
    with psycopg.connect(ward.context.database.url) as person:
        locked = person.execute("select from chassis.position where key ~ 'child-00[0-2]$' for update").rowcount
        more = dict(fact(f"child-{n:03d}", 2) for n in range(FACTS))
        publish(ward.bus_url, more.values())
        flowed = eventually(lambda: number(ward.context, "select count(*) from effect") == 2 * FACTS - locked, what="all others")
        eventually(lambda: process.log.read_text().count("Locked") > locked * (RETRIES + 1), within=START_WITHIN_S, what="many tries")
        eventually(lambda: process.measured(OLDEST) > 1, what="it in its metrics")
        Event().wait(open_s)
        assert number(ward.context, "select max(attempts) from chassis.deferred") <= 1  # one that is in hand
    seconds = ward.settle(effects=2 * FACTS)
    told = f"{locked} rows locked for {open_s} s and more, while {FACTS - locked} others passed in {flowed:.1f} s"
    ward.figures({**sent, **more}, seconds).judge(told)


def test_stopped_while_a_table_is_locked(ward: Ward) -> None:
    """Fault 20: SIGTERM while somebody holds a table that every handler needs. What is in hand goes back, and the end comes in time."""
    sent = dict(fact(f"child-{n:04d}", 1) for n in range(10 * FACTS))
    process = ward.start()
    process.await_ready()
    with psycopg.connect(ward.context.database.url) as person:
        person.execute("lock table effect in exclusive mode")
        publish(ward.bus_url, sent.values())
        eventually(lambda: number(ward.context, HELD_UP), what="somebody who waits")
        seconds = process.stop()
        ward.retire(process)
    ward.start()
    ward.figures(sent, ward.settle(effects=len(sent), within=START_WITHIN_S)).judge(f"stopped in {seconds:.1f} s while a table was locked")
    assert seconds < DRAINED_WITHIN_S
