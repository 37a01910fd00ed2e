"""A line of the messy file becomes fields, and everything that was filled in or is wrong is said."""

from datetime import date

import pytest

from services.registration import programme_folder
from services.registration.imports.columns import Kind, header_hash, missing, suggest
from services.registration.imports.directory import Directory
from services.registration.imports.reading import Line, lines
from services.registration.imports.record import Reading
from services.registration.imports.rows import Reader, masked
from services.registration.imports.values import Made
from tests.registration.builders import PROGRAMME
from tests.registration.imports import messy

ASTA, BO, AASE, CARL, DINA, EMIL = range(6)


@pytest.fixture(scope="module")
def directory() -> Directory:
    """The codes of the sample programme."""
    folder = programme_folder.read(PROGRAMME)
    return Directory(folder.programme, folder.institutions)


def a_reader(directory: Directory, kind: Kind, header: list[str], **constants: str) -> Reader:
    """A reader of files with these columns."""
    columns = {one.column: one.field for one in suggest(kind, header) if one.field}
    return Reader(kind, columns, constants, directory, date(2024, 1, 3))


@pytest.fixture(scope="module", params=["csv", "xlsx"])
def readings(request: pytest.FixtureRequest, directory: Directory) -> list[Reading]:
    """The lines of the messy file, from both programs."""
    content = messy.as_csv() if request.param == "csv" else messy.as_xlsx()
    reader = a_reader(directory, Kind.FAMILIES, messy.HEADER)
    below = [line for line in lines(content) if line.number >= messy.FIRST_LINE]
    return [reading for line in below if (reading := reader.read(line))]


def rules(reading: Reading, *, error: bool) -> set[tuple[str, str]]:
    """The rules that a line met, with their fields."""
    return {(found.rule, found.field) for found in reading.issues if found.error is error}


def test_a_good_line_is_read_whole(readings: list[Reading]) -> None:
    """Every column of the first line comes to a value that a request can carry."""
    assert rules(readings[ASTA], error=True) == set()
    assert readings[ASTA].values == {
        "child.cpr_number": "7405224015",
        "child.given_name": "Asta",
        "child.family_name": "Prøvesen",
        "child.birth_date": "2022-05-14",
        "institution": "birkegaarden",
        "track": "A",
        "start_date": "2024-03-01",
        "guardian1.given_name": "Mona",
        "guardian1.family_name": "Prøvesen",
        "guardian1.cpr_number": "6903914028",
        "guardian1.email": "mona@example.org",
        "guardian1.phone": "+4520000017",
        "guardian1.language": "da",
        "guardian1.custody": "yes",
        "guardian2.given_name": "Karim",
        "guardian2.family_name": "Prøvesen",
        "guardian2.email": "karim@example.org",
        "guardian2.custody": "yes",
    }


def test_ditto_marks_are_filled_in_and_said(readings: list[Reading]) -> None:
    """The second line has the first one's mother, house, track and start, and the report says of each that it was filled in."""
    asta, bo = readings[ASTA].values, readings[BO].values
    same = [name for name in asta if not name.startswith("child.") or name == "child.family_name"]
    assert {name: bo[name] for name in same} == {name: asta[name] for name in same}
    said = {field for rule, field in rules(readings[BO], error=False) if rule in {"ditto-filled", "merged-filled"}}
    assert said >= {"institution", "track", "start_date", "guardian1.name", "guardian1.email", "guardian2.custody"}


def test_spaces_and_spellings_do_not_matter(readings: list[Reading]) -> None:
    """Non-breaking and trailing spaces, a name turned round, the register's number and a small letter are read as they are meant."""
    aase = readings[AASE].values
    assert [aase[name] for name in ("child.cpr_number", "child.given_name", "child.family_name")] == ["7506224017", "Åse", "Sørensen"]
    assert [aase[name] for name in ("institution", "track", "guardian1.language")] == ["regnbuen", "A", "so"]
    assert aase["guardian1.cpr_number"] == "0105364017"
    assert ("leading-zero-restored", "guardian1.cpr_number") in rules(readings[AASE], error=False)
    assert rules(readings[AASE], error=True) == set()


def test_what_cannot_be_read_is_refused_with_its_rule(readings: list[Reading]) -> None:
    """Two dates, an unknown house, a number in scientific notation: each is an error on its field, and the house is helped."""
    assert rules(readings[CARL], error=True) == {("two-dates", "start_date")}
    assert rules(readings[DINA], error=True) == {("unknown-code", "institution")}
    assert "birkegaarden" in next(found.en for found in readings[DINA].issues if found.error)
    assert ("scientific-number", "child.cpr_number") in rules(readings[EMIL], error=True)


def test_what_can_be_done_without_is_left_out_and_said(readings: list[Reading]) -> None:
    """An e-mail address that is none keeps nobody out; the line goes on without it, and the report says why."""
    assert ("left-out", "guardian1.email") in rules(readings[EMIL], error=False)
    assert "guardian1.email" not in readings[EMIL].values


def test_a_name_is_not_done_without(directory: Directory) -> None:
    """Letters that were broken on the way keep the line out, and are the only objection to their cell."""
    reader = a_reader(directory, Kind.FAMILIES, ["Mors fornavn", "Fars navn"])
    reading = reader.read(Line(2, ["M\ufffdna", "S\u00c3\u00b8ren Prøvesen"]))
    assert reading
    assert {("broken-letters", "guardian1.given_name"), ("broken-letters", "guardian2.name")} <= rules(reading, error=True)
    assert ("field-missing", "guardian1.given_name") not in rules(reading, error=True)


def test_no_whole_number_of_a_person_is_kept_as_it_was_read(readings: list[Reading]) -> None:
    """Of what stood in the file only the first six digits of a CPR number are shown."""
    shown = " ".join(text for reading in readings for text in reading.read.values())
    assert "740522-xxxx" in shown
    assert "4015" not in shown
    assert masked("barn 740522-4015, mor 6903914028") == "barn 740522-xxxx, mor 690391-xxxx"


def test_columns_without_a_field_are_not_kept(readings: list[Reading]) -> None:
    """Remarks are nobody's business: a column that is not mapped leaves no trace."""
    assert not any("bror til Asta" in text for reading in readings for text in reading.read.values())


def test_constants_stand_for_missing_columns(directory: Directory) -> None:
    """One value for the whole file stands where a line says nothing, and a guardian of whom a line says nothing gets none."""
    reader = a_reader(directory, Kind.FAMILIES, ["CPR", "Mor"], track="A", **{"guardian1.custody": "ja", "guardian2.custody": "ja"})
    [known, alone] = [reader.read(Line(n, cells)) for n, cells in enumerate([["740522-4015", "Mona Prøvesen"], ["740522-4016", ""]])]
    assert known
    assert alone
    assert (known.values["track"], known.values["guardian1.custody"]) == ("A", "yes")
    assert not [name for name in (*known.values, *alone.values) if name.startswith("guardian2")]
    assert not [name for name in alone.values if name.startswith("guardian1")]


@pytest.mark.parametrize("written", ["151001", "birkegaarden", "Birkegården", "BØRNEHUSET BIRKEGÅRDEN", "Boernehuset Birkegaarden"])
def test_a_house_goes_by_all_its_names(directory: Directory, written: str) -> None:
    """Its number, its code and its name, with Danish letters or without."""
    assert directory.look_up("institution", written).value == "birkegaarden"


def test_a_number_of_the_register_is_completed_by_one_zero_at_most(directory: Directory) -> None:
    """A spreadsheet dropped the first of six digits; what is shorter is another number, and none of the register's."""
    assert directory.look_up("register_number", "51010") == Made("051010", note="leading-zero-restored")
    assert directory.look_up("register_number", "1") == Made(wrong="invalid-register-number")


def test_the_register_s_own_file_is_understood(directory: Directory) -> None:
    """The Dagtilbudsregister's columns, types and numbers are read, with the zeros that a spreadsheet dropped."""
    header = ["daginstitutionsNummer", "daginstitutionsNavn", "EnhedsNummer", "EnhedsNavn", "InstType3", "PNummer"]
    reader = a_reader(directory, Kind.INSTITUTIONS, header)
    reading = reader.read(Line(2, ["151900", "Baltorp", 51010.0, "Stjernehuset", 6012, "1003259183"]))
    assert reading
    assert reading.values == {
        "district": "baltorp",
        "number": "051010",
        "name": "Stjernehuset",
        "kind": "daycare-house",
        "p_number": "1003259183",
    }


def test_every_required_field_has_to_come_from_somewhere() -> None:
    """A full name gives both of its halves; what neither a column nor a constant gives is named, of a guardian with a column too."""
    columns = ["child.cpr_number", "child.name", "institution", "guardian2.name", "guardian2.email"]
    assert [field.field for field in missing(Kind.FAMILIES, columns, ["track"])] == [
        "child.birth_date",
        "start_date",
        "guardian2.custody",
    ]


def test_a_header_is_the_same_however_it_is_spaced() -> None:
    """Columns are remembered by their names, not by capitals and spaces."""
    assert header_hash(["CPR-nr. ", "navn"]) == header_hash(["cpr nr", "Navn"]) != header_hash(["navn", "cpr nr"])


def test_a_split_name_is_said_where_it_may_be_wrong(directory: Directory) -> None:
    """Of two words nothing is said, of three at the first of the column, and of what looks like a longer family name each time."""
    reader = a_reader(directory, Kind.FAMILIES, ["Barnets navn"])
    names = ["Asta Prøvesen", "Prøvesen, Asta Test", "Bo Test Prøvesen", "Åse Test Prøvesen", "Omar al Test", "Yrsa van der Test"]
    read = [reader.read(Line(number, [name])) for number, name in enumerate(names, start=2)]
    said = [bool(reading and ("name-split", "child.name") in rules(reading, error=False)) for reading in read]
    assert said == [False, False, True, False, True, True]


@pytest.mark.parametrize("cells", [["I alt", "", "25"], ["", "Total:", "25"], ["Antal børn i alt 25", "", ""], ["SUM", "", ""]])
def test_a_total_is_one_thing_to_read(directory: Directory, cells: list[str]) -> None:
    """A line that only counts the others is kept out with one objection, which says so."""
    reading = a_reader(directory, Kind.FAMILIES, ["Barnets navn", "Institution", "Startdato"]).read(Line(9, cells))
    assert reading
    assert ([found.rule for found in reading.issues], reading.values) == (["total-line"], {})


def test_somebody_is_no_total(directory: Directory) -> None:
    """A child whose name is like the word for a total, and who has a birthday, is a child."""
    reading = a_reader(directory, Kind.FAMILIES, ["Barnets fornavn", "Fødselsdato"]).read(Line(9, ["Sum", "14.05.2022"]))
    assert reading
    assert reading.values == {"child.given_name": "Sum", "child.birth_date": "2022-05-14"}


def test_a_mark_that_nobody_closed_is_said_with_its_line(directory: Directory) -> None:
    """The line in which it stands is kept out and names the file's line; the lines below it are read."""
    content = 'Barnets navn;Bemærkninger;Fødselsdato\nAsta Prøvesen;"har hund;14.05.2022\nBo Prøvesen;"flytter";01.03.2023\n'
    reader = a_reader(directory, Kind.FAMILIES, ["Barnets navn", "Bemærkninger", "Fødselsdato"])
    asta, bo = [reading for line in list(lines(content.encode()))[1:] if (reading := reader.read(line))]
    [unclosed] = [found for found in asta.issues if found.rule == "quote-unclosed"]
    assert (unclosed.error, "line 2 of the file" in unclosed.en, "linje 2 i filen" in unclosed.da) == (True, True, True)
    assert (bo.values["child.birth_date"], [found for found in bo.issues if found.rule == "quote-unclosed"]) == ("2023-03-01", [])
