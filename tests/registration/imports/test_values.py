"""What is made of a cell."""

from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from services.registration.imports import values

TODAY = date(2026, 11, 2)
DAYS = st.dates(date(1927, 6, 1), date(2026, 11, 1))


@given(DAYS)
def test_a_date_is_the_same_however_it_is_written(found: date) -> None:
    """In figures, in words and as Excel's number of the day, every date of our time is read back."""
    months = [format_date(found, form, locale="da") for form in ("d. MMMM y", "d. MMM y")]
    written = [
        f"{found:%d.%m.%Y}",
        f"{found.day}/{found.month}-{found.year}",
        f"{found.day} . {found.month} . {found.year}",
        f"{found:%d%m%Y}",
        f"{found:%Y%m%d}",
        found.isoformat(),
        f"{found.isoformat()} 00:00:00",
        str((found - date(1899, 12, 30)).days),
        *months,
        format_date(found, "d MMMM y", locale="en"),
    ]
    assert {values.day(text, TODAY).value for text in written} == {found.isoformat()}


@given(DAYS)
def test_two_digits_of_a_year_mean_the_latest_day_that_was(found: date) -> None:
    """For somebody who is born, the century is the one in which the day has been; that it was filled in is said."""
    made = values.birth_day(f"{found:%d.%m.%y}", TODAY)
    assert made.note == "two-digit-year"
    read = date.fromisoformat(made.value or "")
    assert read <= TODAY
    assert (read.day, read.month, read.year % 100) == (found.day, found.month, found.year % 100)
    assert read > TODAY - timedelta(days=36_525)


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("31.2.2024", "invalid-date"),
        ("03/25/2024", "invalid-date"),
        ("1. marts", "invalid-date"),
        ("snarest", "invalid-date"),
        ("1.3.2024 / 1.4.2024", "two-dates"),
        ("2024-03-01 eller 2024-04-01", "two-dates"),
        ("1. marts 2024 (før: 1. april 2024)", "two-dates"),
    ],
)
def test_what_is_no_date_or_two_is_not_guessed(written: str, wrong: str) -> None:
    """No day is made up, and the objection says which rule it is."""
    assert values.day(written, TODAY) == values.Made(wrong=wrong)


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("740522-4015", values.Made("7405224015")),
        ("7405224015", values.Made("7405224015")),
        ("740522 \u2013 4015", values.Made("7405224015")),
        ("105364015", values.Made("0105364015", note="leading-zero-restored")),
        ("7,40522E+09", values.Made(wrong="scientific-number")),
        ("740522-xxxx", values.Made(wrong="hidden-cpr-number")),
        ("743222-4015", values.Made(wrong="invalid-cpr-number")),
        ("740522", values.Made(wrong="invalid-cpr-number")),
    ],
)
def test_cpr_numbers(written: str, made: values.Made) -> None:
    """With and without a dash, with the zero that a spreadsheet dropped; never completed where digits are hidden."""
    assert values.cpr_number(written, TODAY) == made


@pytest.mark.parametrize("written", ["+45 20 00 00 17", "0045 20000017", "20-00-00-17", "2000 0017"])
def test_a_phone_number_is_one_however_it_is_grouped(written: str) -> None:
    """The country's code is written one way."""
    assert values.phone(written, TODAY).value == "+4520000017"


@pytest.mark.parametrize(
    ("read", "written", "wrong"),
    [
        (values.phone, "20000017 / 20000018", "two-values"),
        (values.phone, "1234", "invalid-phone"),
        (values.email, "mona@example.org; karim@example.org", "two-values"),
        (values.email, "mona(at)example.org", "invalid-email"),
        (values.yes_or_no, "måske", "neither-yes-nor-no"),
        (values.language, "klingonsk", "unknown-language"),
        (values.p_number, "12", "invalid-p-number"),
        (values.p_number, "0003259183", "invalid-p-number"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_said(read: object, written: str, wrong: str) -> None:
    """Two of a kind in one cell, and what is none of it, are not taken for one."""
    assert callable(read)
    assert read(written, TODAY) == values.Made(wrong=wrong)


@pytest.mark.parametrize(("written", "code"), [("Dansk", "da"), ("arabisk", "ar"), ("Turkish", "tr"), ("uk", "uk"), ("somali", "so")])
def test_a_language_goes_by_its_name(written: str, code: str) -> None:
    """In Danish or English, or by its code."""
    assert values.language(written, TODAY).value == code


@given(st.text())
def test_what_is_tidied_is_one_line_without_spaces_at_its_ends(written: str) -> None:
    """Non-breaking, double and trailing spaces are gone, and tidying again changes nothing."""
    tidied = values.tidy(written)
    assert tidied == tidied.strip()
    assert not {"\u00a0", "\n", "\r", "\t", "\ufeff", "\u200b", "\0", "\x1b", "\x9f"} & set(tidied)
    assert values.tidy(tidied) == tidied


@given(st.text("abcæøåÆØÅéöü ", min_size=1), st.text("abc ", max_size=3))
def test_broken_letters_are_seen_and_good_ones_are_not(name: str, more: str) -> None:
    """UTF-8 that some program took for Windows-1252 is no name; one in Danish letters always is."""
    assert values.text(name, TODAY).value == name
    broken = f"{more}ø{name}".encode().decode("cp1252")
    assert values.text(broken, TODAY) == values.Made(wrong="broken-letters")


@pytest.mark.parametrize("written", ["=cmd|' /C calc'!A0", "=1+1", "@SUM(A1)", "+4520000017", "-", "<script>", "123", "Asta {0}"])
def test_a_name_like_a_formula_is_said(written: str) -> None:
    """What a spreadsheet would run, and what has no letter, is read as it stands, with a remark for a person."""
    assert values.name(written, date(2024, 1, 3)) == values.Made(written, note="strange-name")


@pytest.mark.parametrize("written", ["Åse", "Anne-Marie", "O'Brien", "Prøvesen, Asta", "Þór", "محمد", "Asta (Ditte)", ""])
def test_names_of_all_kinds_are_names(written: str) -> None:
    """In any letters, with dashes, apostrophes and commas; an empty cell is none, and not wrong."""
    assert values.name(written, date(2024, 1, 3)) == values.Made(written or None)
