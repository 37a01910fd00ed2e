"""Consents after the enrolment, through both doors: given, shown with their words, withdrawn, and what they come to."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.contracts import example, problems
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import EVENTS, Context
from services.chassis.testing import Door, deliver, deliver_raw, event, listen_for, published
from tests.registration.builders import PROGRAMME, SENDER, a_guardian, a_request

GIVING = "consent.giving-requested.v1"
WITHDRAWAL = "consent.withdrawal-requested.v1"
PURPOSE = "handle-enrolment"
Json = dict[str, Any]


@pytest.fixture
def asta(system: Door) -> Json:
    """Asta's enrolment, with Mona and Karim who share custody, and grandmother who has none; nobody has consented yet."""
    family = [a_guardian(), a_guardian(given_name="Karim", email="karim@example.org"), a_guardian(given_name="Inger", custody=False)]
    answer: Json = system.post(
        "/v1/enrolment-requests", json={"id": new_id(), "data": a_request(guardians=family, consent=None)}
    ).get_json()
    return answer


def a_giving(asta: Json, giver: int = 0, **changes: Any) -> Json:
    """One of her guardians agrees that Asta takes part."""
    said = {"programme": "sammen-om-boern", "purpose": "take-part", "text_version": "2024-1", "language": "da", "channel": "meeting"}
    who = {"subject": "child", "subject_id": asta["child_id"], "giver_id": asta["guardian_ids"][giver]}
    return said | who | {"given_at": "2024-02-01T10:00:00+01:00"} | changes


def own(person_id: str, subject: str = "guardian", **changes: Any) -> Json:
    """An adult agrees to be contacted."""
    who = {"subject": subject, "subject_id": person_id, "giver_id": person_id}
    return a_giving({"child_id": "", "guardian_ids": [""]}, purpose="contact", **who | changes)


def facts(context: Context, prefix: str = "registration.consent") -> list[Json]:
    """What everybody was told about consents."""
    return [m for m in published(context) if m["type"].startswith(prefix) and m["exchange"] == EVENTS]


def slugs(answer: Any, status: int) -> set[tuple[str, str]]:
    """The rules that a refusal names, and the fields."""
    assert answer.status_code == status, answer.get_json()
    return {(error["slug"], error["field"]) for error in answer.get_json()["errors"]}


def standing(door: Door, asta: Json, purpose: str = "take-part") -> str:
    """What Asta's consents to a purpose come to."""
    items = door.as_(Role.COORDINATOR, purpose=PURPOSE).get(f"/v1/children/{asta['child_id']}/consents").get_json()["items"]
    return str(next(item["standing"] for item in items if item["purpose"] == purpose))


class TestGiving:
    """POST /v1/consents and consent.giving-requested."""

    def test_a_guardian_gives_it_later(self, door: Door, asta: Json, registration: Context) -> None:
        """Mona agrees at a meeting, weeks after the enrolment; everybody is told."""
        mona = door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][0])
        answer = mona.post("/v1/consents", json=a_giving(asta))
        [fact] = facts(registration)
        assert answer.status_code == 201
        assert (fact["type"], fact["data"]["given_at"]) == ("registration.consent.given.v1", "2024-02-01T09:00:00Z")
        assert fact["data"].items() - {("given_at", "2024-02-01T09:00:00Z")} <= answer.get_json().items()

    def test_another_system_hands_it_in(self, registration: Context, asta: Json) -> None:
        """On the bus it gets its answer at the sender's address, as the fact that everybody gets."""
        deliver(registration, GIVING, a_giving(asta), source=SENDER, id="paper-17", reply_to="answers")
        fact, reply = published(registration)[-2:]
        assert (fact["type"], fact["causationid"]) == ("registration.consent.given.v1", "paper-17")
        assert (reply["routing_key"], reply["data"]) == ("answers", fact["data"])

    def test_an_adult_gives_it_for_himself(self, door: Door, asta: Json, registration: Context) -> None:
        """Mona agrees to be contacted: no child is named."""
        mona = asta["guardian_ids"][0]
        assert door.as_(Role.GUARDIAN, subject=mona).post("/v1/consents", json=own(mona)).status_code == 201
        [fact] = facts(registration)
        assert fact["type"] == "registration.consent.own-given.v1"
        assert (fact["data"]["person_id"], fact["data"]["role"], "child_id" in fact["data"]) == (mona, "guardian", False)

    def test_a_professional_gives_his_own(self, coordinator: Door, door: Door, registration: Context) -> None:
        """A pedagogue agrees to be contacted; a stranger's id is refused."""
        pedagogue = {"profession": "pedagogue", "institution": "birkegaarden", "given_name": "Karen", "family_name": "Prøvesen"}
        body = pedagogue | {"programme": "sammen-om-boern", "email": "karen@example.org"}
        karen = coordinator.post("/v1/professionals", json=body).get_json()["professional_id"]
        answer = door.as_(Role.PROFESSIONAL, subject=karen).post("/v1/consents", json=own(karen, "professional"))
        assert (answer.status_code, facts(registration)[-1]["data"]["role"]) == (201, "professional")
        unknown = coordinator.post("/v1/consents", json=own(new_id(), "professional"))
        assert slugs(unknown, 422) == {("consent-subject-unknown", "/subject_id")}

    def test_every_reason_at_once(self, coordinator: Door, asta: Json, registration: Context) -> None:
        """What is wrong with the text, the giver and the time is told together, over both doors in the same words."""
        wrong = a_giving(asta, giver=2, text_version="1999-1", given_at="2030-01-01T00:00:00Z")
        over_http = slugs(coordinator.post("/v1/consents", json=wrong), 422)
        deliver(registration, GIVING, wrong, source=SENDER)
        [refusal] = facts(registration, "registration.request.rejected")
        on_the_bus = {(reason["slug"], reason["field"]) for reason in refusal["data"]["reasons"]}
        assert over_http == on_the_bus
        assert {slug for slug, _ in over_http} == {"unknown-consent-text", "guardian-without-custody", "consent-in-the-future"}

    @pytest.mark.parametrize(
        ("changes", "slug"),
        [
            ({"programme": "none"}, "unknown-programme"),
            ({"purpose": "none"}, "unknown-consent-purpose"),
            ({"giver_id": new_id()}, "consent-giver-unknown"),
            ({"subject_id": new_id()}, "consent-subject-unknown"),
            ({"subject": "guardian"}, "consent-subject-unknown"),
        ],
    )
    def test_what_does_not_exist_is_refused(self, coordinator: Door, asta: Json, changes: Json, slug: str) -> None:
        """A programme, purpose, child or guardian that is not known here."""
        assert slug in {found for found, _ in slugs(coordinator.post("/v1/consents", json=a_giving(asta, **changes)), 422)}

    def test_nobody_consents_for_another_adult(self, coordinator: Door, asta: Json) -> None:
        """Mona cannot agree that Karim is contacted."""
        mona, karim, _ = asta["guardian_ids"]
        answer = coordinator.post("/v1/consents", json=own(karim, giver_id=mona))
        assert slugs(answer, 422) == {("consent-for-another-adult", "/giver_id")}

    def test_a_broken_contract_is_answered_too(self, registration: Context, asta: Json) -> None:
        """A request on the bus that is not what its contract asks for gets every reason, and nothing is kept."""
        deliver(registration, GIVING, a_giving(asta, subject="household", given_at="yesterday"), source=SENDER)
        [refusal] = facts(registration, "registration.request.rejected")
        assert {r["field"] for r in refusal["data"]["reasons"]} == {"/subject", "/given_at"}
        assert refusal["data"]["request"] == GIVING

    def test_whom_a_caller_does_not_reach_does_not_exist(self, door: Door, asta: Json) -> None:
        """Karim cannot give Mona's, another house's leader, a system that did not enrol Asta and a stranger find no such child."""
        mona, karim, _ = asta["guardian_ids"]
        strangers = (
            door.as_(Role.GUARDIAN, subject=karim),
            door.as_(Role.LEADER, institutions={"sesam"}),
            door.as_(Role.SYSTEM, source="https://other.example"),
            door.as_(Role.PROFESSIONAL, subject=mona + "x"),
        )
        for stranger in strangers:
            assert slugs(stranger.post("/v1/consents", json=a_giving(asta)), 404) == {("consent-subject-unknown", "/subject_id")}

    def test_staff_and_the_enrolling_system_record_it(self, door: Door, system: Door, asta: Json) -> None:
        """A leader and a health visitor of the house, and the system that enrolled Asta, hand in what Mona gave on paper."""
        for own_door in (
            door.as_(Role.LEADER, institutions={"birkegaarden"}),
            door.as_(Role.HEALTH_VISITOR, institutions={"birkegaarden"}),
            system,
        ):
            assert own_door.post("/v1/consents", json=a_giving(asta)).status_code == 201

    @pytest.mark.parametrize("size", [1, 60])
    def test_a_batch_of_any_size_takes_the_same_few_statements(
        self, registration: Context, asta: Json, statements: list[str], size: int
    ) -> None:
        """The number of statements does not grow with the batch."""
        bodies = [event(GIVING, a_giving(asta, giver=n % 3), source=SENDER) for n in range(size)]
        statements.clear()
        deliver_raw(registration, listen_for(registration.service, GIVING), bodies)
        assert len([s for s in statements if "chassis." not in s]) <= 5


class TestWords:
    """GET /v1/consents/{id}."""

    @pytest.mark.parametrize("language", ["da", "en"])
    def test_the_words_that_were_shown_can_be_shown_again(self, coordinator: Door, door: Door, asta: Json, language: str) -> None:
        """The text is that of the version and language in which it was given."""
        consent = coordinator.post("/v1/consents", json=a_giving(asta, text_version="2021-1", language=language)).get_json()
        mona = door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][0], purpose="own-family")
        shown = mona.get(f"/v1/consents/{consent['consent_id']}").get_json()
        assert shown["words"] == Path(PROGRAMME / "consents" / f"take-part.2021-1.{language}.txt").read_text("utf-8")
        assert consent.items() <= shown.items()

    def test_nobody_elses(self, coordinator: Door, door: Door, asta: Json) -> None:
        """The other guardian does not see what Mona agreed to."""
        consent = coordinator.post("/v1/consents", json=a_giving(asta)).get_json()
        karim = door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][1], purpose="own-family")
        assert slugs(karim.get(f"/v1/consents/{consent['consent_id']}"), 404) == {("unknown-consent", "")}


class TestWithdrawal:
    """POST /v1/consents/{id}/withdrawal and consent.withdrawal-requested."""

    def test_another_system_hands_it_in(self, registration: Context, coordinator: Door, asta: Json) -> None:
        """The first withdraws it; the second and one that names nothing are refused, each with an answer."""
        consent = coordinator.post("/v1/consents", json=a_giving(asta)).get_json()["consent_id"]
        bodies = [event(WITHDRAWAL, {"consent_id": id_}, source=SENDER) for id_ in (consent, consent, new_id())]
        deliver_raw(registration, listen_for(registration.service, WITHDRAWAL), bodies)
        assert [(f["type"], f["sequence"]) for f in facts(registration)[1:]] == [("registration.consent.withdrawn.v1", "0000000002")]
        refused = [reason["slug"] for f in facts(registration, "registration.request.rejected") for reason in f["data"]["reasons"]]
        assert refused == ["consent-already-withdrawn", "unknown-consent"]

    def test_what_was_given_stays_on_record(self, registration: Context, coordinator: Door, asta: Json) -> None:
        """Past every rule, the database refuses to change what was given, or to take a withdrawal back."""
        consent = coordinator.post("/v1/consents", json=a_giving(asta)).get_json()["consent_id"]
        coordinator.post(f"/v1/consents/{consent}/withdrawal")
        for change in ("channel = 'phone'", "given_at = now()", "status = 'given', withdrawn_at = null", "withdrawn_at = now()"):
            with pytest.raises(sa.exc.IntegrityError, match="never changed"):
                execute(registration, f"update consent set {change}")


class TestAgreements:
    """GET /v1/children/{id}/consents."""

    def test_from_asked_to_withdrawn(self, door: Door, coordinator: Door, asta: Json) -> None:
        """It takes both holders to be counted in figures: asked, partly given, in force, withdrawn, and in force again."""
        seen = [standing(door, asta, "statistics")]
        for giver in (0, 1):
            consent = coordinator.post("/v1/consents", json=a_giving(asta, giver, purpose="statistics")).get_json()
            seen.append(standing(door, asta, "statistics"))
        coordinator.post(f"/v1/consents/{consent['consent_id']}/withdrawal")
        seen.append(standing(door, asta, "statistics"))
        coordinator.post("/v1/consents", json=a_giving(asta, 1, purpose="statistics", given_at="2026-11-02T09:02:00Z"))
        seen.append(standing(door, asta, "statistics"))
        assert seen == ["asked", "partly-given", "in-force", "withdrawn", "in-force"]

    def test_every_purpose_is_there(self, door: Door, asta: Json) -> None:
        """What nobody has answered yet is asked."""
        assert {standing(door, asta, purpose) for purpose in ("take-part", "contact", "statistics")} == {"asked"}

    def test_a_guardian_sees_what_holds_and_only_his_own_words(self, door: Door, coordinator: Door, asta: Json) -> None:
        """Karim learns that it takes his consent too, and not who gave the other."""
        coordinator.post("/v1/consents", json=a_giving(asta, purpose="statistics"))
        karim = door.as_(Role.GUARDIAN, subject=asta["guardian_ids"][1], purpose="own-family")
        items = karim.get(f"/v1/children/{asta['child_id']}/consents").get_json()["items"]
        [figures] = [item for item in items if item["purpose"] == "statistics"]
        assert (figures["given_by"], figures["standing"], figures["consents"]) == ("all_holders", "partly-given", [])

    def test_other_families_do_not_exist(self, door: Door, asta: Json) -> None:
        """A stranger gets the same answer for a child that exists as for one that does not."""
        stranger = door.as_(Role.GUARDIAN, subject=new_id(), purpose="own-family")
        found = [slugs(stranger.get(f"/v1/children/{child}/consents"), 404) for child in (asta["child_id"], new_id())]
        assert found == [{("unknown-child", "")}] * 2


def test_what_is_published_about_consents_keeps_its_contract(registration: Context, coordinator: Door, asta: Json) -> None:
    """Every fact about consents of children and adults, granted and refused, told and told again, is what its contract lays down."""
    given = [coordinator.post("/v1/consents", json=one).get_json() for one in (a_giving(asta), own(asta["guardian_ids"][0]))]
    for consent in given:
        coordinator.post(f"/v1/consents/{consent['consent_id']}/withdrawal")
    deliver(registration, WITHDRAWAL, {"consent_id": new_id()}, source=SENDER)
    with registration.work() as work:
        registration.service.refresh(work)  # type: ignore[misc]  # registration has one
    told = [*facts(registration), *facts(registration, "registration.request")]
    assert len({fact["type"] for fact in told}) == 5
    for fact in told:
        assert problems(fact["dataschema"].removeprefix("urn:deltag:contract:").replace(":", "/"), fact["data"]) == []


def test_the_example_of_the_contract_fits_its_reader(registration: Context) -> None:
    """The example that an integrator starts from is read, and refused only for the people that it names."""
    deliver(registration, GIVING, example("consent.giving-requested/v1")["data"], source=SENDER)
    [refusal] = facts(registration, "registration.request.rejected")
    assert [reason["slug"] for reason in refusal["data"]["reasons"]] == ["consent-subject-unknown"]


def execute(context: Context, statement: str) -> None:
    """Run a statement in a transaction of its own."""
    with context.work() as work:
        work.connection.execute(sa.text(statement))
