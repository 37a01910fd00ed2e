"""A file from its arrival to its undoing, on a real database."""

from collections import Counter
from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

import pytest
import sqlalchemy as sa

from services.chassis.errors import Conflict, Invalid, Unavailable
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, published, run_timer
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.protection import MUNICIPALITY, PersonKind, ProtectionRequest, Word
from services.registration.imports import handlers, passes
from services.registration.imports.columns import Kind
from services.registration.imports.passes import Passes
from services.registration.imports.record import Deed, Import, State, Status
from services.registration.imports.report import of_rows
from services.registration.storage import family_records
from tests.registration.builders import REQUESTED, a_guardian, a_number, a_request
from tests.registration.imports import messy
from tests.registration.imports.desk import (
    CONSTANTS,
    SENDER,
    a_file,
    a_line,
    asked,
    checked,
    confirmed,
    found,
    living,
    outcomes,
    rows,
    run,
    sent,
    undone,
)
from tests.registration.test_duplicates import enrol, merging


def statuses(context: Context, imported: Any) -> list[Status]:
    """What would be done with each line."""
    return [outcome.status for outcome in outcomes(context, imported)]


class TestTheMessyFile:
    """A file with the mistakes that municipalities make, in both forms."""

    @pytest.mark.parametrize("content", [messy.as_csv(), messy.as_xlsx()], ids=["csv in windows-1252", "xlsx"])
    def test_the_dry_run_reports_every_line_and_changes_nothing(self, registration: Context, content: bytes) -> None:
        """Four children are new, one line is a change, four are refused, each with its rule; and nothing was stored or told."""
        imported = checked(registration, content)
        new, changed, refused = Status.NEW, Status.CHANGED, Status.REFUSED
        assert statuses(registration, imported) == [new, new, new, refused, refused, refused, changed, refused, new]
        assert living(registration) == []
        assert published(registration) == []

    @pytest.mark.parametrize("content", [messy.as_csv(), messy.as_xlsx()], ids=["csv in windows-1252", "xlsx"])
    def test_confirmed_it_enrols_those_who_were_promised(self, registration: Context, content: bytes) -> None:
        """Four children are enrolled, Asta once; brother and sister have the same mother, and her father a phone number."""
        imported = confirmed(registration, checked(registration, content))
        assert (imported.state, imported.done, imported.total) == (State.APPLIED, 9, 9)
        children = {(row[0], row[2]) for row in living(registration)}
        assert children == {("Asta", "birkegaarden"), ("Bo", "birkegaarden"), ("Åse", "regnbuen"), ("=HYPERLINK(1)", "sesam")}
        mothers = {row[9] for row in living(registration) if row[4] == "Mona"}
        assert len(mothers) == 1
        assert {row[6] for row in living(registration) if row[0] == "Asta" and row[4] == "Karim"} == {"+4520000019"}

    def test_rules_of_enrolment_refuse_with_their_own_words(self, registration: Context) -> None:
        """A child whose guardian has no custody is refused as it would be on the bus, and the report says so on the right field."""
        freja = rows(registration, checked(registration, messy.as_csv()))[-2]
        assert [(issue.rule, issue.field) for issue in (freja.outcome.issues if freja.outcome else ())] == [
            ("guardian-without-custody", "guardians")
        ]


class TestApplying:
    """POST …/confirmation, and what it does."""

    def test_a_report_that_was_not_seen_is_not_confirmed(self, registration: Context) -> None:
        """Whoever names another report than the present one is told to look again, and nothing is done."""
        imported = checked(registration, a_file(a_line()))
        with pytest.raises(Conflict), registration.work() as work:
            handlers.confirm(imported.import_id, "0" * 64, work)
        assert found(registration, imported.import_id).state is State.CHECKED

    def test_what_moved_meanwhile_is_left(self, registration: Context) -> None:
        """A child whom others enrolled since the dry run is not touched; the other line is done, and a new dry run sees it as it is."""
        number = a_number()
        imported = checked(registration, a_file(a_line(CPR=number), a_line(Fornavn="Bo")))
        deliver(registration, REQUESTED, a_request(cpr_number=number, guardians=[a_guardian(email="other@example.org")]))
        confirmed(registration, imported)
        moved, done = rows(registration, imported)
        assert (moved.deed, done.deed) == (Deed.MOVED, Deed.APPLIED)
        assert [issue.rule for issue in (moved.outcome.issues if moved.outcome else ())] == ["moved"]
        asked(registration, handlers.check_again, imported.import_id)
        assert [row.outcome.status for row in rows(registration, imported) if row.outcome] == [Status.CHANGED, Status.NEW]
        confirmed(registration, found(registration, imported.import_id))
        assert [row.deed for row in rows(registration, imported)] == [Deed.APPLIED, Deed.APPLIED]

    def test_the_same_file_again_is_unchanged(self, registration: Context) -> None:
        """Applied and sent once more, every line of it is as stored."""
        content = a_file(a_line(), a_line(Fornavn="Bo", **{"Forælder 1 CPR": a_number("1991-03-09")}))
        confirmed(registration, checked(registration, content))
        assert statuses(registration, checked(registration, content)) == [Status.UNCHANGED, Status.UNCHANGED]

    def test_what_a_line_leaves_out_stays(self, registration: Context) -> None:
        """A guardian who reads Arabic still does after a file without a column of languages, and keeps her phone."""
        number = a_number()
        mona = a_guardian(language="ar", phone="20000017")
        deliver(registration, REQUESTED, a_request(cpr_number=number, guardians=[mona]))
        [outcome] = outcomes(registration, checked(registration, a_file(a_line(CPR=number))))
        assert (outcome.status, outcome.changes) == (Status.UNCHANGED, [])

    def test_what_is_stored_otherwise_is_said_and_left(self, registration: Context) -> None:
        """Another house than the one in which a child is enrolled is no move: the report shows both, and nothing changes."""
        number = a_number()
        confirmed(registration, checked(registration, a_file(a_line(CPR=number))))
        [outcome] = outcomes(registration, checked(registration, a_file(a_line(CPR=number, Institution="Regnbuen"))))
        assert outcome.status is Status.UNCHANGED
        assert [(one.field, one.before, one.after) for one in outcome.otherwise] == [("institution", "birkegaarden", "regnbuen")]

    def test_who_may_be_stored_already_is_named(self, registration: Context) -> None:
        """A child of the same name and birth date under another number, and a guardian with the same address, stand beside the line."""
        confirmed(registration, checked(registration, a_file(a_line())))
        run_timer(registration, "duplicates")
        [outcome] = outcomes(registration, checked(registration, a_file(a_line())))
        assert outcome.status is Status.NEW
        assert [(one.field, one.reasons, one.score) for one in outcome.candidates] == [
            ("child", ["same-birth-date", "same-name"], 100),
            ("guardian1", ["same-email", "same-name"], 100),
        ]

    def test_who_was_merged_is_the_one_that_is_kept(self, registration: Context, coordinator: Door) -> None:
        """A line under the number of a child that was merged is about the kept one: it is enrolled, and its guardians are those of both."""
        numbers = a_number(), a_number()
        first, second = (enrol(registration, number=number, guardians=[a_guardian()]) for number in numbers)
        coordinator.post("/v1/merges", json=merging(first["child_id"], second["child_id"]))
        coordinator.post("/v1/merges", json=merging(first["guardian_ids"][0], second["guardian_ids"][0], "guardian"))
        run_timer(registration, "duplicates")
        same, news = a_line(CPR=numbers[0]), a_line(CPR=numbers[0], **{"Forælder 1 telefon": "20000017"})
        found = [outcome for line in (same, news) for outcome in outcomes(registration, checked(registration, a_file(line)))]
        assert [(outcome.status, outcome.candidates) for outcome in found] == [(Status.UNCHANGED, []), (Status.CHANGED, [])]
        assert [change.field for change in found[1].changes] == ["guardian1.phone"]

    def test_a_chain_of_people_is_one_crowd(self, registration: Context) -> None:
        """Lines that hang together, each by the next, are one family, however far it is from the first to the last."""
        children, mothers = [a_number() for _ in range(30)], [a_number("1991-03-09") for _ in range(31)]
        chain = [a_line(CPR=children[n // 2], **{"Forælder 1 CPR": mothers[(n + 1) // 2]}) for n in range(60)]
        several = checked(registration, a_file(*chain[:8], a_line()))
        assert len({row.family for row in rows(registration, several)}) == 2
        imported = checked(registration, a_file(*chain, a_line()))
        assert Counter(statuses(registration, imported)) == {Status.REFUSED: 60, Status.NEW: 1}

    def test_a_crowd_is_refused(self, registration: Context) -> None:
        """Where one number stands in more lines than a family has, it came into a wrong column: none of them is done."""
        crowd = [a_line(**{"Forælder 1 CPR": "690391-4028"}) for _ in range(41)]
        imported = checked(registration, a_file(*crowd, a_line()))
        assert Counter(statuses(registration, imported)) == {Status.REFUSED: 41, Status.NEW: 1}


class TestFaults:
    """What happens where Deltag itself is wrong."""

    def test_an_import_that_meets_a_fault_says_so_and_lets_others_go_on(self, registration: Context) -> None:
        """It stops instead of being tried for ever; what it did can be undone, and it can be tried again when the fault is mended."""
        [broken, other] = [checked(registration, a_file(a_line())) for _ in range(2)]
        with patch.dict(passes.PERFORM, {Kind.FAMILIES: Mock(side_effect=KeyError("fault"))}):
            stopped = confirmed(registration, broken)
        assert (stopped.state, [one["slug"] for one in stopped.trouble]) == (State.APPLIED, ["defect"])
        assert confirmed(registration, other).state is State.APPLIED
        again = asked(registration, handlers.check_again, broken.import_id)
        assert (again.trouble, [row.deed for row in rows(registration, confirmed(registration, again))]) == ([], [Deed.APPLIED])

    def test_an_outage_is_no_fault(self, registration: Context) -> None:
        """While the database is away the import waits where it is."""
        import_id = sent(registration, a_file(a_line()))
        with patch.object(Passes, "step", side_effect=Unavailable), pytest.raises(Unavailable):
            run(registration, import_id)
        assert found(registration, import_id).state is State.RECEIVED


class TestUndoing:
    """POST …/undo."""

    def test_what_was_added_ends_and_is_told(self, registration: Context) -> None:
        """The enrolment is withdrawn for everybody who listens, and its guardian is nobody's guardian any more."""
        imported = confirmed(registration, checked(registration, a_file(a_line())))
        undone(registration, imported)
        assert living(registration) == []
        told = [m["data"] for m in published(registration) if m["type"] == "registration.enrolment.withdrawn.v1"]
        assert [one["reason"] for one in told] == ["import-undone"]

    def test_what_changed_since_is_kept_and_said(self, registration: Context) -> None:
        """A guardian who has a new address since the import keeps it, and the report says which line was left."""
        number, mother = a_number(), a_number("1991-03-09")
        deliver(registration, REQUESTED, a_request(cpr_number=number, guardians=[a_guardian(cpr_number=mother)]))
        line = a_line(CPR=number, **{"Forælder 1 CPR": mother, "Forælder 1 e-mail": "imported@example.org"})
        imported = confirmed(registration, checked(registration, a_file(line)))
        deliver(registration, REQUESTED, a_request(guardians=[a_guardian(cpr_number=mother, email="newest@example.org")]))
        undone(registration, imported)
        [row] = rows(registration, imported)
        assert (row.deed, [issue.rule for issue in row.outcome.issues] if row.outcome else []) == (Deed.KEPT, ["changed-since"])
        assert {row[5] for row in living(registration)} == {"newest@example.org"}


PROFESSIONALS = "Navn;E-mail;Faggruppe;Institution;Telefon\n{}\n"
METTE = "Mette Prøvesen;mette@example.org;pædagog;Birkegården;20000017"


def staff(*lines: str) -> bytes:
    """Professionals as CSV in Windows-1252."""
    return PROFESSIONALS.format("\n".join(lines)).encode("cp1252")


class TestProfessionals:
    """Lines about professionals."""

    def test_they_are_registered_in_sets_and_corrected(self, registration: Context, statements: list[str]) -> None:
        """Many lines take as few statements as one, and a line about somebody who is known corrects him."""
        confirmed(
            registration,
            checked(registration, staff(*(f"Mette{n} Prøvesen;m{n}@example.org;pedagogue;151001;" for n in range(60))), Kind.PROFESSIONALS),
        )
        assert sum(statement.startswith("insert into professional ") for statement in statements) == 2
        [outcome] = outcomes(
            registration, checked(registration, staff("Mette0 Prøvesen;M0@example.org;pedagogue;151002;20000018"), Kind.PROFESSIONALS)
        )
        assert {(one.field, one.after) for one in outcome.changes} >= {("phone", "+4520000018"), ("institution", "regnbuen")}

    def test_undone_the_new_have_ended_and_the_corrected_are_as_before(self, registration: Context) -> None:
        """Who was added takes no part any more and is known no more, who was corrected is told as he was."""
        mette = "Mette Prøvesen;mette@example.org;pedagogue;{};20000017"
        confirmed(registration, checked(registration, staff(mette.format("151001")), Kind.PROFESSIONALS))
        lines = [mette.format("151002"), "Ole Prøvesen;ole@example.org;pedagogue;151001;"]
        imported = confirmed(registration, checked(registration, staff(*lines), Kind.PROFESSIONALS))
        undone(registration, imported)
        told = [m["data"] for m in published(registration) if m["type"].startswith("registration.professional")]
        assert [(one["institution"], one["status"]) for one in told[-2:]] == [("birkegaarden", "accepted"), ("birkegaarden", "withdrawn")]
        assert statuses(registration, checked(registration, staff(lines[1]), Kind.PROFESSIONALS)) == [Status.NEW]

    def test_the_rules_of_the_door_hold(self, registration: Context) -> None:
        """A profession that the programme does not know is refused with what is like it."""
        [outcome] = outcomes(
            registration, checked(registration, staff("Mette Prøvesen;mette@example.org;troldmand;151001;"), Kind.PROFESSIONALS)
        )
        assert outcome.status is Status.REFUSED


REGISTER = "daginstitutionsNavn;EnhedsNummer;EnhedsNavn;InstType3;PNummer\n{}\n"


def places(*lines: str) -> bytes:
    """The Dagtilbudsregister's own file of placement units, but for the columns that are not read."""
    return REGISTER.format("\n".join(lines)).encode("utf-8-sig")


class TestInstitutions:
    """Lines about institutions."""

    def test_a_house_moves_and_another_opens_in_the_folder(self, registration: Context) -> None:
        """A house that lies elsewhere by now moved today, a new one stands at the folder's end, and both are told."""
        lines = [
            "Hedegården;151003;Børnehuset Globen;6012;",
            "Baltorp;151004;Børnehuset Sesam;6012;",
            "Baltorp;151050;Børnehuset Åkanden;6012;",
        ]
        imported = checked(registration, places(*lines), Kind.INSTITUTIONS)
        assert statuses(registration, imported) == [Status.UNCHANGED, Status.CHANGED, Status.NEW]
        confirmed(registration, imported)
        told = {m["data"]["institution"]: m["data"]["district"] for m in published(registration) if ".institution." in m["type"]}
        assert told == {"sesam": "baltorp", "aakanden": "baltorp"}
        assert statuses(registration, checked(registration, places(*lines), Kind.INSTITUTIONS)) == [Status.UNCHANGED] * 3

    def test_undone_a_change_is_as_before_and_a_new_house_stays(self, registration: Context) -> None:
        """A name goes back; a house that others may rest on is left, and the report says how it is closed."""
        lines = ["Hedegården;151003;Globen;6012;", "Baltorp;151050;Børnehuset Åkanden;6012;"]
        imported = confirmed(registration, checked(registration, places(*lines), Kind.INSTITUTIONS))
        undone(registration, imported)
        assert [row.deed for row in rows(registration, imported)] == [Deed.UNDONE, Deed.KEPT]
        with registration.work() as work:
            assert work.programmes.institutions_of(["151003"])["151003"].name == "Børnehuset Globen"

    def test_what_breaks_the_folder_is_refused_with_its_words(self, registration: Context) -> None:
        """A district or a type that the programme does not know is an error on its line."""
        lines = ["Skovlunde;151051;Børnehuset Ude;6012;", "Baltorp;151052;Børnehuset Klub;9999;"]
        assert statuses(registration, checked(registration, places(*lines), Kind.INSTITUTIONS)) == [Status.REFUSED, Status.REFUSED]


class TestColumns:
    """Which column is which field."""

    def test_a_missing_column_waits_for_a_person_and_is_remembered(self, registration: Context) -> None:
        """A column that nobody recognises is mapped once; the next file of the same sender needs nobody."""
        content = a_file(a_line()).replace(b"Start", "Hvornår".encode())
        imported = run(registration, sent(registration, content))
        assert (imported.state, [one["field"] for one in imported.trouble]) == (State.MAPPING, ["start_date"])
        with registration.work() as work:
            handlers.map_columns(imported.import_id, {"Hvornår": "start_date"}, work)
        assert run(registration, imported.import_id).state is State.CHECKED
        assert checked(registration, content).state is State.CHECKED

    def test_every_mistake_of_a_mapping_is_said_at_once(self, registration: Context) -> None:
        """An unknown column, an unknown field and a field for two columns are each a reason."""
        imported = checked(registration, a_file(a_line()))
        with pytest.raises(Invalid) as refused, registration.work() as work:
            handlers.map_columns(imported.import_id, {"Ukendt": "track", "Spor": "track", "Født": "birthday"}, work)
        assert {reason.slug for reason in refused.value} == {"unknown-column", "unknown-field", "column-twice"}

    def test_columns_of_one_name_are_told_apart(self, registration: Context) -> None:
        """The second `CPR` is nobody's until a person says whose, and may take the field of the first; one without a name gets a name."""
        content = a_file(a_line()).replace("Forælder 1 CPR".encode(), b"CPR").replace(b";Fornavn;", b";;")
        imported = run(registration, sent(registration, content))
        mapped = {name: (imported.columns or {}).get(n) for n, name in enumerate(imported.header)}
        assert (mapped["CPR"], mapped["CPR (2)"], mapped["(B)"]) == ("child.cpr_number", None, None)
        with registration.work() as work:
            decided = handlers.map_columns(imported.import_id, {"CPR (2)": "child.cpr_number", "(B)": "child.given_name"}, work)
        assert sorted((decided.columns or {}).values()).count("child.cpr_number") == 1

    def test_what_is_no_field_or_programme_is_refused_at_the_door(self, registration: Context) -> None:
        """A constant for a field that there is not, and a programme that is not loaded, are named before anything is read."""
        with pytest.raises(Invalid) as refused, registration.work() as work:
            handlers.receive(b"x", Kind.FAMILIES, SENDER, {"programme": "nowhere", "colour": "red"}, work)
        assert {reason.slug for reason in refused.value} == {"unknown-programme", "unknown-field"}

    @pytest.mark.parametrize(
        ("content", "slug"), [(b"", "empty-file"), (b"CPR;Mor\n", "empty-file"), (b"PK\x03\x04", "workbook-unreadable")]
    )
    def test_an_unreadable_file_says_why(self, registration: Context, content: bytes, slug: str) -> None:
        """The import waits for nobody any more, and its trouble has words."""
        values = {"start_date": "1.3.2024", "track": "A", "institution": "151001", "child.birth_date": "1.3.2022"}
        values |= {"child.name": "Asta Prøvesen", "child.cpr_number": "740522-4015", "guardian1.custody": "ja"}
        imported = run(registration, sent(registration, content, Kind.FAMILIES, **values))
        assert (imported.state, [one["slug"] for one in imported.trouble]) == (State.UNREADABLE, [slug])


class TestOrder:
    """In what order the database finds things."""

    def test_parents_may_be_found_in_any_order(self, registration: Context) -> None:
        """What was promised is done, whichever of two parents the database names first when it is checked and when it is done."""
        father = {"Forælder 2 fornavn": "Karim", "Forælder 2 efternavn": "Prøvesen", "Forælder 2 myndighed": "ja"}
        families = [a_line() | father for _ in range(3)]
        content = "\n".join(";".join(cells) for cells in [list(families[0]), *(list(one.values()) for one in families)]).encode()
        with patch.object(family_records, "_LINKS", sa.text(f"{family_records._LINKS.text}, guardian_id")):  # noqa: SLF001 - the plan's choice
            imported = checked(registration, content)
        with patch.object(family_records, "_LINKS", sa.text(f"{family_records._LINKS.text}, guardian_id desc")):  # noqa: SLF001
            confirmed(registration, imported)
        assert [row.deed for row in rows(registration, imported)] == [Deed.APPLIED] * 3


class TestProtection:
    """Name and address protection in reports."""

    def test_nothing_tells_of_whoever_is_protected(self, registration: Context) -> None:
        """Of a child who is protected through its mother, the report of a file that names both shows neither, however broken the line."""
        number, mother = a_number(), a_number("1991-03-09")
        line = a_line(CPR=number, **{"Forælder 1 CPR": mother})
        confirmed(registration, checked(registration, a_file(line)))
        protect(registration, mother)
        imported = checked(registration, a_file(line | {"Forælder 1 e-mail": "new@example.org"}, line | {"Start": "31.2.2024"}))
        told = str(told_of(registration, imported))
        assert not [word for word in ("Asta", "Mona", "example.org", "birkegaarden", "151001", "14.05.2022", number[:6]) if word in told]

    def test_the_family_on_the_next_line_is_shown(self, registration: Context) -> None:
        """Of a child and a mother whom nobody protects the report of the same file shows everything, whoever else is protected."""
        mother = a_number("1991-03-09")
        protected, beside = a_line(**{"Forælder 1 CPR": mother}), a_line(Fornavn="Sofus", **{"Forælder 1 e-mail": "beside@example.org"})
        confirmed(registration, checked(registration, a_file(protected, beside)))
        protect(registration, mother)
        imported = checked(registration, a_file(protected, beside | {"Forælder 1 fornavn": "Yrsa"}))
        first, second = map(str, told_of(registration, imported))
        assert "***" in first
        assert [word for word in ("Sofus", "Yrsa", "beside@example.org", "151001") if word not in second] == []
        assert "***" not in second

    def test_who_is_protected_later_is_hidden_in_every_report(self, registration: Context, coordinator: Door) -> None:
        """Once a mother is protected, no report of the file that brought her, in whatever form, tells of her and the child."""
        mother, beside = a_number("1991-03-09"), {"Fornavn": "Sofus", "Forælder 1 fornavn": "Yrsa", "Forælder 1 e-mail": "yrsa@example.org"}
        imported = confirmed(registration, checked(registration, a_file(a_line(**{"Forælder 1 CPR": mother}), a_line(**beside))))
        path, reader = f"/v1/imports/{imported.import_id}/report", coordinator.as_(Role.COORDINATOR, purpose="handle-enrolment")
        assert "mona@example.org" in reader.get(path).get_data(as_text=True)
        protect(registration, mother)
        for told in (reader.get(path + ending).get_data(as_text=True) for ending in ("", ".csv")):
            assert [word for word in ("Asta", "Mona", "mona@example.org", mother[:6]) if word in told] == []
            assert [word for word in ("Sofus", "Yrsa", "yrsa@example.org") if word not in told] == []


def told_of(context: Context, imported: Import) -> list[dict[str, Any]]:
    """Its report, as it may be read today."""
    with context.work() as work:
        return list(of_rows(imported, rows(context, imported), work))


def protect(context: Context, number: str) -> None:
    """Give the guardian of that number name and address protection."""
    with context.work() as work:
        [guardian] = work.family_records.stored("", {}, [CprNumber.parse(number)]).guardians
        work.protections.keep([Word(ProtectionRequest(PersonKind.GUARDIAN, guardian, work.today), MUNICIPALITY, work.now)])


class TestAtRest:
    """What is kept of a file."""

    def test_nothing_of_it_can_be_read_in_the_database(self, registration: Context) -> None:
        """Neither the file nor a line nor its outcome stands in any column in clear."""
        confirmed(registration, checked(registration, messy.as_csv()))
        with registration.work() as work:
            tables = ("import", "import_file", "import_row", "import_key", "import_columns")
            dump = b"".join(
                bytes(value)
                for name in tables
                for value in work.connection.execute(sa.text(f"select convert_to(t::text, 'UTF8') from {name} t")).scalars()
            )
        assert b"Asta" not in dump
        assert b"4015" not in dump.replace(b"-", b"") or b"7405224015" not in dump
        assert "Prøvesen".encode() not in dump

    def test_after_its_term_it_is_deleted(self, registration: Context) -> None:
        """When the days are over, the file and its lines are gone; that there was an import stays, without anybody in it."""
        imported = confirmed(registration, checked(registration, a_file(a_line())))
        assert isinstance(registration.clock, FakeClock)
        registration.clock.advance(timedelta(days=31))
        run_timer(registration, "forget-imports")
        assert found(registration, imported.import_id).state is State.EXPIRED
        with registration.work() as work:
            left = work.connection.execute(
                sa.text("select (select count(*) from import_row) + (select count(*) from import_file)")
            ).scalar_one()
        assert left == 0

    def test_the_clock_does_what_waits(self, registration: Context) -> None:
        """Turn by turn the timer brings every import as far as it goes without a person."""
        ids = [sent(registration, a_file(a_line())) for _ in range(2)]
        for _ in range(8):
            run_timer(registration, handlers.TIMER)
        assert {found(registration, id_).state for id_ in ids} == {State.CHECKED}
        assert CONSTANTS
