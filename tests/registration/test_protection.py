"""Name and address protection: an alias for others, no place in any fact, and what is not known counts as protected."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import PERSONAL, Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, published, run_timer
from services.registration.domain.protection import a_year_after, alias_code
from services.registration.texts import alias
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_families import card

PROTECTION = "protection.requested.v1"
GUARDIANSHIP = "family.guardianship-requested.v1"
NOWHERE = {"institution_id": None, "institution": None, "district": None, "birth_month": None}
HOME = {"street": "Skjulvej 13", "postal_code": "2750", "city": "Ballerup"}

universes = count()


@pytest.fixture
def family(registration: Context) -> dict[str, Any]:
    """Asta with Mona and Karim; what an enrolment tells of them."""
    guardians = [a_guardian(address=HOME, phone="20000017"), a_guardian(given_name="Karim", email="karim@example.org")]
    deliver(registration, REQUESTED, a_request(guardians=guardians), source=SENDER)
    return enrolment(registration)


def enrolment(context: Context) -> dict[str, Any]:
    """What the last fact about an enrolment says."""
    data: dict[str, Any] = [m["data"] for m in published(context) if m["type"].startswith("registration.enrolment.")][-1]
    return data


def protect(context: Context, kind: str, person_id: str, **dates: Any) -> dict[str, Any]:
    """Another system asks for protection, from today on if not said otherwise; the message that answers it."""
    data = {"kind": kind, "person_id": person_id, "valid_from": "2026-11-02"} | dates
    deliver(context, PROTECTION, data, source=SENDER, reply_to="answers")
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def place(data: dict[str, Any]) -> dict[str, Any]:
    """What a fact tells of where the child is."""
    return {name: data[name] for name in NOWHERE}


def staff(door: Door, purpose: str = "plan-workshop", role: Role = Role.COORDINATOR) -> Door:
    """The door, with somebody of the municipality."""
    return door.as_(role, purpose=purpose)


@pytest.mark.parametrize("who", ["child", "guardian"])
def test_a_protected_child_is_told_without_its_place(registration: Context, family: dict[str, Any], who: str) -> None:
    """Its enrolment is told again at once, with neither house, district nor month of birth; a guardian's protection hides it too."""
    before = place(family)
    answer = protect(registration, who, family["child_id"] if who == "child" else family["guardian_ids"][0])
    after = enrolment(registration)
    assert answer["type"] == "registration.request.granted.v1"
    assert None not in before.values()
    assert (place(after), after["enrolment_id"], after["status"]) == (NOWHERE, family["enrolment_id"], "accepted")


@pytest.mark.parametrize("who", ["child", "guardian"])
def test_protection_hides_its_own_family_alone(registration: Context, door: Door, family: dict[str, Any], who: str) -> None:
    """The family beside the protected one is shown by name and told with its place: known before, enrolled after, or a step on."""
    others = [a_guardian(given_name="Yrsa", email="yrsa@example.org")]
    deliver(registration, REQUESTED, a_request(guardians=others), source=SENDER)
    before = enrolment(registration)
    protect(registration, who, family["child_id"] if who == "child" else family["guardian_ids"][0])
    assert enrolment(registration)["child_id"] == family["child_id"]
    step = {"step": "start", "effective_date": "2024-03-01"}
    answer = staff(door).post(f"/v1/enrolments/{before['enrolment_id']}/steps", json=step).get_json()
    deliver(registration, REQUESTED, a_request(guardians=others, birth_date="2021-06-17"), source=SENDER)
    after = enrolment(registration)
    assert place(answer) == place(before)
    assert place(after) == place(before) | {"birth_month": "2021-06"}
    for told in (before, after):
        child = staff(door).get(f"/v1/children/{told['child_id']}").get_json()
        assert (child["given_name"], [one["given_name"] for one in child["guardians"]]) == ("Asta", ["Yrsa"])


def test_what_was_hidden_without_need_is_told_again(registration: Context, family: dict[str, Any]) -> None:
    """An enrolment that was told without its place, and of whose family nobody is protected, is told with it by the clock."""
    with registration.work() as work:
        work.connection.execute(sa.text("update enrolment set hidden = true"))
    run_timer(registration, "protections")
    assert (place(enrolment(registration)), enrolment(registration)["enrolment_id"]) == (place(family), family["enrolment_id"])


def test_nobody_is_told_who_is_protected(registration: Context, family: dict[str, Any]) -> None:
    """The answer names nobody, and the facts that are told again name no request."""
    before = len(published(registration))
    answer = protect(registration, "child", family["child_id"])
    told = [m for m in published(registration)[before:] if m["id"] != answer["id"]]
    assert family["child_id"] not in str(answer["data"]) + str(answer["subject"])
    assert [m for m in told if "causationid" in m or "rotect" in str(m)] == []


def test_a_later_step_tells_no_place_either(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """Whatever happens to a protected child's enrolment, at whatever door, is told without its place."""
    protect(registration, "child", family["child_id"])
    coordinator = staff(door)
    step = {"step": "move", "effective_date": "2024-05-01", "institution": "sesam"}
    answer = coordinator.post(f"/v1/enrolments/{family['enrolment_id']}/steps", json=step).get_json()
    assert place(answer) == place(enrolment(registration)) == NOWHERE
    lists = ["/v1/enrolments", f"/v1/enrolments/{family['enrolment_id']}", f"/v1/enrolments/{family['enrolment_id']}/history"]
    shown = "".join(coordinator.get(path).get_data(as_text=True) for path in (*lists, f"/v1/children/{family['child_id']}/journey"))
    assert [secret for secret in ("sesam", "birkegaarden", "hedegaarden", "2022-05") if secret in shown] == []
    for narrowed in ("institution=sesam", "district=hedegaarden"):
        assert coordinator.get(f"/v1/enrolments?{narrowed}").get_json()["items"] == []


def test_a_new_enrolment_of_a_protected_guardians_child_is_hidden(registration: Context) -> None:
    """A brother or sister who is enrolled later is told without a place from the first fact on."""
    mona = a_guardian(cpr_number=a_number("1991-03-09"))
    deliver(registration, REQUESTED, a_request(guardians=[mona]), source=SENDER)
    protect(registration, "guardian", enrolment(registration)["guardian_ids"][0])
    deliver(registration, REQUESTED, a_request(guardians=[mona], birth_date="2020-02-03"), source=SENDER)
    sibling = [m for m in published(registration) if m["subject"] == enrolment(registration)["enrolment_id"]]
    assert [place(m["data"]) for m in sibling] == [NOWHERE]


def test_others_read_an_alias(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """Without a purpose that needs the name: no name, number, birthday, contacts or address; with it the name, and for few the address."""
    mona = family["guardian_ids"][0]
    protect(registration, "guardian", mona)
    path = f"/v1/children/{family['child_id']}"
    child = staff(door).get(path).get_json()
    seen = next(g for g in child["guardians"] if g["guardian_id"] == mona)
    assert (child["given_name"], child["family_name"], child["cpr_number"], child["birth_date"]) == (
        alias(child["child_id"]),
        "",
        None,
        None,
    )
    assert (seen["given_name"], seen["family_name"]) == (alias(mona), "")
    assert (seen["email"], seen["phone"], seen["address"]) == (None, None, None)
    needed = [
        staff(door, "handle-enrolment", role).get(f"/v1/guardians/{mona}").get_json() for role in (Role.HEALTH_VISITOR, Role.COORDINATOR)
    ]
    assert [(g["given_name"], g["phone"], g["address"]) for g in needed] == [("Mona", "+4520000017", None), ("Mona", "+4520000017", HOME)]


def test_a_family_reads_itself(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """A protected guardian sees himself whole; the other sees the child by name, and nothing of him, whatever he shares."""
    mona, karim = family["guardian_ids"]
    own = door.as_(Role.GUARDIAN, subject=mona, purpose="own-family")
    own.patch(f"/v1/guardians/{mona}", json={"shares_contacts": True})
    protect(registration, "guardian", mona)
    assert own.get(f"/v1/guardians/{mona}").get_json()["address"] == HOME
    other = door.as_(Role.GUARDIAN, subject=karim, purpose="own-family").get(f"/v1/children/{family['child_id']}").get_json()
    assert (other["given_name"], [g["guardian_id"] for g in other["guardians"]]) == ("Asta", [karim])


def test_a_card_carries_the_alias(registration: Context, family: dict[str, Any]) -> None:
    """Mails address a protected guardian by his alias; when he is protected no more, by his name again."""
    mona = family["guardian_ids"][0]
    protect(registration, "guardian", mona)
    assert card(registration)["name"] == alias(mona)
    assert isinstance(registration.clock, FakeClock)
    registration.clock.advance(timedelta(minutes=1))
    protect(registration, "guardian", mona, valid_until="2026-11-02")
    assert card(registration)["name"] == "Mona Prøvesen"
    assert place(enrolment(registration)) == place(family)


def test_a_protected_professional_works_in_no_known_house(registration: Context, coordinator: Door) -> None:
    """The fact keeps its contract, and names a place that is none."""
    body = {"programme": "sammen-om-boern", "profession": "pedagogue", "institution": "sesam", "email": "karen@example.org"}
    registered = coordinator.post("/v1/professionals", json=body | {"given_name": "Karen", "family_name": "Prøvesen"}).get_json()
    body = {"kind": "professional", "person_id": registered["professional_id"], "valid_from": "2026-11-02"}
    assert coordinator.post("/v1/protections", json=body).status_code == 200
    fact = [m for m in published(registration) if m["type"].startswith("registration.professional.")][-1]
    assert (fact["data"]["institution"], fact["data"]["district"]) == ("unknown", "unknown")
    assert registered["institution_id"] not in str(fact)
    assert card(registration)["name"] == alias(registered["professional_id"])


def test_protection_begins_and_lapses_by_itself(registration: Context, family: dict[str, Any]) -> None:
    """From its first day on, and until a year later, without anybody doing anything."""
    assert isinstance(registration.clock, FakeClock)
    protect(registration, "child", family["child_id"], valid_from="2026-11-10")
    assert place(enrolment(registration)) == place(family)
    registration.clock.advance(timedelta(days=8))
    run_timer(registration, "protections")
    assert place(enrolment(registration)) == NOWHERE
    registration.clock.advance(timedelta(days=364))
    run_timer(registration, "protections")
    assert place(enrolment(registration)) == NOWHERE
    registration.clock.advance(timedelta(days=1))
    run_timer(registration, "protections")
    run_timer(registration, "protections")
    told = [m for m in published(registration) if m["type"].startswith("registration.enrolment.")]
    assert [place(m["data"]) == NOWHERE for m in told] == [False, True, False]


def test_custody_carries_protection(registration: Context, family: dict[str, Any]) -> None:
    """A protected guardian who neither has custody nor lives with the child hides it not; when he gets custody, he does."""
    karim = family["guardian_ids"][1]
    terms = {"child_id": family["child_id"], "guardian_id": karim, "relation": "father", "contact_allowed": True, "residence": False}
    apart = terms | {"valid_from": "2026-11-01", "custody": False}
    deliver(registration, GUARDIANSHIP, apart, source=SENDER, time="2026-11-01T08:00:00Z")
    protect(registration, "guardian", karim)
    assert place(enrolment(registration)) == place(family)
    deliver(registration, GUARDIANSHIP, terms | {"valid_from": "2026-11-02", "custody": True}, source=SENDER)
    assert place(enrolment(registration)) == NOWHERE


def test_what_cannot_be_read_protects(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """A protection of which nobody knows the dates holds, until somebody says what is so."""
    with registration.work() as work:
        row = "insert into protection (person_id, kind, valid, said_at) values (cast(:id as uuid), 'child', null, now())"
        work.connection.execute(sa.text(row), {"id": family["child_id"]})
    run_timer(registration, "protections")
    assert place(enrolment(registration)) == NOWHERE
    assert staff(door).get(f"/v1/children/{family['child_id']}").get_json()["given_name"] == alias(family["child_id"])


def test_over_http_the_same(coordinator: Door, registration: Context, family: dict[str, Any]) -> None:
    """A coordinator protects, for a year if not said otherwise; whom nobody knows is not found."""
    body = {"kind": "child", "person_id": family["child_id"], "valid_from": "2026-11-02"}
    assert coordinator.post("/v1/protections", json=body).get_json() == body | {"valid_until": "2027-11-02"}
    assert place(enrolment(registration)) == NOWHERE
    assert coordinator.post("/v1/protections", json=body | {"person_id": new_id()}).status_code == 404
    wrong = coordinator.post("/v1/protections", json=body | {"valid_until": "2026-11-01"})
    assert [error["slug"] for error in wrong.get_json()["errors"]] == ["protection-ends-first"]


def test_a_year_that_is_over_begins_today(coordinator: Door, registration: Context, family: dict[str, Any]) -> None:
    """Whoever says since when, over a year ago, and not until when is heard at both doors: it holds for a year from the day he says it."""
    body = {"kind": "child", "person_id": family["child_id"], "valid_from": "2025-06-01"}
    protect(registration, "guardian", family["guardian_ids"][0], valid_from="2025-11-02")
    assert place(enrolment(registration)) == NOWHERE
    assert coordinator.post("/v1/protections", json=body).get_json() == body | {"valid_until": "2027-11-02"}
    assert {one["given_name"] for one in staff(coordinator).get(f"/v1/children/{family['child_id']}").get_json()["guardians"]} >= {
        alias(family["guardian_ids"][0])
    }
    assert coordinator.post("/v1/protections", json=body | {"valid_until": "2026-06-01"}).get_json()["valid_until"] == "2026-06-01"


def test_a_refused_request_protects_nobody(registration: Context, family: dict[str, Any]) -> None:
    """A child's id is no guardian's: the answer says so, and nothing is told again."""
    before = len(published(registration))
    answer = protect(registration, "guardian", family["child_id"])
    assert (answer["type"], [r["slug"] for r in answer["data"]["reasons"]]) == ("registration.request.rejected.v1", ["unknown-person"])
    assert len(published(registration)) == before + 2


orders = st.permutations(range(4)).flatmap(lambda order: st.lists(st.sampled_from(order), max_size=3).map(lambda again: [*order, *again]))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, st.integers(1, 4))
def test_any_order_and_repetition_protects_alike(registration: Context, order: list[int], size: int) -> None:
    """Of protection, lifting and protection again the last word counts, in whatever order, how often and in what batches they come."""
    deliver(registration, REQUESTED, a_request(), source=SENDER)
    child, universe = enrolment(registration)["child_id"], next(universes)
    said = [("2026-10-01", None), ("2026-10-05", "2026-10-05"), ("2026-10-07", "2026-12-24"), ("2026-10-02", "2026-10-02")]
    bodies = [
        event(
            PROTECTION,
            {"kind": "child", "person_id": child, "valid_from": start} | ({"valid_until": end} if end else {}),
            id=f"{universe}-{n}",
            source=SENDER,
            time=datetime(2026, 10, int(start[-2:]), 12, tzinfo=UTC).isoformat(),
        )
        for n, (start, end) in enumerate(said)
    ]
    for begin in range(0, len(order), size):
        deliver_raw(registration, listen_for(registration.service, PROTECTION), [bodies[n] for n in order[begin : begin + size]])
    with registration.work() as work:
        query = sa.text("select lower(valid)::text, upper(valid)::text from protection where person_id = cast(:id as uuid)")
        assert [tuple(row) for row in work.connection.execute(query, {"id": child})] == [("2026-10-07", "2026-12-24")]
    assert place(enrolment(registration)) == NOWHERE


def test_no_message_of_a_protected_family_names_it(registration: Context, family: dict[str, Any]) -> None:
    """From the protection on, no message holds a name or an address, and none holds the child's id and its house together."""
    before = len(published(registration))
    protect(registration, "guardian", family["guardian_ids"][0])
    deliver(registration, REQUESTED, a_request(guardians=[a_guardian(cpr_number=a_number("1990-01-02"))]), source=SENDER)
    told = [str(m["data"]) for m in published(registration)[before:] if m["exchange"] != PERSONAL]
    assert [text for text in told if any(secret in text for secret in ("Mona", "Prøvesen", "Skjulvej", "20000017"))] == []
    assert [text for text in told if family["child_id"] in text and ("birkegaarden" in text or "hedegaarden" in text)] == []


def test_a_year_and_an_alias() -> None:
    """A year ends on the same day, or on 1 March; an alias is always the same, and another one for somebody else."""
    assert [a_year_after(day) for day in (date(2024, 5, 1), date(2024, 2, 29))] == [date(2025, 5, 1), date(2025, 3, 1)]
    ids = [new_id() for _ in range(50)]
    assert [alias_code(one) for one in ids] == [alias_code(one) for one in ids]
    assert len({alias_code(one) for one in ids}) == 50
