"""What holds between a child and a guardian, over time."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.guardianship import Guardianship, Spell, Terms, together

FATHER = Terms("father", custody=True, contact_allowed=True, residence=True)
AWAY = Terms("father", custody=False, contact_allowed=False, residence=False)
SEPTEMBER = date(2024, 9, 1)
MONDAY = datetime(2024, 5, 6, 9, tzinfo=UTC)

days = st.dates(date(2024, 1, 1), date(2024, 1, 12))
moments = st.integers(0, 5).map(lambda hours: MONDAY + timedelta(hours=hours))
terms = st.builds(Terms, st.sampled_from(["father", "other"]), st.booleans(), st.booleans(), st.booleans())
changes = st.lists(st.tuples(days, terms, moments), max_size=8)


def as_enrolled() -> Guardianship:
    """As an enrolment tells it: since ever, and until further notice."""
    return Guardianship("asta", "karim", [Spell(None, None, FATHER)])


def after(told: list[tuple[date, Terms, datetime]]) -> Guardianship:
    """The guardianship when these changes were taken, in that order."""
    guardianship = as_enrolled()
    for change in told:
        guardianship.change(*change)
    return guardianship


def test_a_change_holds_from_its_day_on() -> None:
    """Until the day before, what was so is still so."""
    guardianship = after([(SEPTEMBER, AWAY, MONDAY)])
    assert guardianship.on(SEPTEMBER - timedelta(days=1)) == FATHER
    assert guardianship.on(SEPTEMBER) == AWAY
    assert guardianship.on(date.max) == AWAY


def test_a_change_holds_until_the_next() -> None:
    """What was planned for later is not undone by a change before it."""
    guardianship = after([(SEPTEMBER, FATHER, MONDAY), (date(2024, 6, 1), AWAY, MONDAY + timedelta(days=1))])
    assert [guardianship.on(date(2024, month, 1)) for month in (5, 6, 8, 9)] == [FATHER, AWAY, AWAY, FATHER]


def test_somebody_who_comes_later_was_nobody_before() -> None:
    """A guardian whom no enrolment named has nothing to do with the child until his first day."""
    stepfather = Guardianship("asta", "ali")
    assert stepfather.change(SEPTEMBER, FATHER, MONDAY)
    assert (stepfather.on(date(2024, 8, 31)), stepfather.on(SEPTEMBER)) == (None, FATHER)


def test_what_was_said_earlier_changes_nothing_any_more() -> None:
    """Of two changes for one day the one that was said later counts, also where it comes first."""
    guardianship = after([(SEPTEMBER, AWAY, MONDAY)])
    assert not guardianship.change(SEPTEMBER, FATHER, MONDAY - timedelta(days=1))
    assert guardianship.on(SEPTEMBER) == AWAY


@given(changes)
def test_every_day_has_one_answer(told: list[tuple[date, Terms, datetime]]) -> None:
    """Whatever is changed, each spell ends on the day on which the next one begins: they neither overlap nor leave a gap."""
    spells = after(told).spells
    assert spells[0].valid_from is None
    assert spells[-1].valid_until is None
    assert all(earlier.valid_until == later.valid_from is not None for earlier, later in pairwise(spells))


@given(changes.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))), st.data())
def test_any_order_and_repetition_end_in_the_same(orders: tuple[list[tuple[date, Terms, datetime]], ...], data: st.DataObject) -> None:
    """The same changes in another order, some of them repeated, lead to the same history."""
    told, other = orders
    again = data.draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    assert after(told).spells == after([*other, *again]).spells


@given(st.lists(st.tuples(days, terms, moments), max_size=6, unique_by=lambda change: change[2]), st.data())
def test_two_records_come_to_what_one_would_have(told: list[tuple[date, Terms, datetime]], data: st.DataObject) -> None:
    """What was said of either of two records of the same two people counts as if it had been said of one."""
    of_first = data.draw(st.lists(st.sampled_from(told), unique=True)) if told else []
    first, second = after(of_first), after([change for change in told if change not in of_first])
    assert together(first, [second]).spells == together(second, [first]).spells == after(told).spells


def test_what_enrolments_told_allows_what_both_allow() -> None:
    """Where nobody has said anything since, a guardian is told of the child only if both records let him be."""
    forbidden = Guardianship("asta", "karim", [Spell(None, None, AWAY)])
    assert together(as_enrolled(), [forbidden]).on(SEPTEMBER) == Terms("father", custody=True, contact_allowed=False, residence=True)
    assert together(as_enrolled(), []) == as_enrolled()
