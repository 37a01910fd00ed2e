"""What the report hides cannot be worked out from what it prints: laws, held against an attacker of our own."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.disclosure import hidden, is_small
from services.reporting.domain.figures import TOTAL, Cell, Count, Figures
from tests.effort import at_most
from tests.reporting.attacker import intervals, sums
from tests.reporting.tables import COLUMNS, ROWS, Unit, figures, innermost, key, people_in, printed

units = st.builds(
    Unit,
    st.integers(0, 12),
    st.sampled_from(COLUMNS),
    st.tuples(*[st.tuples(st.just(by), st.sampled_from(innermost(rows))) for by, rows in ROWS.items()]),
)
signups = st.lists(units, max_size=120)
thresholds = st.integers(1, 7)


def grid(*rows: tuple[int, ...]) -> Figures:
    """One plain table of children: rows by columns, both named by letters."""
    names = "abcdefgh"
    columns = tuple(names[: len(rows[0])])
    counts = {Cell("place", names[i], names[j]): rows[i][j] for i in range(len(rows)) for j in range(len(columns))}
    for name in names[: len(rows)]:
        counts[Cell("place", name, TOTAL)] = sum(counts[Cell("place", name, column)] for column in columns)
    for column in (*columns, TOTAL):
        counts[Cell("", TOTAL, column)] = sum(counts[Cell("place", name, column)] for name in names[: len(rows)])
    return Figures(columns, {"place": tuple(names[: len(rows)])}, {cell: Count(n, n) for cell, n in counts.items()})


@at_most(60)
@given(signups, thresholds)
def test_attacker_learns_nothing_of_people(people: list[Unit], threshold: int) -> None:
    """Whatever is worked out, at least as many values as the threshold stay possible for every hidden number."""
    for low, high in intervals(printed(figures(people), threshold)).values():
        assert high - low + 1 >= threshold


@at_most(40)
@given(signups, thresholds)
def test_attacker_learns_nothing_of_records(people: list[Unit], threshold: int) -> None:
    """The same holds where one person is behind many of the records that are counted."""
    for low, high in intervals(printed(figures(people, once=False), threshold)).values():
        assert high - low + 1 >= threshold


@at_most(60)
@given(signups, thresholds)
def test_hidden_parts_of_a_sum_have_company(people: list[Unit], threshold: int) -> None:
    """What is hidden in a printed sum has, all together, at least as many people behind it as the threshold."""
    shown = printed(figures(people, once=False), threshold)
    behind = {key(cell): found for cell, found in people_in(people, once=False).items()}
    for whole, parts in sums(shown):
        away = [part for part in parts if shown[part] is None]
        if away and shown[whole] is not None:
            assert len({person for part in away for person in behind[part]}) >= threshold


@given(signups, thresholds, st.booleans())
def test_no_small_number_printed(people: list[Unit], threshold: int, once: bool) -> None:  # noqa: FBT001 - drawn
    """No number with fewer people behind it than the threshold is ever printed, and zeros always are."""
    of = figures(people, once=once)
    away = hidden(of, threshold)
    assert all(cell in away or not is_small(of, cell, threshold) for cell in of.cells())
    assert all(of.value(cell) > 0 for cell in away)


@given(signups)
def test_hiding_is_repeatable(people: list[Unit]) -> None:
    """The order in which people are counted changes nothing in what is hidden."""
    assert hidden(figures(people), 5) == hidden(figures(reversed(people)), 5)


def test_attacker_is_worth_his_name() -> None:
    """Where only the small number is hidden, the attacker finds it; so his failures elsewhere mean something."""
    table = grid((3, 20), (30, 40))
    naive = {key(cell): None if table.value(cell) == 3 else table.value(cell) for cell in table.cells()}
    assert intervals(naive) == {("place", "a", "a"): (3, 3)}


def test_smallest_sufficient_numbers_help() -> None:
    """A lone small number takes three more with it: the corners of the square whose numbers are the smallest."""
    away = hidden(grid((2, 30, 9), (80, 50, 70), (7, 60, 8)), 5)
    assert away == {Cell("place", row, column) for row in "ac" for column in "ac"}


def test_numbers_too_small_to_help_are_passed_over() -> None:
    """A neighbour that cannot hide the small number well enough is left alone, even if it is the smallest."""
    away = hidden(grid((1, 5, 30), (5, 5, 30), (30, 30, 40)), 9)
    assert Cell("place", "a", "a") in away
    for low, high in intervals(printed(grid((1, 5, 30), (5, 5, 30), (30, 30, 40)), 9)).values():
        assert high - low >= 8


def test_nothing_hidden_without_need() -> None:
    """Tables without a small number are printed whole, zeros included."""
    assert hidden(grid((5, 0, 9), (0, 12, 0)), 5) == frozenset()


def test_lone_child_hides_every_total() -> None:
    """One child in all: its number is hidden in its row, its column and the totals; the zeros are shown."""
    away = hidden(grid((0, 0), (1, 0)), 5)
    assert away == {Cell("place", "b", "a"), Cell("place", "b", TOTAL), Cell("", TOTAL, "a"), Cell("", TOTAL, TOTAL)}


def test_threshold_of_one_hides_nothing() -> None:
    """With a threshold of one every number is printed."""
    assert hidden(grid((1, 2), (3, 4)), 1) == frozenset()


def test_one_person_many_records_is_small() -> None:
    """Eight attendances of one person are hidden, though eight is above the threshold."""
    one = [Unit(1, "seated", (("place", "baltorp/globen"), ("month", "2024/2024-01"), ("kind", "workshop")))] * 8
    others = [Unit(n, "seated", (("place", "baltorp/sesam"), ("month", "2024/2024-01"), ("kind", "workshop"))) for n in range(10, 40)]
    away = hidden(figures([*one, *others], once=False), 5)
    assert Cell("place", "baltorp/globen", "seated") in away
    assert Cell("place", "baltorp/sesam", "seated") in away


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_programme_stays_readable(seed: int) -> None:
    """A thousand sign-ups of a real size: nothing can be worked out, and no total of a state has to be hidden."""
    chance = random.Random(seed)
    rows = {"place": ROWS["place"], "month": ROWS["month"], "kind": ROWS["kind"]}
    people = [
        Unit(n, chance.choices(COLUMNS, (70, 25, 5))[0], tuple((by, chance.choice(innermost(found))) for by, found in rows.items()))
        for n in range(1000)
    ]
    shown = printed(figures(people), 5)
    assert all(shown["", "", column] is not None for column in COLUMNS)
    assert all(high - low + 1 >= 5 for low, high in intervals(shown).values())


def test_parts_must_add_up() -> None:
    """Tables whose parts do not add up are refused: nothing could be promised about them."""
    with pytest.raises(ValueError, match="do not add up"):
        Figures(("a",), {"place": ("x",)}, {Cell("", TOTAL, TOTAL): Count(2, 2), Cell("", TOTAL, "a"): Count(1, 1)})
