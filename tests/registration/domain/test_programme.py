"""Ages."""

from datetime import date

import pytest

from services.registration.domain.programme import age_on


@pytest.mark.parametrize(
    ("day", "age"),
    [(date(2024, 2, 28), 3), (date(2024, 2, 29), 4), (date(2023, 2, 28), 2), (date(2023, 3, 1), 3)],
)
def test_born_on_a_leap_day(day: date, age: int) -> None:
    """Somebody born on 29 February turns a year older on 1 March where there is no such day."""
    assert age_on(day, date(2020, 2, 29)) == age
