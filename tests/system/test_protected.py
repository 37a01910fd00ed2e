"""A whole run with a family that must not be found: every output of every service is searched for it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.service import Context, Service
from services.chassis.testing import deliver, http
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.domain.protection import alias_code
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.events.builders import NEXT_WEEK
from tests.outside import with_programme
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.reliability.fuzz.secrets import logged
from tests.system.town_hall import TownHall

MOTHER = {
    "given_name": "Hemmelinde",
    "family_name": "Skjulstrup",
    "email": "familie-17@example.org",
    "phone": "20 00 00 99",
    "cpr_number": a_number("1991-03-09", serial=7731),
    "address": {"street": "Krybeskyttevej 13", "postal_code": "2750", "city": "Ballerup"},
}
CHILD = {
    "cpr_number": a_number("2022-05-14", serial=7732),
    "birth_date": "2022-05-14",
    "given_name": "Lygterik",
    "family_name": "Skjulstrup",
}
NUMBERS = (str(MOTHER["cpr_number"]), CHILD["cpr_number"])
SECRETS = (
    *("Hemmelinde", "Skjulstrup", "Lygterik", "Krybeskytte", "20000099", "20 00 00 99", "2022-05-14"),
    *(written for number in NUMBERS for written in (number, number.replace("-", ""), f"{number[:6]}-xxxx")),
)
"""What nobody may read who does not need it; CPR numbers however they are written, also masked."""
HOUSE = ("birkegaarden", "Birkegården", "hedegaarden")


@pytest.fixture
def hall(context_of: Callable[..., Context], tmp_path: Path) -> TownHall:
    """All four services, with the sample programme and a workshop that is open."""
    services: dict[str, Service] = {s.name: s for s in (REGISTRATION, EVENTS, NOTIFICATIONS, REPORTING)}
    hall = TownHall({name: context_of(service) for name, service in services.items()}, tmp_path / "mail")
    with_programme(hall.services["registration"])
    hall.carry()
    return hall


def protected(hall: TownHall) -> dict[str, str]:
    """The family is enrolled, protected and signed up, moves on, corrects itself, and is told; the ids of all that came of it."""
    registration, events = hall.services["registration"], hall.services["events"]
    request = a_request(guardians=[a_guardian(**MOTHER), a_guardian(given_name="Karim", email="karim@example.org")]) | {"child": CHILD}
    deliver(registration, REQUESTED, request, source=SENDER)
    hall.carry()
    told = next(m["data"] for m in hall.messages if m["type"] == "registration.enrolment.accepted.v1")
    mother, child = told["guardian_ids"][0], told["child_id"]
    deliver(registration, "protection.requested.v1", {"kind": "guardian", "person_id": mother, "valid_from": "2026-11-02"}, source=SENDER)
    hall.carry()
    hall.messages.clear()  # until now the house was no secret
    deliver(registration, REQUESTED, request, source=SENDER)
    step = {"enrolment_id": told["enrolment_id"], "step": "start", "effective_date": "2024-03-01"}
    deliver(registration, "enrolment.step-requested.v1", step, source=SENDER)
    correction = {"guardian_id": mother, "changes": {"phone": "20 00 00 98", "language": "en"}}
    deliver(registration, "family.correction-requested.v1", correction, source=SENDER)
    hall.carry()
    activity = opened(events)
    party = [{"person_id": mother, "role": "guardian"}, {"person_id": child, "role": "child"}]
    signup = post(events, f"/v1/activities/{activity['activity_id']}/signups", {"party": party, "contact_id": mother})
    hall.carry()
    hall.send_mails()
    session = activity["sessions"][0]["session_id"]
    ids = {"child": child, "mother": mother, "father": told["guardian_ids"][1], "enrolment": told["enrolment_id"], "session": session}
    return ids | {"activity": activity["activity_id"], "signup": signup["signup_id"]}


def opened(events: Context) -> dict[str, Any]:
    """A workshop next week, in another house."""
    sessions = [{"starts_at": NEXT_WEEK.isoformat(), "ends_at": NEXT_WEEK.replace(hour=12).isoformat(), "place": "Sesam"}]
    where = {"programme": "sammen-om-boern", "district": "hedegaarden", "institution": "sesam", "kind": "workshop", "capacity": 9}
    return post(events, "/v1/activities", where | {"title": {"da": "Leg", "en": "Play"}, "sessions": sessions})


def post(context: Context, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a coordinator's request leads to."""
    answer = http(context).as_(Role.COORDINATOR, purpose="plan-workshop").post(path, json=body)
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def found_in(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where a secret stands, and which."""
    return [(where, secret) for where, text in texts for secret in SECRETS if secret in text]


def places_of(node: Any, child: str) -> Iterator[str]:
    """Every object that names the child, and its house beside it."""
    if isinstance(node, dict):
        flat = json.dumps({key: value for key, value in node.items() if not isinstance(value, dict | list)}, ensure_ascii=False)
        if node.get("child_id") == child and any(house in flat for house in HOUSE):
            yield flat
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from places_of(inner, child)


def test_nobody_finds_a_protected_family(hall: TownHall) -> None:
    """Messages, mails, answers at every door to every role, reports, logs and other services' tables: neither name, number nor place."""
    with logged() as log:
        ids = protected(hall)
        answers = list(hall.texts_of_doors(ids, subject=ids["father"], purpose="plan-workshop"))
    assert {code for code in ("Leg", "registration", "report") if not any(code in where + text for where, text in answers)} == set()
    mails, messages = hall.texts_of_mails(), hall.texts_of_messages()
    outputs = [("mail", mails), ("message", messages), ("log", [log.getvalue()]), ("table", hall.texts_of_tables())]
    assert found_in((kind, text) for kind, texts in outputs for text in texts) == []
    assert [hit for hit in found_in(iter(answers)) if not own_child(*hit)] == []
    assert [place for message in hall.messages for place in places_of(message, ids["child"])] == []
    assert [place for where, text in answers if text[:1] == "{" for place in places_of(json.loads(text), ids["child"])] == []
    about = [(where, text) for where, text in answers if ids["child"] in where or ids["enrolment"] in where]
    assert [where for where, text in about if any(house in text for house in HOUSE)] == []
    assert any(f"Participant {alias_code(ids['mother'])}" in mail or alias_code(ids["mother"]) in mail for mail in mails)
    assert (len(mails), len(messages) > 5) == (1, True)


def own_child(where: str, secret: str) -> bool:
    """The other guardian is the child's father: he may know its name, its birthday and six digits of its number, and no more."""
    return where.startswith("guardian registration") and secret in {
        "Lygterik",
        "Skjulstrup",
        "2022-05-14",
        f"{CHILD['cpr_number'][:6]}-xxxx",
    }
