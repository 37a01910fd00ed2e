"""Names of columns in two lines: groups above, and what is in each below."""

import io
from collections.abc import Sequence

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.service import Context
from services.registration.imports.columns import Kind, suggest
from services.registration.imports.heading import found_in
from services.registration.imports.reading import Line
from services.registration.imports.record import State, Status
from tests.registration.builders import a_number
from tests.registration.imports.desk import outcomes, run, sent

GROUPS = ["Barn", "", "", "", "Mor", "", "", "Far", "", "", "Pasning", "", ""]
BELOW = [
    "CPR",
    "Fornavn",
    "Efternavn",
    "Født",
    "Navn",
    "E-mail",
    "Myndighed",
    "Navn",
    "Mobil",
    "Myndighed",
    "Institution",
    "Spor",
    "Startdato",
]
ASTA = ["Asta", "Prøvesen", "14.05.2022", "Mona Prøvesen", "mona@example.org", "ja", "Karim Prøvesen", "20000017", "ja"]
PLACED = ["Globen", "A", "1.3.2024"]


def fields_of(*rows: Sequence[str]) -> list[str | None]:
    """Which field each column of a file with these first lines is taken for."""
    heading = found_in(Kind.FAMILIES, [Line(number, cells) for number, cells in enumerate(rows, start=1)])
    return [one.field for one in suggest(Kind.FAMILIES, heading.names)] if heading else []


def as_csv() -> bytes:
    """As a program writes it: a group stands once, before empty cells."""
    return "\n".join(";".join(row) for row in (GROUPS, BELOW, [a_number(), *ASTA, *PLACED])).encode("cp1252")


def as_xlsx() -> bytes:
    """As a person makes it: groups merged across, names without a group merged down."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 0, BELOW)
        sheet.write_row(2, 0, [a_number(), *ASTA, *PLACED])
        for first, last, group in ((0, 3, "Barn"), (4, 6, "Mor"), (7, 9, "Far")):
            sheet.merge_range(0, first, 0, last, group)
        for column, name in enumerate(BELOW[10:], start=10):
            sheet.merge_range(0, column, 1, column, name)
    return file.getvalue()


@pytest.mark.parametrize("content", [as_csv(), as_xlsx()], ids=["csv", "merged cells"])
def test_a_header_in_two_lines_is_understood(registration: Context, content: bytes) -> None:
    """The mother's columns are the mother's and the father's are his, without anybody saying so."""
    imported = run(registration, sent(registration, content))
    assert (imported.state, imported.trouble) == (State.CHECKED, [])
    [outcome] = outcomes(registration, imported)
    named = {change.field: change.after for change in outcome.changes}
    assert (outcome.status, named["guardian1.given_name"], named["guardian2.given_name"]) == (Status.NEW, "Mona", "Karim")
    assert (named["guardian1.email"], named["guardian2.phone"]) == ("mona@example.org", "+4520000017")


def test_another_persons_column_is_nobodys_else() -> None:
    """What stands under `Far` and is no field of his is not taken for the child's, though the child has one of that name."""
    assert fields_of(["Barn", "", "Far", ""], ["CPR", "Fornavn", "Navn", "Født"])[3] is None


def test_a_title_is_no_group() -> None:
    """A line above the names that says what the file is changes no name."""
    assert fields_of(["Udtræk fra pladsanvisningen"], BELOW[:4]) == [
        "child.cpr_number", "child.given_name", "child.family_name", "child.birth_date",
    ]  # fmt: skip


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_lines_of_data_are_no_names(widths: list[int]) -> None:
    """However many cells of the first line of data are empty, the names above it stay as they are."""
    data = ["" if n % width else "x" for width in widths for n in range(width)]
    assert fields_of(BELOW[:4], data) == fields_of(BELOW[:4])


class TestWhatIsMissing:
    """Said once, at the header, with what to do."""

    def test_a_file_without_a_guardian(self, registration: Context) -> None:
        """Where no column is about a guardian the import waits, and says how columns are named; no line is refused for it."""
        rows = [BELOW[:4] + BELOW[10:], [a_number(), *ASTA[:3], *PLACED]]
        imported = run(registration, sent(registration, "\n".join(map(";".join, rows)).encode()))
        assert (imported.state, [one["slug"] for one in imported.trouble]) == (State.MAPPING, ["no-guardian-columns"])

    def test_a_guardian_without_custody(self, registration: Context) -> None:
        """A guardian of whom no column says whether he has custody is one reason, in Danish with the field's Danish name."""
        content = as_csv().replace(b"E-mail;Myndighed", b"E-mail;Andet")
        imported = run(registration, sent(registration, content))
        assert [one["field"] for one in imported.trouble] == ["guardian1.custody"]
        assert "Forældremyndighed, forælder 1" in imported.trouble[0]["text"]["da"]

    def test_one_value_for_all_lines_is_enough(self, registration: Context) -> None:
        """What no column gives may be said for the whole file."""
        content = as_csv().replace(b"E-mail;Myndighed", b"E-mail;Andet")
        imported = run(registration, sent(registration, content, Kind.FAMILIES, **{"guardian1.custody": "ja"}))
        assert imported.state is State.CHECKED
