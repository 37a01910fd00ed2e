"""A file as a municipality might send it: an extract that several people mended by hand. Everybody in it is invented.

What is wrong with each line is said beside it. CPR numbers are replacement numbers, whose day is 60 higher.
"""

import io
from datetime import date, datetime
from typing import Any

import xlsxwriter

TITLE = [["Udtræk fra pladsanvisningen, Ballerup, til Sammen om Børn"], ["Dannet 3/1-24", "Side 1 af 1"], []]
HEADER = [
    "Barnets CPR-nr. ",
    "Barnets navn",
    "Fødselsdato",
    "Institution",
    "Spor",
    "Startdato",
    "Mors navn",
    "Mors CPR-nr.",
    "Mors e-mail",
    "Mors mobil",
    "Sprog (mor)",
    "Forældremyndighed mor",
    "Fars navn",
    "Fars mail",
    "Forældremyndighed far",
    "Bemærkninger",
]
NBSP = "\u00a0"

MONA = ["Mona Prøvesen", "6903914028", "mona@example.org", "20 00 00 17", "dansk", "Fælles"]
KARIM = ["Karim Prøvesen", "karim@example.org", "ja"]
KARIM_FIRST = ["Karim Prøvesen", "", "karim@example.org", "20000019", "arabisk", "ja"]
AEROE = [f"Ærø  Sørensen{NBSP}", "105364017", "aeroe@example.org;", "+45 20000018", "Somali", "X"]
DITTO = ['"', '"', '"', '"', '"', '"']


def mother(name: str, custody: str = "ja", email: str = "") -> list[str]:
    """Somebody of whom no more is known than a name and an e-mail address."""
    return [name, "", email or f"{name.split(maxsplit=1)[0].lower()}@example.org", "", "", custody]


NOBODY = ["", "", ""]

LINES: list[list[str]] = [
    # two guardians, and a number with its dash: as it should be
    ["740522-4015", "Asta Prøvesen", "14.05.2022", "Børnehuset Birkegården", "A", "1. marts 2024", *MONA, *KARIM, ""],
    # her brother: ditto marks, a space instead of the dash, two digits of a year
    ["610323 4016", "Bo Prøvesen", "1/3-23", "do.", '"', '-"-', *DITTO, *DITTO[:3], "bror til Asta"],
    # no dash, another number whose zero a spreadsheet dropped (of somebody who is not born yet), non-breaking and trailing spaces, a name
    # turned round, the register's number of the house
    [f"7506224017{NBSP}", f"Sørensen,{NBSP}Åse ", "15-06-2022 ", "151002", "a", "01-03-2024", *AEROE, *NOBODY, ""],
    # two dates in one cell
    ["760722-4018", "Carl Øst", "16.07.2022", "Globen", "B", "1.3.2024 / 1.4.2024", *mother("Dorte Øst"), *NOBODY, "rykket"],
    # a house that nobody knows, though it is nearly called like one
    ["770822-4019", "Dina Vest", "17.08.2022", "Børnehuset Birkegård", "A", "1.3.2024", *mother("Eva Vest"), *NOBODY, ""],
    # what a spreadsheet makes of a number, and an e-mail address that is none
    ["7,80922E+09", "Emil Syd", "18.09.2022", "Regnbuen", "A", "1.3.2024", *mother("Frida Syd", email="frida(at)syd"), *NOBODY, ""],
    [],
    # Asta again, by her father, who has a phone now: no second enrolment
    ["7405224015", "Asta Prøvesen", "14.5.22", "birkegaarden", "A", "1.3.2024", *KARIM_FIRST, *NOBODY, ""],
    # nobody has custody
    ["790922-4020", "Freja Nord", "19.09.2022", "Sesam", "A", "1.3.2024", *mother("Gitte Nord", custody="nej"), *NOBODY, ""],
    # a formula where a name should be
    ["801022-4021", "=HYPERLINK(1) Ånd", "20.10.2022", "Sesam", "A", "1.3.2024", *mother("Hanne Ånd"), *NOBODY, ""],
]
"""From line 5 of the file on."""

FIRST_LINE = len(TITLE) + 2


def as_csv(encoding: str = "cp1252", delimiter: str = ";") -> bytes:
    """The file as Excel on Windows saves it, quotation marks doubled."""
    rows = [*TITLE, HEADER, *LINES]
    return "\r\n".join(delimiter.join(_quoted(cell, delimiter) for cell in row) for row in rows).encode(encoding)


def as_xlsx() -> bytes:
    """The same as a workbook: numbers as numbers, dates as dates, and the house of Asta and Bo in one merged cell."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet, day = book.add_worksheet("Børn"), book.add_format({"num_format": "dd-mm-yyyy"})
    for number, row in enumerate([*TITLE, HEADER, *LINES]):
        for column, cell in enumerate(row):
            _put(sheet, number, column, cell, day)
    first = FIRST_LINE - 1
    sheet.merge_range(first, 3, first + 1, 3, "Børnehuset Birkegården")
    book.close()
    return content.getvalue()


def _put(sheet: Any, row: int, column: int, text: str, day: Any) -> None:
    if text.isdecimal() and len(text) in {9, 10}:
        sheet.write_number(row, column, int(text))
    elif found := _as_date(text):
        sheet.write_datetime(row, column, datetime(found.year, found.month, found.day), day)  # noqa: DTZ001 - a spreadsheet's dates have no zone
    else:
        sheet.write_string(row, column, text)


def _as_date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d.%m.%Y").date()  # noqa: DTZ007 - the same
    except ValueError:
        return None


def _quoted(text: str, delimiter: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if delimiter in text or '"' in text else text
