"""What a file may say of a family besides who it is: where everybody lives, how they are related, and who may be told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.service import Context
from services.registration.domain.address import Address
from services.registration.domain.guardianship import Terms
from services.registration.imports import addresses
from services.registration.imports.columns import Kind, suggest
from services.registration.imports.kinds import KINDS
from services.registration.imports.record import Deed, Reading, Status
from tests.registration.builders import a_number
from tests.registration.imports.desk import HEADER, a_line, checked, confirmed, outcomes, rows, undone
from tests.registration.imports.test_imports import staff
from tests.registration.imports.test_values import TODAY

HOME = {"street": "Prøvevej 12, 2. tv.", "postal_code": "2750", "city": "Ballerup"}
PARENTS = {
    "Forælder 1 relation": "mor",
    "Forælder 1 adresse": "Prøvevej 12, 2. tv., 2750 Ballerup",
    "Forælder 1 bor hos": "ja",
    "Forælder 2 navn": "Karim Prøvesen",
    "Forælder 2 relation": "Far",
    "Forælder 2 myndighed": "ja",
    "Forælder 2 må kontaktes": "nej",
    "Forælder 2 bor hos": "nej",
    "Forælder 3 navn": "Rosa Prøvesen",
    "Forælder 3 relation": "plejemor",
    "Forælder 3 myndighed": "nej",
}


def in_full(number: str, **cells: str) -> bytes:
    """Asta, her parents and her foster mother, in a file with a column for everything."""
    line = a_line(CPR=number) | PARENTS | cells
    names = list(dict.fromkeys([*HEADER, *line]))
    return "\n".join(";".join(row) for row in (names, [line.get(name, "") for name in names])).encode()


def families(context: Context) -> dict[str, tuple[Address | None, Terms]]:
    """By given name: where each guardian lives, and what holds between him and the child."""
    with context.work() as work:
        [family] = [family for family in work.families.stream()]  # noqa: C416 - it has to be one
        guardians = work.guardians.of(one.guardian_id for one in family)
        return {guardians[one.guardian_id].given_name: (guardians[one.guardian_id].address, one.spells[-1].terms) for one in family}


class TestAFamilyInFull:
    """A file with a column for everything."""

    def test_all_of_it_is_stored(self, registration: Context) -> None:
        """Three guardians, each with his relation, whether the child lives with him and whether he may be told; the address is hers."""
        confirmed(registration, checked(registration, in_full(a_number())))
        assert families(registration) == {
            "Mona": (Address(**HOME), Terms("mother", custody=True, contact_allowed=True, residence=True)),
            "Karim": (None, Terms("father", custody=True, contact_allowed=False, residence=False)),
            "Rosa": (None, Terms("foster-parent", custody=False, contact_allowed=True, residence=False)),
        }

    def test_the_same_file_again_changes_nothing(self, registration: Context) -> None:
        """Every field of it is as stored."""
        content = in_full(a_number())
        confirmed(registration, checked(registration, content))
        assert [outcome.status for outcome in outcomes(registration, checked(registration, content))] == [Status.UNCHANGED]

    def test_news_are_shown_applied_and_taken_back(self, registration: Context) -> None:
        """A new address and a new permission stand in the report field by field, and an undo brings back what was."""
        number = a_number()
        confirmed(registration, checked(registration, in_full(number)))
        before = families(registration)
        moved = in_full(number, **{"Forælder 1 adresse": "Torvet 1, 2750 Ballerup", "Forælder 2 må kontaktes": "ja"})
        imported = checked(registration, moved)
        [outcome] = outcomes(registration, imported)
        assert [(one.field, one.before, one.after) for one in outcome.changes] == [
            ("guardian1.address", "Prøvevej 12, 2. tv., 2750 Ballerup", "Torvet 1, 2750 Ballerup"),
            ("guardian2.contact_allowed", "no", "yes"),
        ]
        undone(registration, confirmed(registration, imported))
        assert [row.deed for row in rows(registration, imported)] == [Deed.UNDONE]
        assert families(registration) == before

    def test_an_address_that_nobody_can_place_is_said(self, registration: Context) -> None:
        """Several guardians, one address, and no word of with whom the child lives: the line is taken without it, and that is told."""
        cells = {"Adresse": "Torvet 1, 2750 Ballerup", "Forælder 1 adresse": "", "Forælder 1 bor hos": "", "Forælder 2 bor hos": ""}
        imported = confirmed(registration, checked(registration, in_full(a_number(), **cells)))
        [row] = rows(registration, imported)
        assert [(found.rule, found.field) for found in row.reading.issues] == [("address-of-whom", "address")]
        assert {address for address, _ in families(registration).values()} == {None}

    def test_a_relation_that_nobody_knows_is_said(self, registration: Context) -> None:
        """What is optional and cannot be read is left out with a remark."""
        [row] = rows(registration, checked(registration, in_full(a_number(), **{"Forælder 3 relation": "nabo"})))
        assert [(found.rule, found.error) for found in row.reading.issues] == [("left-out", False)]


OWNERS = ("guardian1", "guardian2", "guardian3")


@given(lives=st.lists(st.sampled_from(["yes", "no", None]), min_size=1, max_size=3), apart=st.booleans())
def test_the_childs_address_is_never_anothers(lives: list[str | None], *, apart: bool) -> None:
    """It goes to those with whom the child lives, to the only one with whom it may, or to nobody, and is never dropped in silence."""
    values = {f"{owner}.custody": "yes" for owner in OWNERS[: len(lives)]}
    values |= {f"{owner}.residence": word for owner, word in zip(OWNERS, lives, strict=False) if word}
    own: dict[str, Any] = {f"guardian1.{name}": f"own {name}" for name in HOME} if apart else {}
    reading = Reading({}, values | HOME | own)
    addresses.settle(reading)
    at = {owner for owner in OWNERS if reading.values.get(f"{owner}.street") == HOME["street"]}
    assert all(reading.values.get(f"{owner}.residence") != "no" for owner in at)
    assert "street" not in reading.values
    assert at or reading.issues or apart
    assert not apart or reading.values["guardian1.street"] == "own street"


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("address", "Torvet 3, DK-2750 Ballerup Øst", "Torvet 3\n2750\nBallerup Øst"),
        ("address", "Prøvevej 12", None),
        ("postal_code", "800", "0800"),
        ("postal_code", "27500", None),
        ("relation", "Moder", "mother"),
        ("relation", "Anden voksen", "other"),
        ("share", "80 %", "80"),
        ("share", "0,8", "80"),
        ("share", "30 timer", "81"),
        ("share", "1", None),
        ("share", "120", None),
    ],
)
def test_cells_are_read_in_one_way_or_not_at_all(kind: str, written: str, read: str | None) -> None:
    """As people write them; what could mean two things is an objection."""
    assert KINDS[kind](written, TODAY).value == read


def test_the_third_is_not_the_second() -> None:
    """However alike their columns are called, a guardian's column with another number is never taken for his."""
    assert [one.field for one in suggest(Kind.FAMILIES, ["Forælder 5 navn", "Forælder 3 telefonnr"])] == [None, "guardian3.phone"]


def test_how_much_a_professional_works(registration: Context) -> None:
    """His share of time and his first day come in with him, and a file that leaves them out lets them be."""
    mette = "Mette Prøvesen;mette@example.org;pædagog;151001;20000017"
    content = staff(f"{mette};60 %;1.2.2024").replace(b"Telefon", b"Telefon;Andel;Startdato")
    confirmed(registration, checked(registration, content, Kind.PROFESSIONALS))
    with registration.work() as work:
        [found] = work.professionals.by_emails([("sammen-om-boern", "mette@example.org")]).values()
    assert (found.share_percent, str(found.start_date)) == (60, "2024-02-01")
    assert [one.status for one in outcomes(registration, checked(registration, staff(mette), Kind.PROFESSIONALS))] == [Status.UNCHANGED]
