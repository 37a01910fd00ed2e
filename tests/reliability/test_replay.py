"""What was parked is sent through again after a mend, more than once, while others go on: one effect each, in order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import psycopg
import pytest

from services.chassis import parked as parking
from tests.reliability.lethal import OUTAGE
from tests.reliability.load import REQUESTED, Raw, Request, publish
from tests.reliability.oracle import deferred
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.reliability.ward import Fault, Ward, fact

FACTS_OF_EACH = 4
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
_MEND = "drop trigger stumble on enrolment"


def unlucky(stage: Stage, number: int) -> Request:
    """A request that meets the defect."""
    return stage.families.request() | {"id": f"unlucky-{number}"}


@pytest.mark.thorough
@pytest.mark.timeout(900)
@pytest.mark.parametrize("parked", [150, 1_000])
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
        again = [stage.command("registration", "parked", "replay", "registration", "--group", group.fingerprint) for _ in range(2)]
        said = [command.communicate()[0].strip() for command in again]
        handled = {request["id"] for request in requests}
        seconds = eventually(lambda: stage.enrolments.handled(handled), within=START_WITHIN_S, what="all replayed")
    told = "; ".join([f"broken off after {broken_off[0]}", *said])
    stage.figures().judge(f"{parked} {REQUESTED} replayed in {seconds:.0f} s ({told})")


@pytest.mark.parametrize("parked", [40, pytest.param(1_000, marks=pytest.mark.thorough)])
def test_facts_are_replayed_twice_in_order(ward: Ward, fault: Fault, parked: int) -> None:
    """Fault 25: the first fact of each aggregate is parked, and its others wait; between them come some that are well, so it is no
    outage. Replayed twice, all come in order, once.
    """
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
        replays = [elsewhere.submit(list, parking.replay(ward.context, chosen, actor=who)) for who in ("anna", "bo")]
        moved = " and ".join(str(replay.result()[-1]) for replay in replays)
        assert flowing.result() == len(live)
    seconds = ward.settle(effects=len(sent) + len(live), within=patience)
    list(parking.replay(ward.context, chosen, actor="anna"))
    ward.figures([*sent, *live]).judge(f"{parked} parked, {len(sent)} in order after {seconds:.1f} s; moved {moved}")


def ailing(subject: str) -> Iterator[tuple[str, Raw]]:
    """An aggregate's facts, of which the first cannot be handled until the fault is healed."""
    return (fact(subject, n + 1, OUTAGE if n == 0 else "") for n in range(FACTS_OF_EACH))


def change(url: str, script: str) -> None:
    """What a developer does to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())
