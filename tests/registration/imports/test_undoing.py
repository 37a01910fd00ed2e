"""Taking an import back: who came in by it alone was never there, and what others have built on since stays, with the reason."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.errors import Conflict
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, http, published
from services.registration.imports import handlers
from services.registration.imports.record import Deed, Import, State, Status
from services.registration.storage import Work
from tests.registration.builders import REQUESTED, a_guardian, a_number, a_request
from tests.registration.imports.desk import a_file, a_line, asked, checked, confirmed, found, living, outcomes, rows, undone

ASTA, MONA = "740522-4981", "690391-4982"
THEIRS = ("child", "guardian", "guardianship", "enrolment", "step_taken", "consent", "unmatched", "match_key")


@pytest.fixture
def imported(registration: Context) -> Import:
    """Asta and her mother Mona, who came in by a file."""
    return confirmed(registration, checked(registration, a_file(a_line(**{"CPR": ASTA, "Forælder 1 CPR": MONA}))))


@pytest.fixture
def clerk(registration: Context) -> Door:
    """A coordinator who says why she reads."""
    return http(registration).as_(Role.COORDINATOR, purpose="handle-enrolment")


def counted(context: Context) -> dict[str, int]:
    """How many rows there are of everything that tells of somebody."""
    with context.work() as work:
        return {table: work.connection.execute(sa.text(f"select count(*) from {table}")).scalar_one() for table in THEIRS}


def ids(context: Context) -> tuple[str, str]:
    """Asta's id and her mother's."""
    with context.work() as work:
        query = sa.text("select child_id::text, guardian_id::text from guardianship join child using (child_id) order by child_id limit 1")
        child, guardian = work.connection.execute(query).one()
        return child, guardian


def reasons(context: Context, imported: Import) -> list[tuple[str, str]]:
    """What taking the first line back would leave, and why."""
    [outcome, *_] = outcomes(context, imported)
    return [(left.rule, left.field) for left in outcome.stays or ()]


class TestNobodyElseCares:
    """Nothing was built on those who came in."""

    def test_they_were_never_there(self, registration: Context, imported: Import) -> None:
        """Child, mother, names, numbers, enrolment, its history and what held between them are gone from every table."""
        assert undone(registration, imported).state is State.UNDONE
        assert counted(registration) == dict.fromkeys(THEIRS, 0)
        assert [row.deed for row in rows(registration, imported)] == [Deed.UNDONE]

    def test_the_others_are_told(self, registration: Context, imported: Import) -> None:
        """First that the enrolment ended as one that never was, then whose ids every service is to erase; the story is the import's."""
        child, guardian = ids(registration)
        undone(registration, imported)
        withdrawn, decided = published(registration)[-2:]
        assert (withdrawn["type"], withdrawn["data"]["was_enrolled"]) == ("registration.enrolment.withdrawn.v1", False)
        assert withdrawn["data"]["reason"] == "import-undone"
        assert decided["type"] == "registration.erasure.decided.v1"
        assert set(decided["data"]["erased_ids"]) == {child, guardian, withdrawn["data"]["enrolment_id"]}
        assert {one["correlationid"] for one in (withdrawn, decided)} == {imported.import_id}

    def test_a_corrected_file_is_new_again(self, registration: Context, imported: Import) -> None:
        """The same line with the name that was misspelt promises somebody new, and brings the right name."""
        undone(registration, imported)
        again = checked(registration, a_file(a_line(**{"CPR": ASTA, "Fornavn": "Astrid", "Forælder 1 CPR": MONA})))
        [outcome] = outcomes(registration, again)
        assert (outcome.status, "child.given_name" in {change.field for change in outcome.changes}) == (Status.NEW, True)
        confirmed(registration, again)
        assert [row[0] for row in living(registration)] == ["Astrid"]

    def test_the_file_and_its_report_stay(self, registration: Context, imported: Import) -> None:
        """What stood in the file can be read for its days, and a receipt says how many were erased."""
        undone(registration, imported)
        with registration.work() as work:
            assert work.imports.content(imported.import_id)
            [receipt] = work.erasures.page(limit=2, after=None, only_open=False)
        assert receipt.people == {"child": 1, "guardian": 1}

    def test_a_child_who_was_there_stays(self, registration: Context) -> None:
        """Of a child whom others had enrolled before only the new enrolment goes, and her mother has the address that she had."""
        deliver(registration, REQUESTED, a_request(cpr_number=ASTA, guardians=[a_guardian(cpr_number=MONA)], stage="interested"))
        line = a_line(**{"CPR": ASTA, "Forælder 1 CPR": MONA, "Forælder 1 e-mail": "imported@example.org"})
        before = counted(registration)
        imported = confirmed(registration, checked(registration, a_file(line)))
        undone(registration, imported)
        after = counted(registration)
        assert (after["child"], after["guardian"]) == (before["child"], before["guardian"]) == (1, 1)


class TestTheDryRun:
    """POST …/undo, before anybody has confirmed it."""

    def test_it_says_what_would_be_done_and_does_nothing(self, registration: Context, imported: Import) -> None:
        """The line would be undone; nobody is erased by asking, and nobody is told."""
        before, told = counted(registration), len(published(registration))
        asked(registration, handlers.undo, imported.import_id)
        assert found(registration, imported.import_id).state is State.UNDO_CHECKED
        assert (counted(registration), len(published(registration))) == (before, told)
        assert reasons(registration, imported) == []

    def test_another_report_is_not_confirmed(self, registration: Context, imported: Import) -> None:
        """Whoever names the report of the file's own dry run is told to look again."""
        asked(registration, handlers.undo, imported.import_id)
        with pytest.raises(Conflict), registration.work() as work:
            handlers.confirm(imported.import_id, imported.report or "", work)

    def test_what_is_built_on_after_it_stays(self, registration: Context, imported: Import, clerk: Door) -> None:
        """A mother who is corrected between the dry run and the yes is not erased: her line is kept, and says why."""
        undoing = asked(registration, handlers.undo, imported.import_id)
        clerk.patch(f"/v1/guardians/{ids(registration)[1]}", json={"phone": "20000018"})
        confirmed(registration, undoing)
        assert [row.deed for row in rows(registration, imported)] == [Deed.KEPT]
        assert counted(registration)["guardian"] == 1

    def test_it_can_be_asked_again(self, registration: Context, imported: Import) -> None:
        """A second dry run looks at what is stored by then, and the lines that were left at first can be tried again instead."""
        asked(registration, handlers.undo, imported.import_id)
        assert asked(registration, handlers.undo, imported.import_id).state is State.UNDO_CHECKED
        assert asked(registration, handlers.check_again, imported.import_id).state is State.CHECKED


def enrolled_elsewhere(work: Work, child: str, _guardian: str) -> None:
    """The child has another enrolment, which has ended."""
    other = sa.text(
        "insert into enrolment (enrolment_id, source, request_id, status, programme, track, child_id, guardian_ids,"
        " start_date, end_date, reasons)"
        " select gen_random_uuid(), 'https://other.example', 'other', 'withdrawn', programme, track, child_id, guardian_ids, start_date,"
        " start_date, reasons from enrolment where child_id = cast(:child as uuid)"
    )
    work.connection.execute(other, {"child": child})


def on_hold(work: Work, child: str, _guardian: str) -> None:
    """Nobody may erase the child."""
    hold = sa.text("insert into legal_hold values (gen_random_uuid(), cast(:child as uuid), 'complaint', now(), null, null)")
    work.connection.execute(hold, {"child": child})


class TestWhatOthersBuilt:
    """Somebody has gone on from what came in."""

    @pytest.mark.parametrize(("build", "why"), [(enrolled_elsewhere, "enrolled-since"), (on_hold, "on-hold")])
    def test_what_is_stored_of_the_child(
        self, registration: Context, imported: Import, build: Callable[[Work, str, str], None], why: str
    ) -> None:
        """Another enrolment and a legal hold keep the child with all that came with it."""
        with registration.work() as work:
            build(work, *ids(registration))
        before = counted(registration)
        undone(registration, imported)
        assert [(issue.rule, issue.field) for row in rows(registration, imported) if row.outcome for issue in row.outcome.issues] == [
            (why, "child")
        ]
        assert counted(registration) == before

    def test_a_step_that_was_taken(self, registration: Context, imported: Import, clerk: Door) -> None:
        """An enrolment that somebody took further is no longer the one that came in: it stays, and so does the child."""
        with registration.work() as work:
            enrolment = work.connection.execute(sa.text("select enrolment_id::text from enrolment")).scalar_one()
        assert clerk.post(f"/v1/enrolments/{enrolment}/steps", json={"step": "start", "effective_date": "2024-03-02"}).status_code == 200
        asked(registration, handlers.undo, imported.import_id)
        assert reasons(registration, imported) == [("changed-since", "enrolment")]

    def test_what_holds_between_them(self, registration: Context, imported: Import, clerk: Door) -> None:
        """A guardianship that was asked for keeps the child."""
        child, guardian = ids(registration)
        terms = {"custody": True, "contact_allowed": True, "residence": True, "relation": "mother", "valid_from": "2024-03-01"}
        assert clerk.put(f"/v1/children/{child}/guardians/{guardian}", json=terms).status_code == 200
        asked(registration, handlers.undo, imported.import_id)
        assert ("guardianship-since", "child") in reasons(registration, imported)

    def test_protection(self, registration: Context, imported: Import, clerk: Door) -> None:
        """Whom somebody protected since stays."""
        child, _ = ids(registration)
        asking = {"kind": "child", "person_id": child, "valid_from": "2024-01-01"}
        assert clerk.post("/v1/protections", json=asking).status_code == 200
        asked(registration, handlers.undo, imported.import_id)
        assert ("protected-since", "child") in reasons(registration, imported)

    def test_a_mother_with_another_child(self, registration: Context, imported: Import) -> None:
        """The child goes; her mother, who has another one here by now, stays, and the report says so."""
        deliver(registration, REQUESTED, a_request(cpr_number=a_number(), guardians=[a_guardian(cpr_number=MONA)]))
        undone(registration, imported)
        [row] = rows(registration, imported)
        assert ("guardian-of-others", "guardian") in [(issue.rule, issue.field) for issue in (row.outcome.issues if row.outcome else ())]
        assert (counted(registration)["child"], counted(registration)["guardian"]) == (1, 1)

    def test_the_report_says_why(self, registration: Context, imported: Import, clerk: Door) -> None:
        """Each line says what would be left, in words, at the door and in the table."""
        with registration.work() as work:
            on_hold(work, *ids(registration))
        asked(registration, handlers.undo, imported.import_id)
        path = f"/v1/imports/{imported.import_id}"
        [line] = clerk.get(f"{path}/report").get_json()["items"]
        assert [(one["slug"], one["text"]["en"]) for one in line["stays"]] == [("on-hold", "The person may not be erased for now.")]
        assert "barnet: Personen må ikke slettes for tiden." in clerk.get(f"{path}/report.csv").get_data(as_text=True)
        counts: dict[str, Any] = clerk.get(path).get_json()["lines"]
        assert (counts["would-be-kept"], counts["applied"]) == (1, 1)
