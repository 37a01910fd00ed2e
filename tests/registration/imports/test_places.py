"""Files about places: from when to when a house is there, where it lies meanwhile, and the Dagtilbudsregister's open-data files."""

from datetime import date
from pathlib import Path

from services.chassis.service import Context
from services.registration.domain.programme import Institution, Placement
from services.registration.domain.validity import Validity
from services.registration.imports.columns import Kind
from services.registration.imports.record import Deed, Import, Status
from tests.registration.imports.desk import checked, confirmed, outcomes, rows, undone

HEADER = "Enhedsnummer;Navn;Type;Distrikt;Distrikt fra;Åbnet;Lukket"
RECORDED = Path(__file__).parent / "data"


def houses(*lines: str) -> bytes:
    """Houses with their days, as a municipality lists them."""
    return "\n".join((HEADER, *lines)).encode()


def house(context: Context, number: str) -> Institution:
    """As it is stored."""
    with context.work() as work:
        found: Institution = work.programmes.institutions_of([number])[number]
    return found


def told(context: Context, imported: Import) -> list[tuple[str, str | None, str | None]]:
    """What the report says would change."""
    return [(one.field, one.before, one.after) for outcome in outcomes(context, imported) for one in outcome.changes]


def statuses(context: Context, imported: Import) -> list[Status]:
    """What would come of each line that could be read."""
    return [outcome.status for outcome in outcomes(context, imported)]


MOVED = "151003;Børnehuset Globen;6012;Baltorp;1.8.2023;1.1.2010;31.7.2030"


class TestDaysOfAHouse:
    """When it is there, and where it lies."""

    def test_its_days_are_shown_stored_and_taken_back(self, registration: Context) -> None:
        """The report names first and last day and the move with its day; applied, they hold; undone, the house is as before."""
        before = house(registration, "151003")
        imported = checked(registration, houses(MOVED), Kind.INSTITUTIONS)
        assert told(registration, imported) == [
            ("district", "hedegaarden", "baltorp"),
            ("opened", None, "2010-01-01"),
            ("closed", None, "2030-07-31"),
            ("district_from", None, "2023-08-01"),
        ]
        confirmed(registration, imported)
        after = house(registration, "151003")
        assert after.existence == Validity(date(2010, 1, 1), date(2030, 7, 31))
        assert after.placements == (
            Placement("hedegaarden", Validity(date(2010, 1, 1), date(2023, 7, 31))),
            Placement("baltorp", Validity(date(2023, 8, 1), date(2030, 7, 31))),
        )
        undone(registration, imported)
        assert [row.deed for row in rows(registration, imported)] == [Deed.UNDONE]
        assert house(registration, "151003") == before

    def test_the_same_file_again_changes_nothing(self, registration: Context) -> None:
        """Nor does a line that leaves the days out."""
        new = "151050;Børnehuset Åkanden;6012;Baltorp;1.2.2022;1.2.2022;"
        confirmed(registration, checked(registration, houses(MOVED, new), Kind.INSTITUTIONS))
        again = houses(MOVED, new), houses("151003;Børnehuset Globen;6012;Baltorp;;;")
        assert [statuses(registration, checked(registration, content, Kind.INSTITUTIONS)) for content in again] == [
            [Status.UNCHANGED, Status.UNCHANGED],
            [Status.UNCHANGED],
        ]

    def test_the_day_of_a_move_is_corrected(self, registration: Context) -> None:
        """The district before lasts until the day before that which the new file gives."""
        confirmed(registration, checked(registration, houses(MOVED), Kind.INSTITUTIONS))
        corrected = MOVED.replace("1.8.2023", "1.9.2023")
        confirmed(registration, checked(registration, houses(corrected), Kind.INSTITUTIONS))
        assert [one.valid.start for one in house(registration, "151003").placements] == [date(2010, 1, 1), date(2023, 9, 1)]

    def test_days_that_contradict_each_other_are_refused(self, registration: Context) -> None:
        """A house that closes before it opens, and one that lies nowhere at first, break the rules of the folder."""
        wrong = "151050;Børnehuset Åkanden;6012;Baltorp;;1.2.2022;1.1.2022", "151051;Børnehuset Eng;6012;Baltorp;1.3.2022;1.2.2022;"
        imported = checked(registration, houses(*wrong), Kind.INSTITUTIONS)
        assert [{one.rule for one in outcome.issues} for outcome in outcomes(registration, imported)] == [
            {"period-ends-first"},
            {"period-gap"},
        ]


class TestTheRegister:
    """The Dagtilbudsregister's open-data files, as they are."""

    def test_daginstitutioner_are_the_districts(self, registration: Context) -> None:
        """One known by its name gets its number and its name there, a new one is added, and another municipality's is left out."""
        content = (RECORDED / "daginstitution.csv").read_bytes()
        imported = checked(registration, content, Kind.DISTRICTS)
        assert [row.outcome and row.outcome.status for row in rows(registration, imported)] == [
            Status.CHANGED, Status.CHANGED, Status.NEW, Status.REFUSED,
        ]  # fmt: skip
        assert [one.rule for one in rows(registration, imported)[-1].reading.issues] == ["other-municipality"]
        confirmed(registration, imported)
        assert statuses(registration, checked(registration, content, Kind.DISTRICTS))[:3] == [Status.UNCHANGED] * 3
        undone(registration, imported)
        assert [row.deed for row in rows(registration, imported)] == [Deed.UNDONE, Deed.UNDONE, Deed.KEPT, None]

    def test_units_name_their_parent_by_number(self, registration: Context) -> None:
        """After the districts have their numbers, the file of units is read with them; a unit of another municipality is left out."""
        confirmed(registration, checked(registration, (RECORDED / "daginstitution.csv").read_bytes(), Kind.DISTRICTS))
        imported = checked(registration, (RECORDED / "anvisningsenhed.csv").read_bytes(), Kind.INSTITUTIONS)
        assert statuses(registration, imported) == [Status.UNCHANGED, Status.CHANGED, Status.NEW, Status.REFUSED]
        confirmed(registration, imported)
        assert [house(registration, number).placements[-1].district for number in ("151004", "151050")] == ["baltorp", "skovlunde"]

    def test_a_number_counts_before_a_name(self, registration: Context) -> None:
        """Where number and name are two districts, the number is taken and that is said; a number that nobody knows leaves the name."""
        confirmed(registration, checked(registration, (RECORDED / "daginstitution.csv").read_bytes(), Kind.DISTRICTS))
        lines = "151902;hedegaarden;;151003;Børnehuset Globen;6012;", "151999;hedegaarden;;151004;Børnehuset Sesam;6012;"
        header = (RECORDED / "anvisningsenhed.csv").read_text("utf-8").splitlines()[0]
        imported = checked(registration, "\n".join((header, *lines)).encode(), Kind.INSTITUTIONS)
        assert [[one.rule for one in row.reading.issues] for row in rows(registration, imported)] == [["parent-counts"], ["left-out"]]
        assert [row.reading.values["district"] for row in rows(registration, imported)] == ["baltorp", "hedegaarden"]
