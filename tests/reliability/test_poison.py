"""A message that kills whoever handles it: it is parked, alone, and everything around it is handled."""

import pytest

from services.chassis.testing import parked
from tests.reliability.lethal import DEATH, SLOW
from tests.reliability.load import publish
from tests.reliability.oracle import deferred
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.ward import Ward, fact, request

pytestmark = pytest.mark.timeout(400)


def aside(ward: Ward) -> list[tuple[str, str]]:
    """What is parked, and why."""
    return [(message["message_id"], message["slug"]) for message in parked(ward.context)]


def test_one_killer_among_a_hundred_facts(ward: Ward) -> None:
    """Fault 16: of a hundred facts in hand one kills the process each time. It alone is parked, and 99 are handled."""
    sent = dict(fact(f"child-{n:02d}", 1, DEATH if n == 49 else "") for n in range(100))
    publish(ward.bus_url, sent.values())
    ward.start()
    ward.supervise(effects=99, parked=1)
    ward.figures(sent).judge(f"a killer among facts, {ward.deaths} deaths", parked=1)
    assert aside(ward) == [("child-49-1", "ended-the-process")]


def test_one_killer_among_a_hundred_requests(ward: Ward) -> None:
    """Fault 16: one of a hundred requests, which are handled as a set by two processes, kills them. It alone is parked."""
    sent = dict(request(f"request-{n:02d}", DEATH if n == 49 else "") for n in range(100))
    publish(ward.bus_url, sent.values())
    ward.start()
    ward.start()
    ward.supervise(effects=99, parked=1)
    ward.figures(sent).judge(f"a killer among requests, {ward.deaths} deaths", parked=1)
    assert aside(ward) == [("request-49", "ended-the-process")]


@pytest.mark.thorough
def test_one_killer_among_early_facts(ward: Ward) -> None:
    """A fact that waited for the one before it, and kills the process whenever its turn has come, is parked alone too."""
    subjects = [f"child-{n:02d}" for n in range(20)]
    early = dict(fact(subject, 2, DEATH if subject == "child-07" else "") for subject in subjects)
    first = dict(fact(subject, 1) for subject in subjects)
    publish(ward.bus_url, early.values())
    ward.start()
    eventually(lambda: deferred(ward.context, kinds=["early"]) == len(early), within=START_WITHIN_S, what="waiting")
    publish(ward.bus_url, first.values())
    ward.supervise(effects=39, parked=1)
    ward.figures(first | early).judge(f"a killer among early facts, {ward.deaths} deaths", parked=1)
    assert aside(ward) == [("child-07-2", "ended-the-process")]


@pytest.mark.thorough
def test_one_killer_and_an_innocent_in_another_queue(ward: Ward) -> None:
    """A slow message of another queue, which would be in hand in the same process whenever the killer strikes, is not taken for one."""
    sent = dict([request("killer", DEATH), fact("slow", 1, SLOW)])
    publish(ward.bus_url, sent.values())
    ward.start()
    ward.supervise(effects=1, parked=1)
    ward.figures(sent).judge(f"a killer beside an innocent, {ward.deaths} deaths", parked=1)
    assert aside(ward) == [("killer", "ended-the-process")]
