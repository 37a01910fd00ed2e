"""What is kept of facts does not depend on how they arrive, and the report is made from what is kept."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.errors import NotFound
from services.chassis.service import Context
from services.chassis.testing import deliver_raw
from services.reporting import handlers
from services.reporting.domain.report import Report
from services.reporting.service import FACTS
from tests.effort import at_most
from tests.reporting.dump import dump
from tests.reporting.story import bodies, enrolled, programme, tell, town, whole_story

STORY = bodies(whole_story(12))


def told(context: Context, batches: list[list[bytes]]) -> str:
    """What is kept after these batches, from nothing."""
    with context.work() as work:
        work.forget(FACTS.queue)
    for batch in batches:
        deliver_raw(context, FACTS, batch)
    return dump(context)


def report(context: Context, start: date | None = None, end: date | None = None) -> Report:
    """The report as it is now."""
    with context.work() as work:
        return handlers.report(work, None, start, end)


@settings(at_most(25), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=60), st.integers(1, 200))
def test_any_order_and_repetition_keeps_the_same(context: Context, shuffled: list[bytes], again: list[bytes], size: int) -> None:
    """In whatever order facts arrive, however often and in whatever batches, the tables are the same, byte for byte."""
    arriving = [*shuffled, *again]
    batches = [arriving[i : i + size] for i in range(0, len(arriving), size)]
    assert told(context, batches) == told(context, [STORY])


def test_numbers_add_up_to_the_story(context: Context) -> None:
    """Everything printed about enrolments is what happened, and what is hidden is small or helps to hide something small."""
    story = whole_story(240)
    tell(context, story)
    children = next(s for s in report(context).sections if s.family.name == "children")
    withdrawn = sum(fact.type == "registration.enrolment.withdrawn.v1" for fact in story)
    assert children.total
    assert children.total.numbers["children-enrolled"] == 240
    assert children.total.numbers["children-withdrawn"] == withdrawn
    assert children.number("place", "hedegaarden/sesam", "children-withdrawn") in {0, None}


def test_reach_is_read_off_the_printed_tables(context: Context) -> None:
    """Reach compares the children enrolled with the target, and counts those who came."""
    tell(context, whole_story(240))
    reach = report(context).reach
    assert reach
    assert (reach.target, reach.enrolled, reach.enrolled_share) == (1000, 240, 0.24)


def test_reach_of_few_is_hidden(context: Context) -> None:
    """Four children enrolled are not told, and neither is their share of the target."""
    tell(context, [*town(), *(enrolled(f"child {n}") for n in range(4))])
    reach = report(context).reach
    assert reach
    assert (reach.enrolled, reach.enrolled_share) == (None, None)


def test_period_counts_what_happened_in_it(context: Context) -> None:
    """The period's first day belongs to it, the end does not."""
    tell(context, [*town(), *(enrolled(f"child {n}", start="2024-03-01" if n < 6 else "2024-04-01") for n in range(16))])
    found = report(context, date(2024, 3, 1), date(2024, 4, 1))
    assert found.reach
    assert found.reach.enrolled == 6


def test_report_says_how_fresh_it_is(context: Context) -> None:
    """The report names the moment of its newest fact."""
    tell(context, [*town(), enrolled("alma")._replace(time="2024-05-05T10:00:00Z")])
    updated = report(context).updated_at
    assert updated
    assert updated.isoformat() == "2024-05-05T10:00:00+00:00"


def test_programme_without_figures_is_empty(context: Context) -> None:
    """A programme that has just been loaded has a report, which says that it is empty."""
    tell(context, [programme()])
    assert report(context).empty


def test_unknown_programme_is_told(context: Context) -> None:
    """Where there is no such programme the answer says so, in both languages."""
    with context.work() as work, pytest.raises(NotFound) as refused:
        handlers.report(work, "elsewhere")
    assert "programme-not-known" in json.dumps([reason.as_dict() for reason in refused.value])
