"""How much is done at a time: as much as goes well, and never more than ends in good time twice over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import pace
from services.chassis.pace import Bounds, Pace

BOUNDS = Bounds(first=100, least=20, most=2_000, good_s=0.5)


def turns(per_item_s: list[float]) -> list[tuple[int, float]]:
    """How many were done in each turn, and how long it took, where one takes so long."""
    keeping, now, done = Pace(BOUNDS), 0.0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "monotonic", lambda: now)
        for one_s in per_item_s:
            with keeping.kept():
                keeping.take(keeping.limit)
                seconds = keeping.limit * one_s
                done.append((keeping.limit, seconds))
                now += seconds
    return done


def test_takes_the_most_while_it_is_quick() -> None:
    """What goes quickly is soon done in the largest number at a time."""
    assert [size for size, _ in turns([0.0001] * 6)] == [100, 200, 400, 800, 1_600, 2_000]


@given(st.lists(st.floats(0.0001, 0.02), max_size=30), st.floats(0.0001, 0.02))
def test_is_in_good_time_from_the_second_turn(before: list[float], now_s: float) -> None:
    """Whatever it was like before: the second turn at a new speed is in good time, and so are all that follow."""
    *_, first, second, third, fourth = turns([*before, now_s, now_s, now_s, now_s])
    for size, seconds in (second, third, fourth):
        assert seconds <= BOUNDS.good_s * 1.001 or size == BOUNDS.least, (first, second, third, fourth)


def test_few_never_make_it_larger() -> None:
    """A turn that had less than half of what it may have says nothing about more."""
    keeping = Pace(BOUNDS)
    with keeping.kept():
        keeping.take(10)
    assert (keeping.limit, keeping.full) == (BOUNDS.first, False)
