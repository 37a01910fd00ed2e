"""Answers to a programme's questions through the doors: with a request, in a form, corrected, taken back, and told to nobody."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.errors import Conflict
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, deliver_raw, event, listen_for, published
from services.registration.answer_vault import AnswerVault
from services.registration.domain.answer import Said, fill
from services.registration.domain.fitting import Value
from services.registration.domain.question import About
from services.registration.programme_folder import read as read_folder
from tests.registration.applicants import a_family, applicant, clock_runs, everything, sends
from tests.registration.builders import PROGRAMME, REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.respondents import (
    NUTS,
    enrolments,
    enrols,
    guardian,
    of_child,
    of_guardian,
    patch,
    read,
    rows,
    says,
    slugs,
    staff,
    stored,
)
from tests.reliability.fuzz.secrets import logged

QUESTIONS = read_folder(PROGRAMME).programme.questions


class TestWithARequest:
    """`answers` of a child and of a guardian in enrolment.requested.v1."""

    def test_they_are_kept_where_they_belong(self, registration: Context, door: Door) -> None:
        """What was answered about the child and by its mother is theirs; her husband was not asked."""
        asta = enrols(registration, child=says(siblings=2), mona=says(interpreter=True, interpreter_language="ar"))
        planner = staff(door, "plan-workshop")
        assert asta["status"] == "accepted"
        assert read(planner, of_child(asta)) == {"siblings": 2}
        assert read(planner, of_guardian(asta)) == {"interpreter": True, "interpreter-language": "ar"}
        assert read(planner, of_guardian(asta, 1)) == {}

    def test_every_mistake_is_told_with_the_others(self, registration: Context) -> None:
        """An unknown track, an answer that does not fit, and a required one that is missing: one rejection names all."""
        reasons = enrols(registration, child=says(siblings=True), mona=says(good_days=["saturdays"]), track="D")["reasons"]
        assert {(reason["slug"], reason["field"]) for reason in reasons} == {
            ("unknown-track", "/track"),
            ("answer-no-number", "/child/answers/0/answer"),
            ("answer-missing", "/guardians/0/answers"),
        }
        assert rows(registration, "select from answer_sheet") == []

    def test_a_refusal_asks_in_both_languages(self, registration: Context) -> None:
        """It quotes the question as the programme words it, in Danish and in English."""
        [reason] = enrols(registration, mona=[])["reasons"]
        assert reason["text"]["da"] == "»Har du brug for en tolk?« (interpreter) skal besvares."
        assert reason["text"]["en"] == "“Do you need an interpreter?” (interpreter) must be answered."

    def test_nobody_has_to_be_asked(self, registration: Context, statements: list[str]) -> None:
        """A request without answers is as it was, and costs no statement more."""
        assert enrols(registration)["status"] == "accepted"
        assert [statement for statement in statements if "answer_" in statement] == []

    def test_a_batch_takes_the_same_few_statements(self, registration: Context, statements: list[str]) -> None:
        """However many families answered."""
        assert cost(registration, statements, 2) == cost(registration, statements, 20)

    def test_a_guardian_is_asked_once(self, registration: Context, door: Door) -> None:
        """His answers are his, whichever child they came with; what a later request says counts, and what it leaves out stays."""
        karen = {"cpr_number": a_number("1991-03-09")}
        first, second = (says(interpreter=True, interpreter_language="ar"), says(interpreter=False, good_days=["saturdays"]))
        for answers in (first, second):
            deliver(registration, REQUESTED, a_request(guardians=[a_guardian(**karen, answers=answers)]), source=SENDER)
        one, other = enrolments(registration)
        planner = staff(door, "plan-workshop")
        assert read(planner, of_guardian(one)) == read(planner, of_guardian(other)) == {"interpreter": False, "good-days": ["saturdays"]}

    def test_the_same_request_again_changes_nothing(self, registration: Context) -> None:
        """Its answers are taken in once."""
        body = event(REQUESTED, a_request(guardians=[a_guardian(answers=says(interpreter=True))]), id="1", source=SENDER)
        for _ in range(2):
            deliver_raw(registration, listen_for(registration.service, REQUESTED), [body])
        assert len(rows(registration, "select from answer_change")) == 1


def cost(context: Context, statements: list[str], families: int) -> int:
    """How many statements so many families in one batch take."""
    answers = says(interpreter=True, interpreter_language="so", good_days=["saturdays"])
    bodies = [event(REQUESTED, a_request(guardians=[a_guardian(answers=answers)]), id=new_id(), source=SENDER) for _ in range(families)]
    statements.clear()
    deliver_raw(context, listen_for(context.service, REQUESTED), bodies)
    return len(statements)


class TestInAForm:
    """PATCH of answers."""

    def test_a_guardian_answers_for_herself_and_her_child(self, registration: Context, door: Door) -> None:
        """She reads what she answered, and when it will be erased; nobody is told a thing."""
        asta = enrols(registration)
        mona, told = guardian(door, asta), len(published(registration))
        assert patch(mona, of_child(asta), allergies=NUTS, daycare_start="2024-03-01").status_code == 204
        assert patch(mona, of_guardian(asta), interpreter=False).status_code == 204
        assert read(mona, of_child(asta)) == {"allergies": NUTS, "daycare-start": "2024-03-01"}
        [item] = mona.get(of_guardian(asta)).get_json()["items"]
        when = {"given_at": "2026-11-02T09:00:00+00:00", "erased_on": "2027-11-02"}
        assert item == {"question": "interpreter", "answer": False, "role": "guardian"} | when
        assert len(published(registration)) == told

    def test_an_answer_is_corrected_and_taken_back(self, registration: Context, door: Door, system: Door) -> None:
        """Who did what and when is kept, and what fell away with it; no former answer is."""
        asta = enrols(registration, mona=says(interpreter=True, interpreter_language="ar", good_days=["saturdays"]))
        coordinator = staff(door, "plan-workshop", subject="birgit")
        assert patch(coordinator, of_guardian(asta), interpreter=False, good_days=None).status_code == 204
        assert patch(system, of_guardian(asta), interpreter=False).status_code == 204
        found = coordinator.get(of_guardian(asta)).get_json()
        assert [(item["question"], item["answer"], item["role"]) for item in found["items"]] == [("interpreter", False, "coordinator")]
        assert [(change["question"], change["how"], change["role"]) for change in found["history"]] == [
            ("interpreter", "given", "system"),
            ("interpreter-language", "given", "system"),
            ("good-days", "given", "system"),
            ("interpreter", "corrected", "coordinator"),
            ("interpreter-language", "lapsed", "coordinator"),
            ("good-days", "taken-back", "coordinator"),
        ]
        assert {row.by_subject for row in rows(registration, "select by_subject from answer_change")} == {SENDER, "birgit"}
        assert "saturdays" not in everything(registration)

    def test_what_speaks_against_it_is_told_at_once_and_nothing_is_kept(self, registration: Context, door: Door) -> None:
        """One wrong answer keeps the right ones out, too."""
        asta = enrols(registration, mona=says(interpreter=False))
        mona, before = guardian(door, asta), stored(registration)
        refused = patch(mona, of_guardian(asta), interpreter=None, good_days=["mondays"], siblings=1, interpreter_language="ar")
        assert refused.status_code == 422
        assert set(slugs(refused)) == {
            ("answer-missing", "/answers"),
            ("answer-no-options", "/answers/1/answer"),
            ("question-for-another", "/answers/2/question"),
            ("answer-not-asked", "/answers/3/question"),
        }
        assert "mondays" not in refused.get_data(as_text=True)
        assert stored(registration) == before

    @pytest.mark.parametrize("body", [{}, {"answers": []}, {"answers": [{"question": "siblings"}]}, {"answers": says(siblings=1) * 101}])
    def test_a_body_must_be_answers(self, registration: Context, door: Door, body: Any) -> None:
        """At least one, at most a hundred, each with a question and an answer."""
        asta = enrols(registration)
        assert staff(door, "plan-workshop").patch(of_child(asta), json=body).status_code == 422

    def test_professionals_are_asked_too(self, coordinator: Door, door: Door) -> None:
        """A pedagogue answers for himself, and a leader for those of her house."""
        path = f"/v1/professionals/{a_professional(coordinator)}/answers"
        himself = door.as_(Role.PROFESSIONAL, subject=path.split("/")[3], purpose="own-family")
        assert patch(himself, path, years_of_practice=12).status_code == 204
        leader = staff(door, "plan-workshop", Role.LEADER, institutions={"birkegaarden"})
        assert read(himself, path) == read(leader, path) == {"years-of-practice": 12}
        assert patch(leader, path, years_of_practice=13).status_code == 204
        assert read(himself, path) == {"years-of-practice": 13}

    def test_two_at_once_leave_a_whole_sheet(self, registration: Context, door: Door) -> None:
        """While one says that an interpreter is needed no more, another says for which language: one of them is first."""
        for _ in range(5):
            asta = enrols(registration, mona=says(interpreter=True))
            at_once(door, of_guardian(asta), [{"interpreter": False}, {"interpreter_language": "ar"}])
            assert read(guardian(door, asta), of_guardian(asta)) == {"interpreter": False}

    def test_who_was_stored_twice_has_one_sheet(self, registration: Context, coordinator: Door, door: Door) -> None:
        """After a merge what was said last counts, whichever record it was said of; corrected, nothing is left of it under the other."""
        one = enrols(registration, child=says(siblings=1, allergies=NUTS), mona=says(interpreter=True, interpreter_language="ar"))
        two = enrols(registration, child=says(siblings=2), mona=says(interpreter=False))
        for kind, merged, into in (
            ("child", two["child_id"], one["child_id"]),
            ("guardian", one["guardian_ids"][0], two["guardian_ids"][0]),
        ):
            merging = {"kind": kind, "merged_id": merged, "into_id": into}
            assert coordinator.post("/v1/merges", json=merging).status_code == 201
        planner, cook = staff(door, "plan-workshop"), staff(door, "run-activities")
        for enrolment in (one, two):
            assert (read(planner, of_child(enrolment)), read(cook, of_child(enrolment))) == ({"siblings": 2}, {"allergies": NUTS})
            assert read(guardian(door, enrolment), of_guardian(enrolment)) == {"interpreter": False}
        listed = cook.get("/v1/programmes/sammen-om-boern/questions/allergies/answers").get_json()["items"]
        assert [item["person_id"] for item in listed] == [one["child_id"]]
        assert patch(planner, of_child(two), siblings=3).status_code == 204
        assert rows(registration, "select value from plain_answer where question = 'siblings'") == [(3,)]
        assert read(planner, of_child(one)) == {"siblings": 3}


def a_professional(coordinator: Door) -> str:
    """Karen, a pedagogue in Birkegården."""
    house = {"programme": "sammen-om-boern", "profession": "pedagogue", "institution": "birkegaarden"}
    name = {"given_name": "Karen", "family_name": "Prøvesen", "email": "karen@example.org"}
    return str(coordinator.post("/v1/professionals", json=house | name).get_json()["professional_id"])


def at_once(door: Door, path: str, said: Sequence[dict[str, Any]]) -> None:
    """Several coordinators answer in the same moment."""
    start = Barrier(len(said))

    def answer(answers: dict[str, Any]) -> int:
        coordinator = staff(door, "plan-workshop")
        start.wait(timeout=10)
        return int(patch(coordinator, path, **answers).status_code)

    with ThreadPoolExecutor(len(said)) as pool:
        assert {*pool.map(answer, said)} <= {204, 422}


class TestAtSignUp:
    """Answers of somebody without an account."""

    def test_an_applicant_answers_with_his_request(self, registration: Context, door: Door) -> None:
        """What he answered is kept with the enrolment that comes of it, in the role in which he gave it."""
        mona = a_guardian(given_name="Sara", email="sara@example.org", answers=says(interpreter=True, interpreter_language="so"))
        assert sends(applicant(door, registration), a_family(guardians=[mona])).status_code == 202
        clock_runs(registration)
        [enrolment] = enrolments(registration)
        [one, other] = staff(door, "plan-workshop").get(of_guardian(enrolment)).get_json()["items"]
        assert [(item["answer"], item["role"]) for item in (one, other)] == [(True, "applicant"), ("so", "applicant")]

    def test_he_is_told_what_is_wrong(self, registration: Context, door: Door) -> None:
        """At once, and with everything else."""
        sara = a_guardian(given_name="Sara", email="sara@example.org", answers=says(interpreter_language="so"))
        answer = sends(applicant(door, registration), a_family(guardians=[sara], track="D")).get_json()
        assert {reason["slug"] for reason in answer["reasons"]} == {"unknown-track", "answer-missing", "answer-not-asked"}

    def test_who_decides_reads_what_his_purpose_needs(self, registration: Context, door: Door) -> None:
        """A request that waits shows the answers that are read for the purpose, and no others."""
        child = a_number()
        enrols(registration, cpr_number=child)
        asked = a_family(cpr_number=child)
        asked["child"]["answers"] = says(allergies=NUTS, siblings=1, daycare_start="2024-03-01")
        sends(applicant(door, registration), asked)
        clock_runs(registration)
        [row] = rows(registration, "select sign_up_request_id::text as id from sign_up_request")

        def shown(purpose: str, role: Role = Role.COORDINATOR) -> list[Any]:
            found = staff(door, purpose, role).get(f"/v1/sign-up-requests/{row.id}").get_json()
            return [answer["question"] for answer in found["data"]["child"]["answers"]]

        assert [shown(purpose) for purpose in ("handle-enrolment", "plan-workshop", "run-activities")] == [
            ["daycare-start"],
            ["siblings"],
            ["allergies"],
        ]
        assert shown("supervise", Role.LEADER) == []


class TestGuarded:
    """What is confidential or sensitive."""

    def test_it_is_nowhere_readable(self, registration: Context, door: Door) -> None:
        """Not in a table, a message, a log or a refusal: neither the words, nor whether it was yes or no."""
        with logged() as log:
            asta = enrols(registration, child=says(allergies=NUTS), mona=says(interpreter=True, interpreter_language="uk"))
            patch(guardian(door, asta), of_guardian(asta), interpreter=True, interpreter_language="ur")
            patch(guardian(door, asta), of_child(asta), allergies=NUTS * 100)
        where = (everything(registration), str(published(registration)), log.getvalue())
        assert [text for text in where if "nødder" in text or "n\\u00f8dder" in text or '"ur"' in text] == []
        assert rows(registration, "select from plain_answer") == []
        lengths = rows(registration, "select distinct length(sealed) as bytes from guarded_answer")
        assert len(lengths) == 1

    def test_ordinary_answers_are_kept_apart(self, registration: Context) -> None:
        """Each kind of sensitivity has its table."""
        enrols(registration, child=says(siblings=2, allergies=NUTS), mona=says(interpreter=False, good_days=["saturdays"]))
        plain, guarded = (rows(registration, f"select question from {table} order by 1") for table in ("plain_answer", "guarded_answer"))
        assert ([row.question for row in plain], [row.question for row in guarded]) == (
            ["good-days", "siblings"],
            ["allergies", "interpreter"],
        )

    def test_it_opens_in_its_row_only(self) -> None:
        """With another key, or as somebody else's, it does not open; yes and no are of one length, and never the same twice."""
        vault = AnswerVault(b"k" * 32)
        yes, no = vault.seal(answer=True, row="asta"), vault.seal(answer=False, row="asta")
        assert (vault.open(yes, "asta"), vault.open(no, "asta")) == (True, False)
        assert len(yes) == len(no) == len(vault.seal("weekday-mornings", "asta"))
        assert yes != vault.seal(answer=True, row="asta")
        for other, row in ((vault, "viggo"), (AnswerVault(b"K" * 32), "asta")):
            with pytest.raises(Conflict):
                other.open(yes, row)


SAID = st.lists(
    st.one_of(
        st.tuples(st.just("interpreter"), st.booleans() | st.none()),
        st.tuples(st.just("interpreter-language"), st.sampled_from(["ar", "so", "x"]) | st.none()),
        st.tuples(st.just("good-days"), st.lists(st.sampled_from(["saturdays", "weekday-mornings"]), max_size=2) | st.none()),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SAID, max_size=5))
def test_whatever_is_said_the_sheet_is_what_the_conditions_ask_for(
    registration: Context, door: Door, breaths: list[list[tuple[str, Any]]]
) -> None:
    """What a guardian reads after any row of answers is what the domain's law makes of those that were not refused."""
    asta = enrols(registration)
    mona, kept = guardian(door, asta), dict[str, Value]()
    for said in breaths:
        kept = answered(mona, of_guardian(asta), said, kept)
    assert read(mona, of_guardian(asta)) == {code: list(value) if isinstance(value, tuple) else value for code, value in kept.items()}


def answered(door: Door, path: str, said: list[tuple[str, Any]], kept: dict[str, Value]) -> dict[str, Value]:
    """What the sheet must hold after these answers."""
    filled = fill(QUESTIONS, About.GUARDIAN, kept, [Said(code, answer) for code, answer in said], on=date(2026, 11, 2))
    sent = door.patch(path, json={"answers": [{"question": code, "answer": answer} for code, answer in said]})
    assert (sent.status_code == 204) == (not filled.objections)
    after: Mapping[str, Value] = kept if filled.objections else filled.answers
    return dict(after)
