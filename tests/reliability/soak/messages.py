"""What others send that nobody can take, that comes again and again, and what is sent through again after a mend."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TypeVar

from services.chassis import parked as parking
from services.chassis.service import EVENTS
from tests.reliability.load import Raw, event, publish
from tests.reliability.oracle import ENROLMENT, deferred
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.sabotage import break_every_tenth, mend
from tests.reliability.soak.world import QUEUE_OF, Blow, World
from tests.reliability.witness import Passed

T = TypeVar("T")
TIMES = 3
MANY = 100
ENOUGH_PARKED = 3
TOLD_BY = {"registration": "request_id", "reporting": "id"}
"""The column of a service's enrolments that is the same at every try."""


def send_poison(world: World, blow: Blow) -> None:
    """One message that nobody can read, and one from the future; each is parked, and no more."""
    poison = [Raw("", QUEUE_OF[blow.target], body) for body in (f"poison {blow.lot}".encode(), _from_the_future())]
    world.parked[blow.target] += publish(world.stage.bus_url, poison)
    world.await_parked(blow.target)


def storm_with_requests(world: World, blow: Blow) -> None:
    """Another system sends each request three times, in any order."""
    sender = world.stage.sender()
    sender.send_all(_shuffled([world.stage.families.request() for _ in range(MANY)], blow.chance()))
    sender.close()


def storm_with_facts(world: World, blow: Blow) -> None:
    """What was told of enrolments is told again three times, in any order."""
    told = [fact for fact in world.hear() if fact.key.startswith(ENROLMENT)]
    publish(world.stage.bus_url, map(_told_again, _shuffled(told[-MANY:], blow.chance())))


def replay_what_is_parked(world: World, blow: Blow) -> None:
    """A defect parks some messages among others; it is mended, and two operators send through again all that is parked."""
    url, context = world.database(blow.target), world.context(blow.target)
    enough = world.parked[blow.target] + ENOUGH_PARKED
    break_every_tenth(url, "enrolment", TOLD_BY[blow.target])
    eventually(lambda: deferred(context, kinds=["parked"]) >= enough, within=START_WITHIN_S, what=f"{enough} parked")
    mend(url, "enrolment")
    chosen = [row.id for row in parking.rows(context, limit=10_000)]
    with ThreadPoolExecutor() as operators:
        list(operators.map(lambda who: list(parking.replay(context, chosen, actor=who)), ("anna", "bo")))
    world.await_parked(blow.target)


def _from_the_future() -> bytes:
    return json.dumps(event("registration.enrolment.accepted.v99", {}) | {"subject": "nobody"}).encode()


def _shuffled(messages: Sequence[T], chance: Random) -> list[T]:
    storm = [*messages] * TIMES
    chance.shuffle(storm)
    return storm


def _told_again(fact: Passed) -> Raw:
    return Raw(EVENTS, json.loads(fact.body)["type"], fact.body)
