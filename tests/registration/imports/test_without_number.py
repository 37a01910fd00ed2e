"""Lines about children who have no CPR number: taken with a warning, recognised when the file comes again, and taken back."""

import sqlalchemy as sa

from services.chassis.service import Context
from services.registration.domain.protection import MUNICIPALITY, PersonKind, ProtectionRequest, Word
from services.registration.duplicates.finding import look
from services.registration.imports.record import Deed, Status
from tests.registration.builders import a_number
from tests.registration.imports.desk import a_file, a_line, checked, confirmed, living, outcomes, rows, undone


def children(context: Context) -> int:
    """How many there are."""
    with context.work() as work:
        return int(work.connection.execute(sa.text("select count(*) from child")).scalar_one())


def statuses(context: Context, content: bytes) -> list[Status]:
    """What a dry run of the file would do with its lines."""
    return [outcome.status for outcome in outcomes(context, checked(context, content))]


def test_an_empty_number_is_said_and_taken(registration: Context) -> None:
    """The dry run warns of the child's missing number, and the child is enrolled beside the others."""
    imported = checked(registration, a_file(a_line(CPR="", Fornavn="Noor"), a_line()))
    noor, _asta = rows(registration, imported)
    assert [(found.rule, found.error) for found in noor.reading.issues] == [("without-number", False)]
    confirmed(registration, imported)
    assert {row[0] for row in living(registration)} == {"Noor", "Asta"}


def test_the_same_file_again_changes_nothing(registration: Context) -> None:
    """The line is about the child that it brought, also when it says the mother's new address, which is news of her."""
    content = a_file(a_line(CPR="", Fornavn="Noor"))
    confirmed(registration, checked(registration, content))
    assert statuses(registration, content) == [Status.UNCHANGED]
    phone = a_file(a_line(CPR="", Fornavn="Noor", **{"Forælder 1 telefon": "20 00 00 17"}))
    assert statuses(registration, phone) == [Status.CHANGED]
    assert children(registration) == 1


def test_two_lines_of_one_child_make_one(registration: Context) -> None:
    """A child that stands twice in a file, in two spellings, is enrolled once; its namesake of other parents is another."""
    other = {"Forælder 1 fornavn": "Karim", "Forælder 1 efternavn": "Eksempelsen", "Forælder 1 e-mail": "karim@example.org"}
    lines = (a_line(CPR="", Fornavn="Noor"), a_line(CPR="", Fornavn="NOOR"), a_line(CPR="", Fornavn="Noor", **other))
    confirmed(registration, checked(registration, a_file(*lines)))
    assert children(registration) == 2


def test_a_line_with_a_number_is_about_another(registration: Context) -> None:
    """The same child with its number, and its mother, are candidates for a person, and not merged."""
    confirmed(registration, checked(registration, a_file(a_line(CPR="", Fornavn="Noor"))))
    look(registration)
    imported = checked(registration, a_file(a_line(CPR=a_number(), Fornavn="Noor")))
    [outcome] = outcomes(registration, imported)
    assert (outcome.status, [one.field for one in outcome.candidates]) == (Status.NEW, ["child", "guardian1"])


def test_it_is_taken_back_like_any_other(registration: Context) -> None:
    """Undone, the child was never there."""
    undone(registration, confirmed(registration, checked(registration, a_file(a_line(CPR="", Fornavn="Noor")))))
    assert children(registration) == 0


def test_a_number_that_cannot_be_read_is_still_refused(registration: Context) -> None:
    """Only an empty cell means that there is none."""
    [row] = rows(registration, checked(registration, a_file(a_line(CPR="12345", Fornavn="Noor"))))
    assert row.outcome is None or row.outcome.status is Status.REFUSED
    assert [found.field for found in row.reading.issues if found.error] == ["child.cpr_number"]


def test_who_may_be_protected_is_left_to_a_person(registration: Context) -> None:
    """A child or a guardian without a number who looks like one who is protected is not let in; with numbers, or like others, he is."""
    confirmed(registration, checked(registration, a_file(a_line(CPR="", Fornavn="Noor"))))
    look(registration)
    alike = a_line(CPR="", Fornavn="Nor")
    before = checked(registration, a_file(alike))
    assert [one.status for one in outcomes(registration, before)] == [Status.NEW]
    protect_all(registration)
    assert [row.deed for row in rows(registration, confirmed(registration, before))] == [Deed.MOVED]
    [held] = outcomes(registration, checked(registration, a_file(alike)))
    assert (held.status, [one.rule for one in held.issues]) == (Status.REFUSED, ["may-be-protected"])
    numbered = alike | {"CPR": a_number(), "Forælder 1 CPR": a_number("1991-03-09")}
    other = {"Forælder 1 fornavn": "Karim", "Forælder 1 efternavn": "Eksempelsen", "Forælder 1 e-mail": "karim@example.org"}
    stranger = a_line(CPR="", Fornavn="Villads", Efternavn="Eksempelsen", **other)
    assert statuses(registration, a_file(numbered, stranger)) == [Status.NEW, Status.NEW]
    assert children(registration) == 1


def protect_all(context: Context) -> None:
    """Give every guardian name and address protection."""
    with context.work() as work:
        ids = work.connection.execute(sa.text("select guardian_id::text from guardian")).scalars()
        work.protections.keep(Word(ProtectionRequest(PersonKind.GUARDIAN, one, work.today), MUNICIPALITY, work.now) for one in list(ids))
