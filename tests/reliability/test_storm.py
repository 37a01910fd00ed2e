"""A storm of duplicates: everything comes three times, in any order, and has one effect, in its order."""

from random import Random

from tests.reliability.chance import seed
from tests.reliability.load import publish
from tests.reliability.oracle import duplicates, number
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import Stage
from tests.reliability.ward import Ward, fact

REQUESTS = 300
AGGREGATES, FACTS_OF_EACH = 60, 5
TIMES = 3
TAKEN = "select coalesce(sum(handled + duplicate), 0) from chassis.ledger"


def test_requests_three_times_in_any_order(stage: Stage) -> None:
    """Fault 22, from outside: each request comes three times, shuffled, and is answered once."""
    requests = [stage.families.request() for _ in range(REQUESTS)]
    storm = requests * TIMES
    Random(seed()).shuffle(storm)
    stage.start_all("registration", "reporting")
    sender = stage.sender()
    sender.send_all(storm)
    eventually(lambda: number(stage.contexts["registration"], TAKEN) == len(storm), within=START_WITHIN_S, what="all taken")
    figures = stage.figures()
    sender.take_answers()
    sender.close()
    figures.judge("each request three times")
    assert (len(stage.ledger.answers), stage.ledger.answered_again) == (REQUESTS, 0)


def test_facts_three_times_in_any_order(ward: Ward) -> None:
    """Fault 22, inside: each fact comes three times, shuffled, to two processes that share the queue. Order is restored."""
    sent = dict(fact(f"child-{a:02d}", n) for a in range(AGGREGATES) for n in range(1, FACTS_OF_EACH + 1))
    storm = [*sent.values()] * TIMES
    Random(seed()).shuffle(storm)
    ward.start()
    ward.start()
    publish(ward.bus_url, storm)
    ward.supervise(effects=len(sent))
    figures = ward.figures(sent, sent_again=len(storm) - len(sent))
    figures.judge(f"each of {len(sent)} facts three times")
    assert duplicates(ward.context) == figures.sent_again + figures.taken_again
