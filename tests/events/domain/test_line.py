"""The rules of a line: who is next in strict order and by best fit, and in which group somebody waits."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain import waitlist
from services.events.domain.activity import Activity
from services.events.domain.line import STRICT, BestFit, Group, LineRule, Order, StrictOrder, Traits
from services.events.domain.signup import Signup
from tests.events.builders import LAST_WEEK, NOW, a_signup, a_workshop

NEW = Group("new-families", {"da": "Nye familier", "en": "New families"}, never_reached=True)
LARGE = Group("large", {"da": "Store familier", "en": "Large families"}, people_from=4)
FITS = BestFit(most_passes=2, most_days=7)


def line_of(*sizes: int) -> list[Signup]:
    """Parties of these sizes, waiting in this order."""
    return [a_signup(seats, number=number, place=number) for number, seats in enumerate(sizes, 1)]


def room(free: int) -> Activity:
    """A workshop with so many seats free."""
    return a_workshop(capacity=20, taken=20 - free)


def test_strict_order_waits_for_the_first() -> None:
    """In strict order nobody is next while the first does not fit."""
    line = line_of(3, 1)
    assert StrictOrder().next(line, room(2).room, NOW) is None
    assert StrictOrder().next(line, room(3).room, NOW) is line[0]
    assert StrictOrder().next([], room(3).room, NOW) is None


def test_best_fit_lets_the_next_who_fits_go_first() -> None:
    """By best fit the first who fits is next, and nobody where none fits."""
    line = line_of(3, 2, 1)
    assert FITS.next(line, room(2).room, NOW) is line[1]
    assert FITS.next(line, room(0).room, NOW) is None


def test_best_fit_holds_seats_for_who_was_passed_often() -> None:
    """A party that was passed over as often as may be holds the free seats."""
    line = line_of(3, 1)
    line[0].passes = 2
    assert FITS.next(line, room(2).room, NOW) is None


def test_best_fit_holds_seats_for_who_waits_long() -> None:
    """A party that has waited as many days as may be holds the free seats."""
    line = line_of(3, 1)
    line[0].signed_up_at = LAST_WEEK
    assert FITS.next(line, room(2).room, NOW) is None
    assert FITS.next(line, room(2).room, NOW - timedelta(seconds=1)) is line[1]


@given(sizes=st.lists(st.integers(1, 5), max_size=25), freed=st.lists(st.integers(1, 4), max_size=25), passes=st.integers(1, 4))
def test_nobody_starves(sizes: Sequence[int], freed: Sequence[int], passes: int) -> None:
    """However seats are freed by best fit: nobody is passed over more often than may be, and a seat stays free when nobody may have it."""
    activity = a_workshop(capacity=5, taken=5, line=LineRule(best_fit=BestFit(passes, 366)))
    line = line_of(*sizes)
    activity.waiting = len(line)
    for seats in freed:
        activity.taken -= min(seats, activity.taken)
        promoted = [one.signup for one in waitlist.promote(activity, line, NOW)]
        line = [signup for signup in line if signup not in promoted]
        assert all(signup.passes <= passes for signup in line)
        assert activity.line.policy.next(line, activity.room, NOW) is None


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.integers(0, 20))
def test_strict_order_is_kept(sizes: Sequence[int], free: int) -> None:
    """In strict order those who get seats are the first of the line, and nobody is passed over."""
    activity, line = room(free), line_of(*sizes)
    activity.waiting = len(line)
    promotions = list(waitlist.promote(activity, line, NOW))
    assert [one.signup for one in promotions] == line[: len(promotions)]
    assert not any(one.passed for one in promotions)


@pytest.mark.parametrize(
    ("traits", "rank"),
    [
        (Traits(2, never_reached=True), 0),
        (Traits(4, never_reached=False), 1),
        (Traits(5, never_reached=True), 0),
        (Traits(2, never_reached=False), 2),
    ],
)
def test_rank_is_that_of_the_first_group(traits: Traits, rank: int) -> None:
    """A party waits in the first group that has it, and behind all groups where none has."""
    assert LineRule([NEW, LARGE]).rank(traits) == rank


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (STRICT, (Order.ARRIVAL, False, False)),
        (LineRule([LARGE]), (Order.GROUPS, False, True)),
        (LineRule([LARGE, NEW]), (Order.GROUPS, True, True)),
        (LineRule(best_fit=FITS), (Order.ARRIVAL, False, True)),
    ],
)
def test_what_a_rule_asks(rule: LineRule, said: tuple[Order, bool, bool]) -> None:
    """The order goes by arrival unless there are groups; only groups of families never reached ask whom the programme has reached."""
    assert (rule.order, rule.asks_reach, rule.lets_past) == said


def test_newcomer_by_best_fit_is_seated_before_those_who_do_not_fit() -> None:
    """By best fit a single parent gets the seat that is too few for the family before him, who is passed over once."""
    workshop = a_workshop(capacity=4, taken=3, waiting=1, line=LineRule(best_fit=FITS))
    family, single = a_signup(2, number=1, place=1), a_signup(1)
    workshop.last_number = 1
    (promotion,) = waitlist.join(workshop, single, [family], now=NOW)
    assert (promotion.signup, promotion.passed, family.passes) == (single, [family], 1)
    assert (workshop.free, workshop.waiting) == (0, 1)
