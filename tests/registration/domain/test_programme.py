"""Ages, and institutions in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.programme import age_on
from tests.registration.folders import the_house


@pytest.mark.parametrize(
    ("day", "age"),
    [(date(2024, 2, 28), 3), (date(2024, 2, 29), 4), (date(2023, 2, 28), 2), (date(2023, 3, 1), 3)],
)
def test_born_on_a_leap_day(day: date, age: int) -> None:
    """Somebody born on 29 February turns a year older on 1 March where there is no such day."""
    assert age_on(day, date(2020, 2, 29)) == age


A_DAY = timedelta(days=1)
STAYED = the_house('district = "hedegaarden"')
days = st.dates(date(2021, 1, 1), date(2024, 6, 30))


@given(days, days)
def test_moving_keeps_the_past(move: date, day: date) -> None:
    """A house that moves on a day lies where it lay on every day before, and in the new district from that day on."""
    moved = the_house(f'district = [{{ code = "hedegaarden", end = {move - A_DAY} }}, {{ code = "baltorp", start = {move} }}]')
    assert moved.district_on(day) == ("baltorp" if day >= move else STAYED.district_on(day))


@given(days, days)
def test_merging_keeps_the_past(last: date, day: date) -> None:
    """A house that is merged into another lies where it lay until its last day, and nowhere after it; the other is there then."""
    merged = the_house(f'district = "hedegaarden"\nclosed = {last}\nsuccessor = "globen"')
    assert merged.district_on(day) == (STAYED.district_on(day) if day <= last else None)
    assert merged.needs_heir_on == last + A_DAY


@given(days, days, days)
def test_there_is_always_a_district_to_name(opened: date, closed: date, day: date) -> None:
    """Before it opens a house is known by its first district, and after it closed by its last; in between by that of the day."""
    opened, closed = sorted((opened, closed))
    closed += 2 * A_DAY
    history = f'[{{ code = "hedegaarden", end = {opened} }}, {{ code = "baltorp", start = {opened + A_DAY} }}]'
    house = the_house(f"opened = {opened}\nclosed = {closed}\ndistrict = {history}")
    near = house.district_near(day)
    assert near == (house.district_on(day) or ("hedegaarden" if day < opened else "baltorp"))
