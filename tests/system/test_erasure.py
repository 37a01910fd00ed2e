"""A whole story over all four services; then somebody is erased, and every table is searched for him.

What stays, stays on purpose: the log of facts (`deltag.log`) keeps ids, which lead to nobody any more, until its own time is up.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest

from services.chassis.deferred import open_body
from services.chassis.erasure.stand_in import stand_in
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import deliver, deliver_raw, event, http, listen_for, run_timer
from services.reporting.service import FACTS
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_guardian, a_number, a_request
from tests.reliability.fuzz.secrets import logged
from tests.reporting.dump import dump
from tests.system.story import a_hall, coordinator, erased, opened, signed_up
from tests.system.town_hall import TownHall

MOTHER = {
    "given_name": "Forglemmine",
    "family_name": "Glemsel",
    "email": "familie-18@example.org",
    "phone": "20 00 00 88",
    "cpr_number": a_number("1991-03-09", serial=7831),
    "address": {"street": "Slettevej 17", "postal_code": "2750", "city": "Ballerup"},
}
CHILD = {"cpr_number": a_number("2022-05-14", serial=7832), "birth_date": "2022-05-14", "given_name": "Viskert", "family_name": "Glemsel"}
NUMBERS = (str(MOTHER["cpr_number"]), str(CHILD["cpr_number"]))
NAMED = (
    *("Forglemmine", "Glemsel", "Viskert", "familie-18", "20 00 00 88", "20000088", "Slettevej"),
    *(written for number in NUMBERS for written in (number, number.replace("-", ""))),
)
"""By what the family is known."""

_TABLES = sa.text("select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")


@pytest.fixture
def hall(context_of: Callable[..., Context], tmp_path: Path) -> TownHall:
    """All four services, with the sample programme."""
    return a_hall(context_of, tmp_path)


def lived(hall: TownHall, *, coming: bool = True) -> dict[str, str]:
    """A child with its mother, and a father who has another child; all that happens to them. The ids of those who go, and of who stays.

    `coming`: the mother has a seat for what is still to come, too.
    """
    registration, events = hall.services["registration"], hall.services["events"]
    father = a_guardian(given_name="Karim", email="karim@example.org", cpr_number=a_number("1988-01-02"))
    family = a_request(guardians=[a_guardian(**MOTHER), father]) | {"child": CHILD}
    for request, id_ in ((family, "placement-1"), (a_request(guardians=[father]), "placement-2")):
        deliver(registration, REQUESTED, request, source=SENDER, id=id_)
    hall.carry()
    told = next(m["data"] for m in hall.messages if m["type"] == "registration.enrolment.accepted.v1")
    consent = next(m["data"] for m in hall.messages if m["type"] == "registration.consent.given.v1")
    mother, father_id = told["guardian_ids"]
    ids = {"child": told["child_id"], "mother": mother, "enrolment": told["enrolment_id"], "consent": consent["consent_id"]}
    deliver(registration, "protection.requested.v1", {"kind": "guardian", "person_id": mother, "valid_from": "2026-11-02"}, source=SENDER)
    correction = {"guardian_id": mother, "changes": {"language": "en"}}
    deliver(registration, "family.correction-requested.v1", correction, source=SENDER)
    deliver(registration, REQUESTED, family | {"track": "B"}, source=SENDER, id="placement-1")  # a conflict, which is parked
    hall.carry()
    activity = opened(events)
    signed_up(events, activity, [(mother, "guardian"), (ids["child"], "child")], contact=mother)
    if coming:
        signed_up(events, opened(events, in_days=30), [(mother, "guardian")], contact=mother)
    hall.carry()
    hall.send_mails()
    attended(hall, activity, ids)
    seen(hall, ids)
    waits(hall, ids)
    deliver(registration, WITHDRAWAL, {"enrolment_id": ids["enrolment"], "reason": "moved", "effective_date": "2026-11-10"}, source=SENDER)
    hall.carry()
    return ids | {"father": father_id}


def attended(hall: TownHall, activity: dict[str, Any], ids: dict[str, str]) -> None:
    """Both came."""
    for context in hall.services.values():
        context.clock.now = context.clock.now.replace(day=10)  # type: ignore[attr-defined]
    marks = [{"person_id": ids[who], "state": "present"} for who in ("mother", "child")]
    door = http(hall.services["events"]).as_(Role.COORDINATOR, purpose="run-activities")
    path = f"/v1/sessions/{activity['sessions'][0]['session_id']}/attendance"
    assert door.put(path, json={"attendance": marks}, headers={"Idempotency-Key": "roll"}).status_code == 200
    hall.carry()


def seen(hall: TownHall, ids: dict[str, str]) -> None:
    """Somebody looked at them, and the mother corrected herself: that is in the audit, and her answer is kept for her key."""
    coordinator(hall).get(f"/v1/children/{ids['child']}")
    herself = http(hall.services["registration"]).as_(Role.GUARDIAN, subject=ids["mother"])
    path, key = f"/v1/guardians/{ids['mother']}", {"Idempotency-Key": "mine"}
    assert herself.patch(path, json={"language": "da"}, headers=key).status_code == 200
    hall.carry()


def waits(hall: TownHall, ids: dict[str, str]) -> None:
    """Messages of theirs that nobody could take: one of a version to come, and one before which another is missing."""
    data = {"enrolment_id": ids["enrolment"], "child_id": ids["child"]}
    for name in ("events", "reporting"):
        context = hall.services[name]
        listen = listen_for(context.service, "registration.enrolment.accepted.v1")
        early = event("registration.enrolment.changed.v1", data, subject=ids["enrolment"], sequence=90)
        strange = event("registration.enrolment.accepted.v2", data, subject=ids["enrolment"], sequence=3)
        deliver_raw(context, listen, [early, strange])


def traces(hall: TownHall, marks: tuple[str, ...]) -> list[tuple[str, str]]:
    """In which table of which service one of these stands, and which."""
    found = [(where, mark) for where, text in rows(hall) for mark in marks if mark in text]
    return sorted(set(found))


def rows(hall: TownHall) -> Iterator[tuple[str, str]]:
    """Every row of every table of every service, as text; what is encrypted for operators is opened."""
    for name, context in hall.services.items():
        with context.work() as work:
            for table in work.connection.execute(_TABLES).scalars().all():
                for row in work.connection.execute(sa.text(f"select * from {table}")):
                    yield f"{name} {table}", _text(row)
            for row in work.connection.execute(sa.text("select * from chassis.deferred")):
                yield f"{name} waiting", open_body(context, row).decode()


def _text(row: Any) -> str:
    cells = [bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]
    return " ".join(cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell) for cell in cells)


def test_nobody_finds_who_was_erased(hall: TownHall) -> None:
    """Every row of every table, what waits, logs and metrics: no number, name, address or id of the child and its mother is left."""
    with logged() as log:
        ids = lived(hall)
        theirs = tuple(ids[name] for name in ("child", "mother", "enrolment", "consent"))
        before = {where for where, _ in traces(hall, (*NAMED, *theirs))}
        receipt = erased(hall, ids["child"])
    assert {where.split()[0] for where in before} == {"registration", "events", "notifications", "reporting"}
    assert traces(hall, (*NAMED, *theirs)) == []
    assert [mark for mark in (*NAMED, *theirs) if mark in log.getvalue() or mark in generate_latest().decode()] == []
    assert [mark for mark in NAMED if mark in json.dumps(hall.messages, ensure_ascii=False)] == []
    assert (receipt["awaited"], receipt["completed_at"] is not None) == ([], True)
    assert receipt["people"] == [{"kind": "child", "count": 1}, {"kind": "guardian", "count": 1}]


def test_the_receipt_names_what_each_service_erased(hall: TownHall) -> None:
    """It says how many of each kind in each of the four services, and tells them to everybody when all have answered."""
    receipt = erased(hall, lived(hall)["child"])
    kinds = kinds_of(receipt)
    assert (kinds["registration"]["child"], kinds["registration"]["guardian"], kinds["registration"]["consent"]) == (1, 1, 1)
    assert (kinds["events"]["enrolment"], kinds["events"]["attendance"], kinds["events"]["participation"]) == (1, 2, 3)
    assert (kinds["notifications"]["contact-card"], kinds["notifications"]["mail"] > 0) == (1, True)
    assert kinds["reporting"]["figure"] > 0
    told = [message for message in hall.messages if message["type"] == "registration.erasure.completed.v1"]
    assert [(message["subject"], kinds_of(message["data"])) for message in told] == [(receipt["erasure_id"], kinds)]


def kinds_of(receipt: dict[str, Any]) -> dict[str, dict[str, int]]:
    """How many of each kind, by service."""
    return {one["service"]: {count["kind"]: count["count"] for count in one["counts"]} for one in receipt["services"]}


def test_whoever_stays_is_whole(hall: TownHall) -> None:
    """The father, who has another child, keeps his name, his card and his other child."""
    ids = lived(hall)
    erased(hall, ids["child"])
    father = coordinator(hall).get(f"/v1/guardians/{ids['father']}").get_json()
    assert (father["given_name"], father["email"], len(father["children"])) == ("Karim", "karim@example.org", 1)
    assert ("notifications public.contact_card", ids["father"]) in traces(hall, (ids["father"],))


def test_figures_stay_what_they_were(hall: TownHall) -> None:
    """Nobody can tell from a report that somebody was erased; and made anew from the log, the projections are the same."""
    ids = lived(hall, coming=False)
    reporting = hall.services["reporting"]
    report = http(reporting).as_(Role.COORDINATOR).get("/v1/report").get_json()
    counted = dump(reporting)
    erased(hall, ids["child"])
    assert http(reporting).as_(Role.COORDINATOR).get("/v1/report").get_json() | {"updated_at": None} == report | {"updated_at": None}
    for name in ("child", "mother", "enrolment", "consent"):
        counted = counted.replace(ids[name], stand_in(ids[name]))
    assert sorted(dump(reporting).splitlines()) == sorted(counted.splitlines())
    anew(hall)
    assert sorted(dump(reporting).splitlines()) == sorted(counted.splitlines())


def anew(hall: TownHall) -> None:
    """Reporting is emptied, and takes every message again that ever travelled."""
    reporting = hall.services["reporting"]
    with reporting.work() as work:
        work.forget(FACTS.queue)
    bodies = [json.dumps(message).encode() for message in hall.messages if message["exchange"] == "deltag.events"]
    deliver_raw(reporting, FACTS, bodies)
    run_timer(reporting, "erase")


def test_what_comes_again_or_late_brings_nobody_back(hall: TownHall) -> None:
    """Every message of the whole story is delivered to everybody once more, and told as news: nothing of the erased comes back."""
    ids = lived(hall)
    theirs = tuple(ids[name] for name in ("child", "mother", "enrolment", "consent"))
    erased(hall, ids["child"])
    for message in list(hall.messages):
        hall.hand_over(message)
        hall.hand_over(message | {"id": f"{message['id']}-again", "sequence": f"{int(message['sequence']) + 900:010d}", "snapshot": True})
    hall.erase()
    assert traces(hall, (*NAMED, *theirs)) == []
    cards = [text for where, text in rows(hall) if where == "notifications public.contact_card"]
    assert not any(stand_in(ids["mother"]) in card for card in cards)


def test_a_seat_that_is_to_come_is_given_back(hall: TownHall) -> None:
    """Who is erased is signed up to nothing any more: his seat goes to the line."""
    ids = lived(hall)
    erased(hall, ids["child"])
    with hall.services["events"].work() as work:
        statuses = work.connection.execute(sa.text("select status, reason from signup order by signup_id")).all()
    assert [tuple(row) for row in statuses][-1] == ("cancelled", "person-erased")


def test_who_was_stored_twice_is_forgotten_whole(hall: TownHall) -> None:
    """Of two records that were merged both go, in every service, and so does that they were one; late news of it brings back neither."""
    registration = hall.services["registration"]
    for name in ("Forglemmine", "Forglemmina"):
        mother = MOTHER | {"given_name": name, "cpr_number": a_number("1991-03-09")}
        child = {"child": CHILD | {"cpr_number": a_number()}}
        deliver(registration, REQUESTED, a_request(guardians=[a_guardian(**mother)]) | child, source=SENDER)
    hall.carry()
    one, other = (m["data"] for m in hall.messages if m["type"] == "registration.enrolment.accepted.v1")
    body = {"kind": "child", "merged_id": other["child_id"], "into_id": one["child_id"], "take": ["given_name"]}
    assert coordinator(hall).post("/v1/merges", json=body).status_code == 201
    for told in (one, other):
        ended = {"enrolment_id": told["enrolment_id"], "reason": "moved", "effective_date": "2026-11-02"}
        deliver(registration, WITHDRAWAL, ended, source=SENDER)
    hall.carry()
    theirs = tuple(id_ for told in (one, other) for id_ in (told["child_id"], told["enrolment_id"], *told["guardian_ids"]))
    assert {where for where, mark in traces(hall, theirs) if mark == other["child_id"]} >= {
        "events chassis.alias",
        "reporting chassis.alias",
    }
    assert erased(hall, one["child_id"])["awaited"] == []
    for message in list(hall.messages):
        hall.hand_over(message)
    hall.erase()
    assert traces(hall, (*NAMED, *theirs)) == []
