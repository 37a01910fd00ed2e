"""The CPR number, read as the CPR office says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.dk import cpr as stdnum_cpr

from services.registration.domain.cpr_number import CprNumber

days = st.dates(date(1900, 1, 1), date(2025, 12, 31))
serials = st.integers(0, 9999)


@given(days, serials)
def test_centuries_are_those_of_the_cpr_office(day: date, serial: int) -> None:
    """For every day and serial, the date in a number is the one that python-stdnum reads from it."""
    digits = f"{day:%d%m%y}{serial:04d}"
    number = CprNumber.read(digits)
    if number is None:
        assert not stdnum_cpr.is_valid(digits)
    else:
        assert number.agrees_with(stdnum_cpr.get_birth_date(digits))


@given(days, serials)
def test_a_replacement_number_agrees_with_its_day(day: date, serial: int) -> None:
    """Sixty added to the day makes a replacement number, which agrees with the birth date whatever its serial."""
    number = CprNumber.parse(f"{day.day + 60}{day:%m%y}-{serial:04d}")
    assert number.kind == "replacement"
    assert number.agrees_with(day)


def test_modulus_11_is_not_asked_for() -> None:
    """A number that fails modulus 11 is a number, since 2007."""
    assert stdnum_cpr.checksum("1505204001") != 0
    assert CprNumber.parse("150520-4001").kind == "ordinary"


def test_the_same_number_with_and_without_dash_is_one() -> None:
    """The dash makes no difference."""
    assert CprNumber.parse("740522-4015") == CprNumber.parse("7405224015")


@pytest.mark.parametrize(
    "text", ["", "740522", "740522-401", "740522 4015", "3202224015", "1513224015", "000122-4015", "290223-4015", "٧٤٠٥٢٢٤٠١٥"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    """Too few digits, a strange separator, other digits, or a day that does not exist."""
    assert CprNumber.read(text) is None


def test_a_refusal_does_not_repeat_the_text() -> None:
    """What was sent may be somebody's number with a slip in it, so the error is silent about it."""
    with pytest.raises(ValueError, match="not a CPR number") as caught:
        CprNumber.parse("290223-4015")
    assert "290223" not in str(caught.value)


@given(days, serials)
def test_nothing_shows_the_serial(day: date, serial: int) -> None:
    """Neither text, repr nor formatting shows more than the first six digits."""
    number = CprNumber.parse(f"{day.day + 60}{day:%m%y}{serial:04d}")
    assert {str(number), f"{number}", number.masked} == {f"{number.digits[:6]}-xxxx"}
    assert repr(number) == f"CprNumber({number.masked})"
