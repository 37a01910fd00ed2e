"""Families through both doors: dated guardianships, households, corrections, and that nothing of one guardian reaches another."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.keys import open_sealed
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, parked, published
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_guardian, a_number, a_request
from tests.settings import NOTIFICATIONS_PRIVATE_KEY

CORRECTION = "family.correction-requested.v1"
GUARDIANSHIP = "family.guardianship-requested.v1"
KARIM = {"given_name": "Karim", "email": "karim@example.org", "phone": "20000028"}
HOME = {"street": "Prøvevej 12", "postal_code": "2750", "city": "Ballerup"}
ELSEWHERE = {"street": "Eksempelstien 3", "postal_code": "2740", "city": "Skovlunde"}

serials = count()


@pytest.fixture
def family(registration: Context) -> dict[str, Any]:
    """Asta lives with Mona and with Karim, at two addresses; what an enrolment tells of them."""
    guardians = [a_guardian(address=HOME, relation="mother"), a_guardian(**KARIM, address=ELSEWHERE, relation="father")]
    deliver(registration, REQUESTED, a_request(guardians=guardians), source=SENDER)
    return facts(registration, "enrolment")[-1]


def facts(context: Context, aggregate: str) -> list[dict[str, Any]]:
    """The data of the facts about one kind of aggregate."""
    return [m["data"] for m in published(context) if m["type"].startswith(f"registration.{aggregate}.") and m["exchange"]]


def terms(*, valid_from: str = "2026-11-02", **flags: Any) -> dict[str, Any]:
    """What is to hold between Karim and Asta; today, all is well."""
    return {"valid_from": valid_from, "relation": "father", "custody": True, "contact_allowed": True, "residence": True} | flags


def ask(context: Context, type_: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """Another system's request on the bus; the whole message that answers it."""
    deliver(context, type_, data, source=SENDER, reply_to="answers", **attributes)
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def as_guardian(door: Door, guardian_id: str) -> Door:
    """The door, with a guardian who asks about his own family."""
    return door.as_(Role.GUARDIAN, subject=guardian_id, purpose="own-family")


def staff(door: Door) -> Door:
    """The door, with a coordinator who has a purpose."""
    return door.as_(Role.COORDINATOR, purpose="handle-enrolment")


def test_an_enrolment_tells_of_its_family(registration: Context, family: dict[str, Any]) -> None:
    """Who is whose guardian is a fact of its own: ids and flags, and neither relation nor address."""
    [told] = facts(registration, "family")
    since_ever = {"valid_from": None, "valid_until": None, "custody": True, "contact_allowed": True, "residence": True}
    assert told["child_id"] == family["child_id"]
    assert {g["guardian_id"] for g in told["guardians"]} == set(family["guardian_ids"])
    assert [g["periods"] for g in told["guardians"]] == [[since_ever], [since_ever]]


def test_a_later_enrolment_takes_nothing_back(registration: Context) -> None:
    """Who may not be told of a child may not after a request that does not mention it; what it does tell is news."""
    child, number = a_number(), a_number("1991-03-09")
    for more in ({"contact_allowed": False, "relation": "father"}, {"residence": False}, {}):
        guardian = a_guardian(cpr_number=number, **more)
        deliver(registration, REQUESTED, a_request(cpr_number=child, guardians=[guardian]), source=SENDER)
        withdraw(registration)
    [spell] = facts(registration, "family")[-1]["guardians"][0]["periods"]
    assert (spell["contact_allowed"], spell["residence"], spell["custody"]) == (False, False, True)
    assert len(facts(registration, "family")) == 2


def withdraw(context: Context) -> None:
    """The enrolment of which the last fact tells ends."""
    ids = {"enrolment_id": facts(context, "enrolment")[-1]["enrolment_id"]}
    deliver(context, WITHDRAWAL, ids | {"reason": "moved", "effective_date": "2024-06-01"}, source=SENDER)


def test_custody_changes_by_date(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """What is to hold from a day on is told at once, is not so yet, and is so on the day, without anybody doing anything."""
    child, karim = family["child_id"], family["guardian_ids"][1]
    answer = ask(registration, GUARDIANSHIP, {"child_id": child, "guardian_id": karim} | terms(valid_from="2026-11-05", custody=False))
    periods = next(g["periods"] for g in answer["data"]["guardians"] if g["guardian_id"] == karim)
    assert [(p["valid_from"], p["valid_until"], p["custody"]) for p in periods] == [(None, "2026-11-05", True), ("2026-11-05", None, False)]

    def custody() -> Any:
        shown = staff(door).get(f"/v1/children/{child}").get_json()["guardians"]
        return next(g["custody"] for g in shown if g["guardian_id"] == karim)

    assert custody() is True
    wait_until(registration, 5)
    assert custody() is False


def wait_until(context: Context, day: int) -> None:
    """Time passes until noon of a day of November."""
    assert isinstance(context.clock, FakeClock)
    context.clock.advance(datetime(2026, 11, day, 12, tzinfo=UTC) - context.clock.now)


def test_who_may_not_be_told_sees_nothing(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """From the day on which a guardian has no contact permission, the child does not exist for him, in no list and by no id."""
    child, karim = family["child_id"], family["guardian_ids"][1]
    guardian = as_guardian(door, karim)
    paths = [f"/v1/children/{child}", f"/v1/children/{child}/households", f"/v1/enrolments/{family['enrolment_id']}"]
    assert [guardian.get(path).status_code for path in paths] == [200, 200, 200]
    ask(registration, GUARDIANSHIP, {"child_id": child, "guardian_id": karim} | terms(contact_allowed=False))
    assert [guardian.get(path).status_code for path in paths] == [404, 404, 404]
    assert guardian.get("/v1/enrolments").get_json()["items"] == []
    assert guardian.get(f"/v1/guardians/{karim}").status_code == 200


def test_nothing_of_one_guardian_is_shown_to_the_other(door: Door, family: dict[str, Any]) -> None:
    """Not even the other's id, at any door that a guardian has; unless the other shares his contacts."""
    mona, karim = family["guardian_ids"]
    guardian = as_guardian(door, karim)
    paths = ("children/{child_id}", "children/{child_id}/households", "enrolments/{enrolment_id}", "enrolments", f"guardians/{karim}")
    answers = [guardian.get("/v1/" + path.format(**family)) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    seen = "".join(answer.get_data(as_text=True) for answer in answers)
    assert [secret for secret in (mona, "Mona", "mona@", "Prøvevej") if secret in seen] == []
    assert guardian.get(f"/v1/guardians/{mona}").status_code == 404
    assert as_guardian(door, mona).patch(f"/v1/guardians/{mona}", json={"shares_contacts": True}).status_code == 200
    shown = guardian.get(f"/v1/children/{family['child_id']}").get_json()["guardians"]
    assert {g["given_name"]: g["email"] for g in shown} == {"Mona": "mona@example.org", "Karim": "karim@example.org"}


def test_a_child_has_two_households(door: Door, family: dict[str, Any]) -> None:
    """Asta lives at two addresses; each guardian sees the one that is his."""
    mona, karim = family["guardian_ids"]
    path = f"/v1/children/{family['child_id']}/households"
    everyone = staff(door).get(path).get_json()["items"]
    assert sorted(household["guardian_ids"] for household in everyone) == sorted([[mona], [karim]])
    assert [household["guardian_ids"] for household in as_guardian(door, karim).get(path).get_json()["items"]] == [[karim]]


def test_a_guardian_corrects_himself(registration: Context, door: Door, family: dict[str, Any]) -> None:
    """The fact says what he can be reached by, the sealed card how; neither holds anything of the other guardian."""
    karim = family["guardian_ids"][1]
    changes = {"email": "karim@example.com", "phone": None, "language": "so", "channels": ["sms", "email"]}
    answer = as_guardian(door, karim).patch(f"/v1/guardians/{karim}", json=changes)
    assert answer.get_json() == {"guardian_id": karim, "reachable_by": ["email", "letter"]}
    assert facts(registration, "guardian")[-1]["corrected"] == ["email", "phone", "language", "channels"]
    assert card(registration) == {
        "name": "Karim Prøvesen",
        "email": "karim@example.com",
        "phone": None,
        "language": "so",
        "channels": ["sms", "email"],
    }


def card(context: Context) -> dict[str, Any]:
    """What the last contact card says, opened as notifications does."""
    last = [m for m in published(context) if m["type"] == "registration.contact.sealed.v1"][-1]
    opened: dict[str, Any] = json.loads(open_sealed(NOTIFICATIONS_PRIVATE_KEY, last["data"]["sealed"], last["subject"].encode()))
    return opened


def test_a_guardian_reads_himself(door: Door, family: dict[str, Any]) -> None:
    """All that is known of how he is reached, and what holds between him and his children."""
    karim = family["guardian_ids"][1]
    found = as_guardian(door, karim).get(f"/v1/guardians/{karim}").get_json()
    assert (found["given_name"], found["address"], found["channels"]) == ("Karim", ELSEWHERE, [])
    assert found["children"] == [
        {"child_id": family["child_id"], "relation": "father", "custody": True, "contact_allowed": True, "residence": True}
    ]


def test_nobody_corrects_another(door: Door, family: dict[str, Any]) -> None:
    """Neither the other guardian nor another house's leader finds him, and a guardian decides about no custody."""
    mona, karim = family["guardian_ids"]
    for stranger in (as_guardian(door, mona), door.as_(Role.LEADER, institutions={"sesam"})):
        assert stranger.patch(f"/v1/guardians/{karim}", json={"language": "en"}).status_code == 404
    own = door.as_(Role.LEADER, institutions={"birkegaarden"})
    assert own.patch(f"/v1/guardians/{karim}", json={"language": "en"}).status_code == 200
    path = f"/v1/children/{family['child_id']}/guardians/{karim}"
    assert as_guardian(door, karim).put(path, json=terms()).status_code == 403
    assert door.as_(Role.LEADER, institutions={"sesam"}).put(path, json=terms()).status_code == 404
    assert own.put(path, json=terms(residence=False)).get_json()["periods"][-1]["residence"] is False


@pytest.mark.parametrize(
    ("type_", "changes", "slugs"),
    [
        (GUARDIANSHIP, {"relation": "wizard", "child_id": new_id()}, {"unknown-child", "unknown-relation"}),
        (GUARDIANSHIP, {"guardian_id": new_id()}, {"unknown-guardian"}),
        (GUARDIANSHIP, {"custody": "yes"}, {"wrong-type"}),
        (CORRECTION, {"guardian_id": new_id(), "changes": {"channels": ["owl"]}}, {"unknown-guardian", "unknown-channel"}),
        (CORRECTION, {"changes": {"email": "nobody"}}, {"wrong-format"}),
    ],
)
def test_a_refused_request_changes_nothing(
    registration: Context, family: dict[str, Any], type_: str, changes: dict[str, Any], slugs: set[str]
) -> None:
    """Everything that speaks against it comes back to the sender, under the request's id; nothing is parked and nothing changed."""
    before = state(registration)
    karim = {"guardian_id": family["guardian_ids"][1]}
    good = karim | ({"child_id": family["child_id"]} | terms() if type_ == GUARDIANSHIP else {"changes": {"language": "en"}})
    answer = ask(registration, type_, good | changes, id="change-17")
    assert (answer["type"], answer["data"]["request_id"], answer["data"]["request"]) == (
        "registration.request.rejected.v1",
        "change-17",
        type_,
    )
    assert {reason["slug"] for reason in answer["data"]["reasons"]} == slugs
    assert (state(registration), parked(registration)) == (before, [])


def state(context: Context) -> list[tuple[Any, ...]]:
    """Everything that is known of guardians and of what holds between them and children."""
    query = sa.text(
        "select g.given_name, g.email, g.phone, g.language, g.channels, s.valid::text, s.relation, s.custody, s.contact_allowed,"
        " s.residence from guardian g left join guardianship s using (guardian_id) order by g.guardian_id, s.child_id, s.valid"
    )
    with context.work() as work:
        return [tuple(row) for row in work.connection.execute(query)]


@pytest.mark.usefixtures("family")
def test_the_database_lets_no_two_spells_overlap(registration: Context) -> None:
    """Even past every rule, a guardian and a child have one answer for each day."""
    columns = "child_id, guardian_id, valid, relation, custody, contact_allowed, residence"
    copy = sa.text(
        f"insert into guardianship ({columns}) select child_id, guardian_id, daterange('2024-01-01', '2024-02-01'), relation, custody,"
        " contact_allowed, residence from guardianship limit 1"
    )
    with pytest.raises(sa.exc.IntegrityError, match="guardianship_without_overlap"), registration.work() as work:
        work.connection.execute(copy)


def test_a_batch_takes_the_same_few_statements(registration: Context, family: dict[str, Any], statements: list[str]) -> None:
    """Forty changes and forty corrections cost no more statements than two of each."""

    def spent(number: int) -> int:
        del statements[:]
        child, karim = family["child_id"], family["guardian_ids"][1]
        days = [date(2027, 1, 1) + timedelta(days=next(serials)) for _ in range(number)]
        changes = [{"child_id": child, "guardian_id": karim} | terms(valid_from=day.isoformat()) for day in days]
        corrections = [{"guardian_id": karim, "changes": {"email": f"karim.{next(serials)}@example.org"}} for _ in range(number)]
        bodies = [event(GUARDIANSHIP, data, source=SENDER) for data in changes] + [event(CORRECTION, d, source=SENDER) for d in corrections]
        deliver_raw(registration, listen_for(registration.service, CORRECTION), bodies)
        return len(statements)

    assert spent(2) >= spent(40)


orders = st.permutations(range(8)).flatmap(
    lambda order: st.lists(st.sampled_from(range(8)), max_size=4).map(lambda again: [*order, *again])
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, orders, st.integers(1, 6))
def test_any_order_and_repetition_gives_the_same_family(registration: Context, one: list[int], other: list[int], size: int) -> None:
    """Corrections and changes of custody in two orders, repeated and cut into batches at will, leave the same family behind."""
    assert outcome(registration, one, 1) == outcome(registration, other, size)


def outcome(context: Context, order: list[int], size: int) -> list[tuple[Any, ...]]:
    """What eight requests, said one after another, lead to for a family that is seen for the first time."""
    number = a_number("1991-03-09")
    deliver(context, REQUESTED, a_request(guardians=[a_guardian(cpr_number=number)]), source=SENDER)
    told = facts(context, "enrolment")[-1]
    universe, ids = next(serials), {"child_id": told["child_id"], "guardian_id": told["guardian_ids"][0]}
    said: Callable[[int], str] = lambda n: datetime(2026, 11, 1, n, tzinfo=UTC).isoformat()  # noqa: E731 - one line says it
    days = ["2026-01-01", "2026-02-01", "2026-01-01", "2026-01-15"]
    changes = [ids | terms(valid_from=day, custody=n % 2 == 0, residence=n < 2) for n, day in enumerate(days)]
    corrections = [
        {"guardian_id": ids["guardian_id"], "changes": change}
        for change in ({"email": "a@example.org"}, {"email": None, "language": "so"}, {"language": "en"}, {"phone": "20000017"})
    ]
    typed = [(GUARDIANSHIP, data) for data in changes] + [(CORRECTION, data) for data in corrections]
    bodies = [event(t, data, id=f"{universe}-{n}", source=SENDER, time=said(n)) for n, (t, data) in enumerate(typed)]
    for start in range(0, len(order), size):
        deliver_raw(context, listen_for(context.service, CORRECTION), [bodies[n] for n in order[start : start + size]])
    with context.work() as work:
        [guardian] = work.guardians.of([ids["guardian_id"]]).values()
        [guardianship] = work.families.of_guardians([ids["guardian_id"]])
    return [(guardian.email, guardian.phone, guardian.language), *((s.valid_from, s.valid_until, s.terms) for s in guardianship.spells)]
