"""Every endpoint and every role: who is let in, and how far each reaches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door
from services.events.api.booking_schemas import ROOM
from services.events.api.course_schemas import REPEAT
from services.events.api.templates import BY_TEMPLATE
from services.events.domain.code import code_of
from services.events.service import SERVICE
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, SAMMEN, Family, a_family, a_pedagogue
from tests.events.town import (
    PURPOSE,
    Desk,
    Json,
    Town,
    a_meeting,
    a_signing_up,
    alone,
    an_observation,
    an_opening,
    first_session,
    found,
    reasons,
)

YES, NO, HIDDEN = "2xx", 403, 404
OWN, OTHERS = [BIRKEGAARDEN.code], ["regnbuen"]


@dataclass(frozen=True)
class Scene:
    """A family with a seat at a workshop of Birkegården, while attendance can be recorded; a guest; a draft; a room.

    And a later date, another family's sign-up that is offered seats, and a draw.
    """

    workshop: Json
    signup: Json
    family: Family
    guest: Family
    draft: Json
    room: Json
    later: Json
    offered: Json
    by_draw: Json
    cycle: Json

    def a_cycle(self) -> Json:
        """The body that puts two of its activities together."""
        return {name: self.cycle[name] for name in ("programme", "title", "parts")}

    def path(self, template: str) -> str:
        """The path with the scene's ids."""
        ids = {"activities": self.workshop["activity_id"], "signups": self.signup["signup_id"], "sessions": first_session(self.workshop)}
        return template.replace("{id}", ids[template.split("/")[2]])


Call = Callable[[Door, Scene], TestResponse]

CALLS: Mapping[str, Call] = {
    "POST /v1/activities": lambda door, _: door.post("/v1/activities", json=an_opening()),
    "GET /v1/activities": lambda door, _: door.get("/v1/activities"),
    "GET /v1/activities/{id}": lambda door, scene: door.get(scene.path("/v1/activities/{id}")),
    "PATCH /v1/activities/{id}": lambda door, scene: door.patch(scene.path("/v1/activities/{id}"), json={"capacity": 9}),
    "POST /v1/activities/changes": lambda door, scene: door.post(
        "/v1/activities/changes", json={"changes": [{"activity_id": scene.draft["activity_id"], "version": 1}]}
    ),
    "POST /v1/activities/{id}/copies": lambda door, scene: door.post(
        scene.path("/v1/activities/{id}/copies"), json={"starts_on": "2027-02-01"}
    ),
    "POST /v1/cycles": lambda door, scene: door.post("/v1/cycles", json=scene.a_cycle()),
    "GET /v1/cycles/{id}": lambda door, scene: door.get(f"/v1/cycles/{scene.cycle['cycle_id']}"),
    "POST /v1/cycles/{id}/signups": lambda door, scene: door.post(
        f"/v1/cycles/{scene.cycle['cycle_id']}/signups", json=a_signing_up(scene.guest.party())
    ),
    "GET /v1/cycles/{id}/completions": lambda door, scene: door.get(f"/v1/cycles/{scene.cycle['cycle_id']}/completions"),
    "GET /v1/activity-templates": lambda door, _: door.get("/v1/activity-templates?programme=sammen-om-boern"),
    "POST /v1/activity-templates/{code}/activities": lambda door, _: door.post(
        "/v1/activity-templates/play-and-language/activities", json=BY_TEMPLATE
    ),
    "GET /v1/institutions/doses": lambda door, _: door.get("/v1/institutions/doses?programme=sammen-om-boern"),
    "GET /v1/activities/{id}/feedback": lambda door, scene: door.get(scene.path("/v1/activities/{id}/feedback")),
    "GET /v1/activities/{id}/completions": lambda door, scene: door.get(scene.path("/v1/activities/{id}/completions")),
    "POST /v1/bookables": lambda door, _: door.post("/v1/bookables", json=ROOM),
    "GET /v1/bookables": lambda door, _: door.get("/v1/bookables"),
    "GET /v1/bookables/{id}/bookings": lambda door, scene: door.get(f"/v1/bookables/{scene.room['bookable_id']}/bookings"),
    "PUT /v1/sessions/{id}/bookings": lambda door, scene: door.put(
        scene.path("/v1/sessions/{id}/bookings"), json={"bookables": [scene.room["bookable_id"]]}
    ),
    "GET /v1/sessions/{id}/bookings": lambda door, scene: door.get(scene.path("/v1/sessions/{id}/bookings")),
    "POST /v1/session-plans": lambda door, _: door.post("/v1/session-plans", json=REPEAT),
    "GET /v1/needs": lambda door, _: door.get("/v1/needs"),
    "GET /v1/signups/{id}/needs": lambda door, scene: door.get(scene.path("/v1/signups/{id}/needs")),
    "PUT /v1/signups/{id}/needs": lambda door, scene: door.put(scene.path("/v1/signups/{id}/needs"), json={"needs": []}),
    "GET /v1/sessions/{id}/demand": lambda door, scene: door.get(scene.path("/v1/sessions/{id}/demand")),
    "GET /v1/demand": lambda door, _: door.get("/v1/demand"),
    "POST /v1/activities/{id}/re-offers": lambda door, scene: door.post(
        scene.path("/v1/activities/{id}/re-offers"), json={"instead": [scene.later["activity_id"]]}
    ),
    "GET /v1/activities/{id}/re-offers": lambda door, scene: door.get(scene.path("/v1/activities/{id}/re-offers")),
    "POST /v1/activities/{id}/call-off": lambda door, scene: door.post(scene.path("/v1/activities/{id}/call-off")),
    "POST /v1/activities/{id}/publish": lambda door, scene: door.post(scene.path("/v1/activities/{id}/publish")),
    "POST /v1/activities/{id}/take-back": lambda door, scene: door.post(f"/v1/activities/{scene.draft['activity_id']}/take-back"),
    "POST /v1/activities/{id}/signups": lambda door, scene: door.post(
        scene.path("/v1/activities/{id}/signups"), json=a_signing_up(scene.guest.party())
    ),
    "POST /v1/activities/{id}/eligibility": lambda door, scene: door.post(
        scene.path("/v1/activities/{id}/eligibility"), json=a_signing_up(scene.guest.party())
    ),
    "POST /v1/activities/{id}/holds": lambda door, scene: door.post(
        scene.path("/v1/activities/{id}/holds"), json=a_signing_up(scene.guest.party())
    ),
    "POST /v1/holds/{id}/extension": lambda door, _: door.post(f"/v1/holds/{new_id()}/extension"),
    "POST /v1/holds/{id}/release": lambda door, _: door.post(f"/v1/holds/{new_id()}/release"),
    "PUT /v1/activities/{id}/quotas/{code}": lambda door, scene: door.put(
        scene.path("/v1/activities/{id}/quotas/children"), json={"seats": 9}
    ),
    "GET /v1/activities/{id}/signups": lambda door, scene: door.get(scene.path("/v1/activities/{id}/signups")),
    "GET /v1/signups/{id}": lambda door, scene: door.get(scene.path("/v1/signups/{id}")),
    "POST /v1/signups/{id}/cancellation": lambda door, scene: door.post(scene.path("/v1/signups/{id}/cancellation")),
    "GET /v1/activities/{id}/explain": lambda door, scene: door.get(scene.path("/v1/activities/{id}/explain")),
    "GET /v1/activities/{id}/draw": lambda door, scene: door.get(f"/v1/activities/{scene.by_draw['activity_id']}/draw"),
    "GET /v1/activities/{id}/draw/tickets": lambda door, scene: door.get(f"/v1/activities/{scene.by_draw['activity_id']}/draw/tickets"),
    "GET /v1/signups/{id}/explain": lambda door, scene: door.get(scene.path("/v1/signups/{id}/explain")),
    "POST /v1/signups/{id}/transfer": lambda door, scene: door.post(
        scene.path("/v1/signups/{id}/transfer"), json={"activity_id": scene.later["activity_id"]}
    ),
    "POST /v1/signups/{id}/acceptance": lambda door, scene: door.post(f"/v1/signups/{scene.offered['signup_id']}/acceptance"),
    "POST /v1/signups/{id}/declination": lambda door, scene: door.post(f"/v1/signups/{scene.offered['signup_id']}/declination"),
    "PUT /v1/sessions/{id}/attendance": lambda door, scene: door.put(
        scene.path("/v1/sessions/{id}/attendance"), json={"attendance": [{"person_id": scene.family.mother, "state": "present"}]}
    ),
    "POST /v1/sessions/{id}/observations": lambda door, scene: door.post(
        scene.path("/v1/sessions/{id}/observations"), json={"attendance": [an_observation(scene.family.mother)]}
    ),
    "GET /v1/sessions/{id}/attendance": lambda door, scene: door.get(scene.path("/v1/sessions/{id}/attendance")),
    "GET /v1/signups/{id}/code": lambda door, scene: door.get(scene.path("/v1/signups/{id}/code")),
    "GET /v1/signups/{id}/code.svg": lambda door, scene: door.get(scene.path("/v1/signups/{id}/code.svg")),
    "GET /v1/signups/{id}/code.png": lambda door, scene: door.get(scene.path("/v1/signups/{id}/code.png")),
    "POST /v1/sessions/{id}/check-ins": lambda door, scene: door.post(
        scene.path("/v1/sessions/{id}/check-ins"), json={"code": code_of(scene.signup["signup_id"])}
    ),
    "GET /v1/sessions/{id}/list.pdf": lambda door, scene: door.get(scene.path("/v1/sessions/{id}/list.pdf")),
    "GET /v1/activities/{id}/certificates/{person}.pdf": lambda door, scene: door.get(
        scene.path("/v1/activities/{id}/certificates/") + f"{scene.family.mother}.pdf"
    ),
    "POST /v1/calendars": lambda door, _: door.post("/v1/calendars", json={"kind": "institution", "institution": OWN[0]}),
    "GET /v1/calendars": lambda door, _: door.get("/v1/calendars"),
    "DELETE /v1/calendars/{id}": lambda door, _: door.delete(f"/v1/calendars/{new_id()}"),
}

# A guardian here is the guest: to sign up he brings his own family; the sign-up of the scene is another's, and so is a hold.
# A system has made nothing of the scene: what it opened or signed up itself is tested below.
ROLES = (
    "coordinator",
    "own leader",
    "other leader",
    "system",
    "guardian",
    "professional",
    "health-visitor",
    "operator",
    "reader",
    "applicant",
)
TABLE: Mapping[str, tuple[object, ...]] = {
    "POST /v1/activities": (YES, YES, NO, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "GET /v1/activities/{id}": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "PATCH /v1/activities/{id}": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/changes": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/copies": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/cycles": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/cycles/{id}": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "POST /v1/cycles/{id}/signups": (YES, YES, NO, YES, YES, NO, NO, NO, NO, NO),
    "GET /v1/cycles/{id}/completions": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activity-templates": (YES, YES, YES, YES, NO, NO, NO, NO, NO, NO),
    "POST /v1/activity-templates/{code}/activities": (YES, YES, NO, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/institutions/doses": (YES, YES, YES, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities/{id}/feedback": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities/{id}/completions": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/bookables": (YES, YES, NO, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/bookables": (YES, YES, YES, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/bookables/{id}/bookings": (YES, YES, YES, YES, NO, NO, NO, NO, NO, NO),
    "PUT /v1/sessions/{id}/bookings": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/sessions/{id}/bookings": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/session-plans": (YES, YES, YES, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/needs": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "GET /v1/signups/{id}/needs": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "PUT /v1/signups/{id}/needs": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "GET /v1/sessions/{id}/demand": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/demand": (YES, YES, YES, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/re-offers": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities/{id}/re-offers": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/call-off": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/publish": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/take-back": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/signups": (YES, YES, NO, YES, YES, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/eligibility": (YES, YES, NO, YES, YES, NO, NO, NO, NO, NO),
    "POST /v1/activities/{id}/holds": (YES, YES, NO, YES, YES, NO, NO, NO, NO, NO),
    "POST /v1/holds/{id}/extension": (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/holds/{id}/release": (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "PUT /v1/activities/{id}/quotas/{code}": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities/{id}/signups": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/signups/{id}": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/signups/{id}/cancellation": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "GET /v1/activities/{id}/explain": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "GET /v1/activities/{id}/draw": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "GET /v1/activities/{id}/draw/tickets": (YES, YES, YES, YES, YES, YES, YES, NO, NO, NO),
    "GET /v1/signups/{id}/explain": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/signups/{id}/transfer": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/signups/{id}/acceptance": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/signups/{id}/declination": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "PUT /v1/sessions/{id}/attendance": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "POST /v1/sessions/{id}/observations": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/sessions/{id}/attendance": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/signups/{id}/code": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "GET /v1/signups/{id}/code.svg": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "GET /v1/signups/{id}/code.png": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/sessions/{id}/check-ins": (YES, YES, NO, YES, NO, NO, NO, NO, NO, NO),
    "GET /v1/sessions/{id}/list.pdf": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/activities/{id}/certificates/{person}.pdf": (YES, YES, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    "POST /v1/calendars": (YES, YES, NO, NO, NO, NO, NO, NO, NO, NO),
    "GET /v1/calendars": (YES, YES, YES, NO, YES, YES, YES, NO, NO, NO),
    "DELETE /v1/calendars/{id}": (HIDDEN, HIDDEN, HIDDEN, NO, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO),
}


@pytest.fixture
def scene(town: Town, desk: Desk) -> Scene:
    """The scene shortly before the session, when everything can be done; the mother is there already."""
    family, guest = town.enrols(a_family()), town.enrols(a_family())
    quotas = [{"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 9}]
    workshop, later = desk.opens(capacity=12, quotas=quotas), desk.opens(sessions=[a_meeting(NEXT_WEEK + timedelta(days=7))])
    by_draw = desk.opens(line={"draw": {"closes_at": (NEXT_WEEK - timedelta(days=1)).isoformat()}})
    signup = desk.signs_up(workshop, family.party())
    draft = desk.opens(status="draft")
    event = desk.opens(capacity=12, kind="parents-event", sessions=[a_meeting(NEXT_WEEK + timedelta(days=9))])
    together = {"programme": SAMMEN.code, "title": workshop["title"], "parts": [workshop["activity_id"], event["activity_id"]]}
    cycle = found(desk.coordinator.post("/v1/cycles", json=together), 201)
    desk.waits((NEXT_WEEK - NOW) * 0.99)
    desk.marks(workshop, (family.mother, "present"))
    offered = an_offer(town, desk)
    return Scene(workshop, signup, family, guest, draft, desk.registers(), later, offered=offered, by_draw=by_draw, cycle=cycle)


def an_offer(town: Town, desk: Desk) -> Json:
    """A family's sign-up to a workshop of Birkegården's later on, with seats offered."""
    workshop = desk.opens(2, line={"offers": {"answer_hours": 13}}, sessions=[a_meeting(NEXT_WEEK + timedelta(days=14))])
    first, second = (desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2))
    desk.cancels(first)
    return second


def caller(desk: Desk, role: str, scene: Scene) -> Door:
    """The door as somebody in this role uses it."""
    match role:
        case "own leader":
            return desk.door.as_(Role.LEADER, institutions=OWN, purpose=PURPOSE)
        case "other leader":
            return desk.door.as_(Role.LEADER, institutions=OTHERS, purpose=PURPOSE)
        case "guardian":
            return desk.door.as_(Role.GUARDIAN, subject=scene.guest.mother, purpose=PURPOSE)
        case _:
            return desk.door.as_(Role(role), subject=new_id(), purpose=PURPOSE)


def test_table_is_whole() -> None:
    """The table has a row for every route of the service but those that are open to whoever has a secret, and a column for every role."""
    assert set(TABLE) == set(CALLS) == {route.name for route in SERVICE.api.routes if not route.public}
    pages = {"GET /feedback", "POST /feedback", "GET /feedback/thanks"}
    assert {route.name for route in SERVICE.api.routes if route.public} == {"GET /v1/calendars/{token}.ics", *pages}
    assert {len(row) for row in TABLE.values()} == {len(ROLES)}
    assert set(Role) <= {*ROLES, "leader"}


@pytest.mark.parametrize("route", TABLE)
def test_every_role(desk: Desk, scene: Scene, route: str) -> None:
    """Each role gets from each endpoint what the table says; a system goes before those whose sign-up it would not be shown."""
    refused_first = sorted(zip(TABLE[route], ROLES, strict=True), key=lambda cell: (cell[0] == YES, cell[1] != "system"))
    for expected, role in refused_first:
        status = CALLS[route](caller(desk, role, scene), scene).status_code
        assert (role, expected) == (role, YES if status < 300 else status)


@pytest.mark.parametrize("route", TABLE)
def test_nobody_without_a_token(desk: Desk, scene: Scene, route: str) -> None:
    """Every door is closed to those who do not say who they are."""
    assert CALLS[route](desk.door, scene).status_code == 401


@pytest.mark.parametrize("route", [route.name for route in SERVICE.api.routes if route.personal])
def test_lists_of_people_need_a_purpose(desk: Desk, scene: Scene, route: str) -> None:
    """Who lists the people of an activity says what for."""
    assert reasons(CALLS[route](desk.door.as_(Role.COORDINATOR), scene), 400) == [("purpose-missing", "Deltag-Purpose")]


def test_guardian_sees_and_cancels_his_own(desk: Desk, scene: Scene) -> None:
    """A guardian sees his family's sign-up and cancels it, also when the other guardian is its contact."""
    father = desk.door.as_(Role.GUARDIAN, subject=scene.family.guardians[1])
    mother = desk.door.as_(Role.GUARDIAN, subject=scene.family.mother)
    assert father.get(scene.path("/v1/signups/{id}")).status_code == 404
    assert found(mother.get(scene.path("/v1/signups/{id}")))["status"] == "seated"
    assert found(mother.post(scene.path("/v1/signups/{id}/cancellation")))["status"] == "cancelled"


def a_system(desk: Desk, source: str | None = "https://families.example", subject: str = "families") -> Door:
    """The door as a system uses it."""
    return desk.door.as_(Role.SYSTEM, subject=subject, source=source, purpose=PURPOSE)


@pytest.mark.parametrize("source", ["https://families.example", None])
def test_system_acts_for_whom_it_signed_up(desk: Desk, scene: Scene, source: str | None) -> None:
    """A system sees, says the needs of, and cancels what it signed up itself, as its source or its subject; another system does not."""
    made, other = a_system(desk, source), a_system(desk, source and "https://other.example", "other")
    signup = found(made.post(scene.path("/v1/activities/{id}/signups"), json=a_signing_up(scene.guest.party())), 201)
    path = f"/v1/signups/{signup['signup_id']}"
    assert [door.get(f"{path}{what}").status_code for door in (made, other) for what in ("", "/needs", "/code")] == [200] * 3 + [404] * 3
    assert found(made.post(scene.path("/v1/activities/{id}/signups"), json=a_signing_up(scene.guest.party())))["signup_id"] in path
    assert other.post(f"{path}/cancellation").status_code == 404
    moved = found(made.post(f"{path}/transfer", json={"activity_id": scene.later["activity_id"]}), 201)
    assert found(made.post(f"/v1/signups/{moved['signup_id']}/cancellation"))["status"] == "cancelled"


def test_system_is_not_shown_a_family_that_is_signed_up(desk: Desk, scene: Scene) -> None:
    """A system that names a party whom somebody else signed up is told that, and not how it stands."""
    answer = a_system(desk).post(scene.path("/v1/activities/{id}/signups"), json=a_signing_up(scene.family.party()))
    assert reasons(answer, 409) == [("already-signed-up", "/party/0/person_id")]


def test_system_organises_what_it_opened(town: Town, desk: Desk) -> None:
    """A system runs the activities that it opened, drafts and copies too, in the institutions that it reaches; no other system does."""
    made, other = a_system(desk), a_system(desk, "https://other.example")
    draft = found(made.post("/v1/activities", json=an_opening(status="draft")), 201)
    path = f"/v1/activities/{draft['activity_id']}"
    copied = found(made.post(f"{path}/copies", json={"starts_on": "2027-02-01"}), 201)
    listed = {one["activity_id"] for one in found(made.get("/v1/activities?status=draft"))["items"]}
    assert listed == {draft["activity_id"], copied["activity_id"]}
    assert found(other.get("/v1/activities?status=draft"))["items"] == []
    assert (other.post(f"{path}/publish").status_code, made.post(f"{path}/publish").status_code) == (403, 200)
    desk.signs_up(draft, town.enrols(a_family()).party())
    assert len(found(made.get(f"{path}/signups"))["items"]) == 1
    narrow = desk.door.as_(Role.SYSTEM, source="https://families.example", institutions=OTHERS)
    assert narrow.post("/v1/activities", json=an_opening()).status_code == 403


def test_guardian_is_the_contact(desk: Desk, scene: Scene) -> None:
    """A guardian who signs his child up is the one who is told, and cannot name another."""
    mother = desk.door.as_(Role.GUARDIAN, subject=scene.guest.mother)
    body = a_signing_up(scene.guest.party(guardians=0))
    answer = mother.post(scene.path("/v1/activities/{id}/signups"), json=body | {"contact_id": scene.guest.guardians[1]})
    assert reasons(answer, 403) == [("not-yourself", "")]
    assert found(mother.post(scene.path("/v1/activities/{id}/signups"), json=body), 201)["contact_id"] == scene.guest.mother


def test_guardian_of_nobody_we_know(desk: Desk, scene: Scene) -> None:
    """A guardian whose token names no id of ours can sign nobody up."""
    stranger = desk.door.as_(Role.GUARDIAN, subject="auth0|stranger")
    answer = stranger.post(scene.path("/v1/activities/{id}/signups"), json=a_signing_up(scene.guest.party()))
    assert reasons(answer, 403) == [("not-yourself", "")]


def test_guardian_with_a_neighbours_child(desk: Desk, scene: Scene) -> None:
    """A guardian cannot sign up another family's child."""
    mother = desk.door.as_(Role.GUARDIAN, subject=scene.guest.mother)
    party = [*scene.guest.party(), *scene.family.party(guardians=0)]
    answer = mother.post(scene.path("/v1/activities/{id}/signups"), json=a_signing_up(party))
    assert reasons(answer) == [("not-in-family", "/party/2/person_id")]


def test_professional_signs_himself_up(town: Town, desk: Desk) -> None:
    """A professional signs himself up, and no colleague."""
    one, other = town.employs(a_pedagogue()), town.employs(a_pedagogue())
    lab = desk.opens(kind="learning-lab")
    door = desk.door.as_(Role.PROFESSIONAL, subject=one.professional_id)
    path = f"/v1/activities/{lab['activity_id']}/signups"
    assert reasons(door.post(path, json=a_signing_up([*alone(one), *alone(other)])), 403) == [("not-yourself", "")]
    signup = found(door.post(path, json=a_signing_up(alone(one))), 201)
    assert found(door.get(f"/v1/signups/{signup['signup_id']}")) == signup


def test_leader_opens_for_his_own_institution(desk: Desk) -> None:
    """A leader opens activities of his own institution, but none for a whole district."""
    leader = desk.door.as_(Role.LEADER, institutions=OWN)
    assert reasons(leader.post("/v1/activities", json=an_opening(institution=None)), 403) == [("not-your-institution", "")]
    assert leader.post("/v1/activities", json=an_opening()).status_code == 201
