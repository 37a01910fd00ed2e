"""Senders and receivers of different versions: what can be read is read, the rest waits for the version that can."""

from services.chassis import parked as parking
from services.chassis.testing import parked
from tests.chassis.tiny import DONE
from tests.reliability.lethal import DONE_V2
from tests.reliability.load import publish
from tests.reliability.oracle import number
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.ward import Ward, fact, newer_fact

EACH = 50
OLD, NEW = ({"LETHAL_VERSION": version} for version in ("1", "2"))


def test_older_sender_and_newer_receiver(ward: Ward) -> None:
    """Fault 23: facts without what the next version added. The receiver of the next version, and the one beside it, handle all."""
    sent = dict(fact(f"child-{n:02d}", place) for n in range(EACH) for place in (1, 2))
    ward.start(**OLD)
    ward.start(**NEW)
    publish(ward.bus_url, sent.values())
    ward.supervise(effects=len(sent))
    ward.figures(sent).judge("an older sender, and receivers of both versions")


def test_newer_sender_and_older_receiver(ward: Ward) -> None:
    """Fault 23: what has more in it is read; what breaks with the old is parked, holds up its own aggregate alone, and is replayed."""
    extended = dict(newer_fact(f"child-{n:02d}", 1, DONE, {"number": 1, "colour": "red", "shape": {"round": True}}) for n in range(EACH))
    broken = dict(newer_fact(f"child-{n:02d}", 2, DONE_V2, {"amount": 2}) for n in range(EACH))
    after = dict(fact(f"child-{n:02d}", 3) for n in range(EACH))
    older = ward.start(**OLD)
    publish(ward.bus_url, [*extended.values(), *broken.values(), *after.values()])
    eventually(lambda: len(parked(ward.context)) == EACH, within=START_WITHIN_S, what="the second version parked")
    eventually(lambda: number(ward.context, "select count(*) from effect") == EACH, what="the first version handled")
    assert {p["slug"] for p in parked(ward.context)} == {"unknown-type"}
    ward.retire(older)
    ward.start(**NEW).await_ready()
    [group] = parking.groups(ward.context)
    list(parking.replay(ward.context, parking.chosen(ward.context, fingerprint=group.fingerprint), actor="anna"))
    seconds = ward.settle(effects=3 * EACH)
    ward.figures(extended | broken | after, seconds).judge("a newer sender, and an older receiver that is replaced")
