"""The projections can be made anew from the log at any time, and are then the same."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from services.chassis.bus import Delivery
from services.chassis.envelope import STRUCTURED
from services.chassis.service import EVENTS, Context
from services.chassis.testing import deliver_raw
from services.reporting.rebuild import rebuild
from services.reporting.service import FACTS, SERVICE
from tests.reliability.oracle import number
from tests.reliability.patience import eventually
from tests.reporting.dump import dump
from tests.reporting.story import bodies, whole_story

STORY = whole_story(40)
MESSAGES = bodies(STORY)
_TAKE = "insert into chassis.position (consumer, key, last) values (:consumer, 'under-way', 1)"
_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def logged(body: bytes, offset: int, type_: str) -> Delivery:
    """One message of the log."""
    return Delivery(body, offset, EVENTS, routing_key=type_, content_type=STRUCTURED)


def log(first: int = 0) -> Iterator[Delivery]:
    """The log from an offset on, with facts in it that reporting does not listen to."""
    yield logged(b"{}", 0, "registration.contact.sealed.v1")
    for tag, (body, fact) in enumerate(zip(MESSAGES, STORY, strict=True)):
        if tag >= first:
            yield logged(body, tag, fact.type)


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """The service with small batches, so that a rebuild takes several."""
    return context_of(SERVICE, batch_size=50)


@pytest.fixture
def live(context: Context) -> str:
    """The tables after everything came in live, some of it twice and not in order."""
    for batch in (MESSAGES[100:], MESSAGES[:150], MESSAGES[50:]):
        deliver_raw(context, FACTS, batch)
    return dump(context)


def test_rebuilt_is_live(context: Context, live: str) -> None:
    """Rebuilt from the log, the tables are those of live, byte for byte."""
    for _ in rebuild(context, log()):
        pass
    assert dump(context) == live


def test_fact_under_way_is_forgotten_too(context: Context) -> None:
    """A rebuild waits for whoever has a fact in hand: else his position would stay, and what it stands for be gone."""
    with ThreadPoolExecutor() as elsewhere:
        with context.work() as under_way:
            under_way.connection.execute(sa.text(_TAKE), {"consumer": FACTS.queue})
            begun = elsewhere.submit(next, rebuild(context, log()))
            eventually(lambda: number(context, _WAITING))
        begun.result()
    assert number(context, "select count(*) from chassis.position where key = 'under-way'") == 0


def test_rebuild_goes_on_where_it_ended(context: Context, live: str) -> None:
    """A rebuild that ended half-way goes on from the offset that it reached."""
    going = rebuild(context, log())
    reached = max(offset for offset, _turn in zip(going, range(3), strict=False))
    going.close()
    for _ in rebuild(context, log(reached), resume=True):
        pass
    assert dump(context) == live


def test_facts_may_come_in_meanwhile(context: Context, live: str) -> None:
    """Live facts that come while the log is read are taken when the log has reached them."""
    going = rebuild(context, log())
    next(going)
    deliver_raw(context, FACTS, MESSAGES[-20:])
    assert dump(context) != live
    for _ in going:
        pass
    deliver_raw(context, FACTS, [])
    assert dump(context) == live


def test_rebuild_tells_its_progress(context: Context) -> None:
    """After each batch it tells the offset that it reached, up to the end of the log."""
    reached = list(rebuild(context, log()))
    assert reached == sorted(set(reached))
    assert reached[-1] == len(MESSAGES) - 1
