"""Who somebody is is put right through both doors: what was stays findable, nothing undoes it, and nobody else learns who it is."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, parked, published
from services.registration.duplicates.finding import look
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_families import card

IDENTITY = "family.identity-correction-requested.v1"
Json = dict[str, Any]

serials = count()


@pytest.fixture
def asta(registration: Context) -> Json:
    """Asta's enrolment, as the last fact tells of it."""
    return enrols(registration, a_request())


def enrols(context: Context, request: Json, source: str = SENDER) -> Json:
    """What the enrolment that this request led to is told as."""
    deliver(context, REQUESTED, request, source=source)
    return told(context)[-1]


def told(context: Context, aggregate: str = "enrolment") -> list[Json]:
    """The data of the facts about one kind of aggregate."""
    return [m["data"] for m in published(context) if m["type"].startswith(f"registration.{aggregate}.") and m["exchange"]]


def child(enrolment: Json, reason: str = "mistyped", **changes: Any) -> Json:
    """A correction of the child."""
    return {"kind": "child", "person_id": enrolment["child_id"], "changes": changes, "reason": reason}


def guardian(enrolment: Json, reason: str = "mistyped", **changes: Any) -> Json:
    """A correction of the child's first guardian."""
    return {"kind": "guardian", "person_id": enrolment["guardian_ids"][0], "changes": changes, "reason": reason}


def correct(door: Door, asked: Json) -> list[str]:
    """The fields that a correction over HTTP made another."""
    answer = door.post("/v1/corrections", json=asked)
    assert answer.status_code == 200, answer.get_json()
    corrected: list[str] = answer.get_json()["corrected"]
    return corrected


def history(door: Door, person_id: str, purpose: str = "handle-enrolment") -> list[Json]:
    """What was corrected of somebody."""
    items: list[Json] = door.as_(Role.COORDINATOR, purpose=purpose).get(f"/v1/corrections?person_id={person_id}").get_json()["items"]
    return items


def shown(door: Door, enrolment: Json) -> Json:
    """The child as a coordinator sees it who handles the enrolment."""
    found: Json = door.as_(Role.COORDINATOR, purpose="handle-enrolment").get(f"/v1/children/{enrolment['child_id']}").get_json()
    return found


def slugs(answer: Any) -> list[tuple[str, str]]:
    """Rule and field of each reason of a refusal."""
    return [(reason["slug"], reason["field"]) for reason in answer.get_json()["errors"]]


def ask(context: Context, asked: Json, **attributes: Any) -> Json:
    """Another system's request on the bus; the whole message that answers it."""
    deliver(context, IDENTITY, asked, **{"source": SENDER, "reply_to": "answers"} | attributes)
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def test_a_name_is_put_right_and_what_it_was_is_kept(door: Door, coordinator: Door, asta: Json) -> None:
    """The child is shown by its right name; the history says what it was, who corrected it, in which role, when and why."""
    assert correct(coordinator, child(asta, given_name="Astrid", family_name="Prøvesen")) == ["given_name"]
    assert shown(door, asta)["given_name"] == "Astrid"
    [entry] = history(door, asta["child_id"])
    assert entry["changes"] == [{"field": "given_name", "before": "Asta", "after": "Astrid"}]
    assert (entry["reason"], entry["done_by"]["role"], entry["said_at"]) == ("mistyped", "coordinator", entry["recorded_at"])


def test_a_repeated_correction_changes_nothing(registration: Context, door: Door, coordinator: Door, asta: Json) -> None:
    """The second time no field is another, nothing is told, and the history has one entry."""
    asked = child(asta, given_name="Astrid", birth_date="2022-05-14")
    correct(coordinator, asked)
    before = len(published(registration))
    assert correct(coordinator, asked) == []
    assert len(published(registration)) == before
    assert len(history(door, asta["child_id"])) == 1


def test_no_later_request_undoes_a_correction(registration: Context, door: Door, coordinator: Door) -> None:
    """A sender who goes on writing the old names finds the same child and the same guardian, by the names that are right."""
    request = a_request(guardians=[a_guardian(given_name="Moan")])
    enrolled = enrols(registration, request)
    correct(coordinator, child(enrolled, given_name="Astrid"))
    correct(coordinator, guardian(enrolled, given_name="Mona"))
    coordinator.post(f"/v1/enrolments/{enrolled['enrolment_id']}/withdrawal", json={"reason": "moved", "effective_date": "2024-04-01"})
    again = enrols(registration, request)
    assert (again["child_id"], again["guardian_ids"]) == (enrolled["child_id"], enrolled["guardian_ids"])
    found = shown(door, enrolled)
    assert (found["given_name"], [one["given_name"] for one in found["guardians"]]) == ("Astrid", ["Mona"])


def test_a_right_birth_month_is_told_with_every_enrolment(registration: Context, coordinator: Door, asta: Json) -> None:
    """The other services count ages by it: the enrolment is told again as it stands, with the month and nothing else changed."""
    assert correct(coordinator, child(asta, birth_date="2021-12-03", cpr_number=a_number("2021-12-03"))) == ["birth_date", "cpr_number"]
    assert told(registration)[-1] == asta | {"birth_month": "2021-12"}
    facts = len(told(registration))
    correct(coordinator, child(asta, birth_date="2021-12-04", cpr_number=a_number("2021-12-04")))
    assert len(told(registration)) == facts


def test_a_birth_date_against_the_number_explains_itself(coordinator: Door, asta: Json) -> None:
    """One of the two alone is refused where they would differ, and the text says to correct both at once; together they pass."""
    date, number = {"birth_date": "2022-05-07"}, {"cpr_number": a_number("2022-05-07")}
    answers = [coordinator.post("/v1/corrections", json=child(asta, **changes)) for changes in (date, number)]
    assert [slugs(answer) for answer in answers] == [
        [("birth-date-against-number", "/changes/birth_date")],
        [("birth-date-against-number", "/changes/cpr_number")],
    ]
    assert "at once" in answers[0].get_json()["errors"][0]["text"]["en"]
    assert correct(coordinator, child(asta, **date, **number)) == ["birth_date", "cpr_number"]


@pytest.mark.parametrize(
    ("kind", "changes", "found"),
    [
        (child, {"birth_date": "2024-03-02"}, {"child-not-born", "birth-date-against-number"}),
        (child, {"cpr_number": "710222-0000"}, {"birth-date-against-number"}),
        (child, {"birth_date": "0022-05-14"}, {"birth-date-too-early", "birth-date-against-number"}),
        (child, {"birth_date": "2010-12-04"}, {"child-too-old", "birth-date-against-number"}),
        (child, {"birth_date": "2027-01-01"}, {"birth-date-in-the-future", "child-not-born", "birth-date-against-number"}),
        (child, {}, {"nothing-to-correct"}),
        (child, {"cpr_number": "910222-0000"}, {"invalid-cpr-number"}),
        (guardian, {"birth_date": "1991-03-09"}, {"birth-date-not-kept"}),
    ],
)
def test_what_cannot_be_is_refused(coordinator: Door, asta: Json, kind: Any, changes: Json, found: set[str]) -> None:
    """A child born after it started, too old for it, or not yet; a number of no day or of another; a guardian's birth date; nothing."""
    answer = coordinator.post("/v1/corrections", json=kind(asta, **changes))
    assert (answer.status_code, {slug for slug, _ in slugs(answer)}) == (422, found)


def test_a_child_that_is_too_old_is_corrected_when_its_enrolment_has_ended(coordinator: Door, asta: Json) -> None:
    """The truth is refused only while a programme counts the child that does not take children of that age."""
    truth = child(asta, birth_date="2010-12-04", cpr_number=a_number("2010-12-04"))
    assert slugs(coordinator.post("/v1/corrections", json=truth)) == [("child-too-old", "/changes/birth_date")]
    end = {"reason": "moved", "effective_date": "2026-11-02"}
    assert coordinator.post(f"/v1/enrolments/{asta['enrolment_id']}/withdrawal", json=end).status_code == 200
    assert correct(coordinator, truth) == ["birth_date", "cpr_number"]


def test_a_number_that_another_has_is_refused_loudly(registration: Context, door: Door, coordinator: Door, asta: Json) -> None:
    """Nobody is merged in silence: the answer is a conflict that names the way out, and both children stay as they were."""
    taken = a_number()
    other = enrols(registration, a_request(cpr_number=taken))
    answer = coordinator.post("/v1/corrections", json=child(asta, cpr_number=taken))
    assert (answer.status_code, slugs(answer)) == (409, [("cpr-number-taken", "/changes/cpr_number")])
    assert history(door, asta["child_id"]) == []
    merged = {"kind": "child", "merged_id": other["child_id"], "into_id": asta["child_id"]}
    assert coordinator.post("/v1/merges", json=merged).status_code == 201
    assert correct(coordinator, child(asta, cpr_number=taken)) == []


def test_a_guardians_name_reaches_his_card(registration: Context, coordinator: Door, asta: Json) -> None:
    """Mails address him by it from now on; no fact holds it, not even the answer to the one who asked."""
    answer = ask(registration, guardian(asta, reason="changed", family_name="Nygift", cpr_number=a_number("1991-03-09")))
    assert (answer["type"], answer["data"]["corrected"]) == ("registration.guardian.corrected.v1", ["family_name", "cpr_number"])
    assert answer["data"]["reachable_by"] == ["email", "digital-post"]
    assert card(registration)["name"] == "Mona Nygift"
    assert "Nygift" not in str([m["data"] for m in published(registration)])
    cards = len(told(registration, "contact"))
    assert correct(coordinator, guardian(asta, family_name="Nygift")) == []
    assert len(told(registration, "contact")) == cards


def test_a_system_corrects_its_own_people_alone(registration: Context, system: Door, asta: Json) -> None:
    """Whom another system brought is as unknown as nobody, over HTTP and on the bus; its own child is corrected, and it is told so."""
    others = enrols(registration, a_request(), source="https://other.example")
    nobody = {"child_id": new_id(), "guardian_ids": [new_id()]}
    for stranger in (others, nobody):
        answers = [system.post("/v1/corrections", json=who(stranger, given_name="Nobody")) for who in (child, guardian)]
        assert [(answer.status_code, slugs(answer)) for answer in answers] == [(404, [("unknown-person", "/person_id")])] * 2
        refused = ask(registration, child(stranger, given_name="Nobody"))
        assert [reason["slug"] for reason in refused["data"]["reasons"]] == ["unknown-person"]
    assert correct(system, child(asta, given_name="Astrid")) == ["given_name"]
    answer = ask(registration, child(asta, given_name="Astrid Test"), id="correction-17")
    assert (answer["type"], answer["data"]["request_id"]) == ("registration.request.granted.v1", "correction-17")


def test_no_system_corrects_the_child_of_another_that_its_own_was_merged_into(
    registration: Context, coordinator: Door, door: Door, system: Door, asta: Json
) -> None:
    """Under neither id, over HTTP or on the bus, neither the child nor its guardian; until the merge is undone."""
    others = enrols(registration, a_request(), source="https://other.example")
    pairs = {"child": (asta["child_id"], others["child_id"]), "guardian": (asta["guardian_ids"][0], others["guardian_ids"][0])}
    bodies = [{"kind": kind, "merged_id": merged, "into_id": into} for kind, (merged, into) in pairs.items()]
    merges = [coordinator.post("/v1/merges", json=body).get_json()["merge_id"] for body in bodies]
    for named in (asta, others):
        answers = [system.post("/v1/corrections", json=who(named, given_name="Nobody")) for who in (child, guardian)]
        assert [(answer.status_code, slugs(answer)) for answer in answers] == [(404, [("unknown-person", "/person_id")])] * 2
        refused = ask(registration, child(named, given_name="Nobody"))
        assert [reason["slug"] for reason in refused["data"]["reasons"]] == ["unknown-person"]
    for merge_id in merges:
        coordinator.post(f"/v1/merges/{merge_id}/undoing")
    assert correct(system, child(asta, given_name="Astrid")) == ["given_name"]
    assert [shown(door, one)["given_name"] for one in (asta, others)] == ["Astrid", "Asta"]


def test_a_correction_that_breaks_its_contract_is_answered(registration: Context, asta: Json) -> None:
    """With every reason, under the request's id; nothing is parked."""
    answer = ask(registration, child(asta, reason="because", given_name="", email="asta@example.org"))
    assert {reason["slug"] for reason in answer["data"]["reasons"]} >= {"unknown-value", "unknown-field"}
    assert parked(registration) == []


def test_who_is_protected_stays_so(registration: Context, door: Door, coordinator: Door, asta: Json) -> None:
    """Her new month of birth is told to nobody, and the history shows what was corrected to those alone who need names."""
    coordinator.post("/v1/protections", json={"kind": "child", "person_id": asta["child_id"], "valid_from": "2026-01-01"})
    facts = len(published(registration))
    correct(coordinator, child(asta, given_name="Astrid", birth_date="2021-12-03", cpr_number=a_number("2021-12-03")))
    since = published(registration)[facts:]
    assert [(m["data"]["birth_month"], m["data"]["institution"]) for m in since] == [(None, None)]
    assert "Astrid" not in str(since)
    [entry] = history(door, asta["child_id"], purpose="plan-workshop")
    assert {(change["before"], change["after"]) for change in entry["changes"]} == {(None, None)}
    [needed] = history(door, asta["child_id"])
    assert "Astrid" in [change["after"] for change in needed["changes"]]


def test_duplicates_are_found_anew(registration: Context, coordinator: Door, clock: FakeClock) -> None:
    """Two children of one name and birth date are candidates once the name that hid it is put right."""
    one, _other = enrols(registration, a_request()), enrols(registration, a_request())
    correct(coordinator, child(one, given_name="Bertram", family_name="Eksempelsen"))
    assert candidates(registration, coordinator) == 0
    clock.advance(timedelta(minutes=1))
    correct(coordinator, child(one, given_name="Asta", family_name="Prøvesen"))
    assert candidates(registration, coordinator) == 1


def candidates(context: Context, coordinator: Door) -> int:
    """How many children may be stored twice, once everybody has been looked at."""
    look(context)
    return len(coordinator.get("/v1/duplicates?kind=child").get_json()["items"])


def test_the_merged_id_corrects_the_kept_child(registration: Context, door: Door, coordinator: Door, asta: Json) -> None:
    """Whoever knows the child by the id that was merged corrects the one that stands for it."""
    other = enrols(registration, a_request())
    coordinator.post("/v1/merges", json={"kind": "child", "merged_id": asta["child_id"], "into_id": other["child_id"]})
    assert correct(coordinator, child(asta, given_name="Astrid")) == ["given_name"]
    assert shown(door, other)["given_name"] == "Astrid"
    assert len(history(door, asta["child_id"])) == len(history(door, other["child_id"])) == 1


def test_a_batch_takes_the_same_few_statements(registration: Context, asta: Json, statements: list[str]) -> None:
    """Forty corrections of children and guardians cost no more statements than two of each."""

    def spent(number: int) -> int:
        bodies = [event(IDENTITY, who(asta, given_name=f"Name {next(serials)}"), source=SENDER) for _ in range(number) for who in both]
        del statements[:]
        deliver_raw(registration, listen_for(registration.service, IDENTITY), bodies)
        return len(statements)

    both = (child, guardian)
    assert spent(2) >= spent(40)


STORY: list[tuple[Any, Json, int]] = [
    (child, {"given_name": "Astrid"}, 1),
    (child, {"given_name": "Asta Test", "family_name": "Eksempelsen"}, 2),
    (child, {"family_name": "Prøvesen"}, 2),
    (child, {"birth_date": "2022-05-15", "cpr_number": "750522-4"}, 3),
    (guardian, {"given_name": "Moan"}, 1),
    (guardian, {"given_name": "Mona", "family_name": "Nygift"}, 4),
    (guardian, {"family_name": "Gammelgift"}, 3),
]
orders = st.permutations(range(len(STORY))).flatmap(
    lambda order: st.lists(st.sampled_from(range(len(STORY))), max_size=4).map(lambda again: [*order, *again])
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, orders, st.integers(1, 6))
def test_any_order_and_repetition_gives_the_same_people(registration: Context, one: list[int], other: list[int], size: int) -> None:
    """Corrections in two orders, repeated and cut into batches at will, leave the same child and the same guardian behind."""
    assert outcome(registration, one, 1) == outcome(registration, other, size)


def outcome(context: Context, order: list[int], size: int) -> tuple[Any, ...]:
    """Who two people are whom the corrections are about, and who were seen for the first time."""
    universe, enrolled = next(serials), enrols(context, a_request())
    bodies = [body(place, universe, enrolled) for place in order]
    for start in range(0, len(order), size):
        deliver_raw(context, listen_for(context.service, IDENTITY), bodies[start : start + size])
    with context.work() as work:
        found = work.children.get(enrolled["child_id"])
        [mona] = work.guardians.of(enrolled["guardian_ids"]).values()
    assert found is not None
    return found.given_name, found.family_name, found.birth_date, found.cpr_number.masked, mona.name


def body(place: int, universe: int, enrolled: Json) -> bytes:
    """A correction of the story, about the people of a universe; a number there is theirs alone."""
    who, changes, hour = STORY[place]
    number = {"cpr_number": f"{changes['cpr_number']}{universe % 1000:03d}"} if "cpr_number" in changes else {}
    said = datetime(2026, 11, 1, hour, tzinfo=UTC).isoformat()
    return event(IDENTITY, who(enrolled, **changes | number), id=f"{universe}-{place}", source=SENDER, time=said)
