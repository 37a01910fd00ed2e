"""What was parked is sent through again after a mend, more than once, while others go on: one effect each, in order."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice

import psycopg
import pytest
import sqlalchemy as sa

from services.chassis import parked as parking
from services.chassis.database import Database
from services.chassis.service import Context
from tests.reliability.lethal import OUTAGE
from tests.reliability.load import REQUESTED, Raw, Request, publish
from tests.reliability.oracle import deferred, number, rows
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.reliability.ward import Fault, Ward, fact

FACTS_OF_EACH = 4
OPERATORS = ("bo", "dorte")
PATIENT_S = 25.0
"""So long an operator waits here for what is locked: two are made to wait for one another's beginning."""
SLOWEST_PER_S = 5
"""How many are parked, or replayed, where many others are at work: it only bounds the waiting."""

pytestmark = pytest.mark.timeout(900)

_DEFECT = """
create function stumble() returns trigger language plpgsql as $$ begin
    if new.request_id like 'unlucky-%' then raise 'a defect'; end if;
    return new;
end $$;
create trigger stumble before insert on enrolment for each row execute function stumble()
"""
_IN_HAND = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    " and query like 'insert into chassis.operator_action%'"
)
_MEND = "drop trigger stumble on enrolment"


def unlucky(stage: Stage, number: int) -> Request:
    """A request that meets the defect."""
    return stage.families.request() | {"id": f"unlucky-{number}"}


@pytest.mark.thorough
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parked", [350, 1_000])
def test_requests_are_replayed_twice_by_command(stage: Stage, parked: int) -> None:
    """Fault 25: parked by a defect, among others that it spares; mended, replayed in part and then, twice at once, whole. Each has one
    effect.
    """
    registration = stage.contexts["registration"]
    change(registration.database.url, _DEFECT)
    stage.start_all("registration", "reporting", DELTAG_RETRY_ATTEMPTS="1")
    requests = [request for number in range(parked) for request in (stage.families.request(), unlucky(stage, number))]
    with stage.flowing():
        sender = stage.sender()
        sender.send_all(requests)
        sender.close()
        eventually(lambda: deferred(registration, kinds=["parked"]) == parked, within=START_WITHIN_S + parked / 5, what="all parked")
        change(registration.database.url, _MEND)
        [group] = parking.groups(registration)
        chosen = parking.chosen(registration, fingerprint=group.fingerprint)
        broken_off = list(islice(parking.replay(registration, chosen, actor="anna"), 1))
        replay = ("parked", "replay", "registration", "--group", group.fingerprint, "--as")
        with at_once(registration):
            again = [stage.command("registration", *replay, who, DELTAG_LOCK_S=str(PATIENT_S)) for who in OPERATORS]
            await_both(registration)
        said = [command.communicate()[0] for command in again]
        assert [command.returncode for command in again] == [0, 0], said
        handled = {request["id"] for request in requests}
        seconds = eventually(lambda: stage.enrolments.handled(handled), within=START_WITHIN_S, what="all replayed")
    told = f"broken off after {broken_off[0]}, then {told_of(moved := moved_by(registration))} at once"
    stage.figures().judge(f"{parked} {REQUESTED} replayed in {seconds:.0f} s ({told})")
    assert sum(moved.values()) == parked - broken_off[0], said


@pytest.fixture
def desk(ward: Ward) -> Iterator[Context]:
    """The ward's service, as patient operators see it."""
    with closing(Database(ward.context.database.url, application="operator", lock_s=PATIENT_S)) as database:
        yield replace(ward.context, database=database)


@pytest.mark.parametrize("parked", [40, pytest.param(1_000, marks=pytest.mark.thorough)])
def test_facts_are_replayed_twice_in_order(ward: Ward, desk: Context, fault: Fault, monkeypatch: pytest.MonkeyPatch, parked: int) -> None:
    """Fault 25: the first fact of each aggregate is parked, and its others wait; between them come some that are well, so it is no
    outage. Replayed by two at once and then again, all come in order, once.
    """
    monkeypatch.setattr(parking, "CHUNK", parked // 4)
    patience = START_WITHIN_S + parked / SLOWEST_PER_S
    subjects = [f"child-{n:04d}" for n in range(parked)]
    sent = dict(told for subject in subjects for told in (fact(f"well-{subject}", 1), *ailing(subject)))
    live = dict(fact(f"other-{n:04d}", 1) for n in range(parked))
    ward.start(DELTAG_RETRY_ATTEMPTS="1", **fault.variables).await_ready()
    publish(ward.bus_url, sent.values())
    eventually(lambda: deferred(ward.context, kinds=["parked"]) == parked, within=patience, what="all parked")
    fault.heal()
    chosen = [row.id for row in parking.rows(ward.context, limit=parked)]
    with ThreadPoolExecutor() as elsewhere:
        flowing = elsewhere.submit(publish, ward.bus_url, live.values())
        with at_once(ward.context):
            replays = [elsewhere.submit(list, parking.replay(desk, chosen, actor=who)) for who in OPERATORS]
            await_both(ward.context)
        for replay in replays:
            replay.result()
        assert flowing.result() == len(live)
    seconds = ward.settle(effects=len(sent) + len(live), within=patience)
    assert [*parking.replay(ward.context, chosen, actor="carla")][-1] == 0
    moved = moved_by(ward.context)
    ward.figures([*sent, *live]).judge(f"{parked} parked, {len(sent)} in order after {seconds:.1f} s; {told_of(moved)} at once")
    assert sum(moved.values()) == parked


@contextmanager
def at_once(context: Context) -> Iterator[None]:
    """During the block whoever replays takes the first messages in hand, and moves none: the two go on together at its end."""
    with context.work() as work:
        work.connection.execute(sa.text("lock table chassis.operator_action in exclusive mode"))
        yield


def await_both(context: Context) -> None:
    """Wait until both operators have messages in hand."""
    eventually(lambda: number(context, _IN_HAND) == len(OPERATORS), within=START_WITHIN_S, what="two with messages in hand")


def moved_by(context: Context) -> dict[str, int]:
    """How many messages each of the two has moved; a message that both had moved would count twice."""
    audited = rows(context, "select actor, count(*) as moved from chassis.operator_action where action = 'replay' group by actor")
    moved = {row.actor: row.moved for row in audited if row.actor in OPERATORS}
    assert moved.keys() == set(OPERATORS), "one of them moved nothing"
    return moved


def told_of(moved: Mapping[str, int]) -> str:
    """One phrase for a person."""
    return " and ".join(f"{moved[who]} by {who}" for who in OPERATORS)


def ailing(subject: str) -> Iterator[tuple[str, Raw]]:
    """An aggregate's facts, of which the first cannot be handled until the fault is healed."""
    return (fact(subject, n + 1, OUTAGE if n == 0 else "") for n in range(FACTS_OF_EACH))


def change(url: str, script: str) -> None:
    """What a developer does to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())
