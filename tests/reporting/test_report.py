"""The printed report: sums, shares and filters that know no more than what is printed."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.figures import TOTAL, Cell, Count
from services.reporting.domain.measures import FAMILIES, Family, Table
from services.reporting.domain.report import Place, Programme, Report, Section, section, tabulate, together
from tests.reporting.tables import COLUMNS, Unit, figures

ATTENDANCE = next(family for family in FAMILIES if family.name == "attendance")
SIGNUPS = Family(
    name="signups",
    label={},
    total="signups",
    once=True,
    tables=(Table("place", nested=True),),
    parts=COLUMNS,
    groups={"active": ("seated", "waiting")},
    rates={"rate": ("seated",)},
)


def sign_ups(numbers: dict[tuple[str, str], int]) -> Section:
    """A printed section of so many sign-ups by house and state."""
    people = [Unit(0, column, (("place", f"baltorp/{house}"),)) for (house, column), number in numbers.items() for _ in range(number)]
    return section(SIGNUPS, figures(people, rows={"place": ("baltorp", "baltorp/globen", "baltorp/sesam")}), 5)


@given(st.dictionaries(st.tuples(st.sampled_from(["globen", "sesam"]), st.sampled_from(COLUMNS)), st.integers(0, 30)))
def test_rate_is_made_from_printed_numbers(numbers: dict[tuple[str, str], int]) -> None:
    """A rate is printed only where its numerator, its total and so what is left of it are no secret."""
    for row in (row for table in sign_ups(numbers).tables for row in table.rows):
        rate, seated, total = row.rates["rate"], row.numbers["seated"], row.numbers["signups"]
        if rate is not None and seated is not None and total is not None:
            assert rate == seated / total
        if rate is not None:
            assert total is not None


def test_rate_is_hidden_with_its_complement() -> None:
    """Eighteen of twenty came: as two did not, neither the eighteen nor the percentage is printed."""
    found = sign_ups({("globen", "seated"): 18, ("globen", "cancelled"): 2, ("sesam", "seated"): 20, ("sesam", "cancelled"): 9})
    row = next(row for table in found.tables for row in table.rows if row.path == "baltorp/globen")
    assert row.numbers["seated"] is None
    assert row.rates["rate"] is None


def test_rate_of_nobody_is_none() -> None:
    """A house without sign-ups has zeros and no rate."""
    row = next(row for table in sign_ups({("sesam", "seated"): 9}).tables for row in table.rows if row.path == "baltorp/globen")
    assert (row.numbers["signups"], row.rates["rate"]) == (0, None)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ({TOTAL: 30, "a": 10, "b": 12, "c": 8}, 22),
        ({TOTAL: 30, "a": None, "b": None, "c": 8}, 22),
        ({TOTAL: None, "a": 10, "b": 12, "c": None}, 22),
        ({TOTAL: 30, "a": None, "b": 12, "c": None}, None),
        ({TOTAL: None, "a": None, "b": None, "c": 8}, None),
    ],
)
def test_named_sum_is_what_a_reader_could_add_up(printed: dict[str, int | None], expected: int | None) -> None:
    """A named sum is printed exactly where its parts are, or the total and all other parts."""
    assert together(printed, ("a", "b")) == expected


def test_empty_months_have_their_rows() -> None:
    """Between the first and the last month none is left out, also across the turn of a year."""
    ends = ("2023", "2023/2023-11", "2024", "2024/2024-02")
    counts = {Cell("month", row, column): Count(1, 1) for row in ends for column in (TOTAL, "attended")}
    counts |= {Cell("", TOTAL, column): Count(2, 2) for column in (TOTAL, "attended")}
    family = replace(ATTENDANCE, tables=(Table("month", nested=True),))
    assert tabulate(family, counts, []).rows["month"] == ("2023", "2023/2023-11", "2023/2023-12", "2024", "2024/2024-01", "2024/2024-02")


def test_houses_without_anyone_have_their_rows() -> None:
    """Every institution of the programme has a row, also where nothing happened."""
    family = replace(ATTENDANCE, tables=(Table("place", nested=True),))
    assert tabulate(family, {}, [Place("baltorp", "sesam", "Sesam")]).rows["place"] == ("baltorp", "baltorp/sesam")


def test_filter_chooses_rows_and_makes_no_sums() -> None:
    """A report on one house has that house's row as it is in the whole report, and nothing about the programme."""
    programme = Programme("p", "P", date(2021, 1, 1), date(2024, 6, 30), 1000, [])
    whole = Report(programme, (), None, None, 5, None, None, (sign_ups({("globen", "seated"): 18, ("sesam", "seated"): 20}),))
    part = whole.only(["baltorp/globen"])
    assert part.sections[0].total is None
    assert [row for table in part.sections[0].tables for row in table.rows] == [whole.sections[0].tables[0].rows[1]]
