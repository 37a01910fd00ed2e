"""Families of people who were merged: told, shown and guarded by the ids that are kept, and as before when the merge is undone."""

import json
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.keys import open_sealed
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from services.registration.handlers.refreshing import refresh
from services.registration.texts import alias
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.respondents import enrols, guardian, of_child, of_guardian, patch, read, says, staff
from tests.registration.test_consents import GIVING, a_giving, standing
from tests.registration.test_duplicates import enrol, merging
from tests.registration.test_families import CORRECTION, GUARDIANSHIP, ask, card, facts, terms
from tests.registration.test_protection import NOWHERE, place, protect
from tests.settings import NOTIFICATIONS_PRIVATE_KEY

Json = dict[str, Any]
Told = dict[str, set[str]]


class Desk:
    """Where Asta and her father Karim are, who were stored twice, and where they are merged."""

    def __init__(self, context: Context, coordinator: Door, door: Door) -> None:
        self.context = context
        self.coordinator = coordinator
        self.door = door
        self.numbers = a_number(), a_number()
        self.first = enrol(context, number=self.numbers[0], guardians=[a_guardian(), a_guardian(given_name="Karim", email="k@example.org")])
        self.second = enrol(context, number=self.numbers[1], guardians=[a_guardian(given_name="Kerim", email="kerim@example.org")])

    @property
    def karims(self) -> tuple[str, str]:
        """His id with the first child, and with the second."""
        return self.first["guardian_ids"][1], self.second["guardian_ids"][0]

    @property
    def children(self) -> tuple[str, str]:
        """Asta's two ids."""
        return self.first["child_id"], self.second["child_id"]

    def merge(self, merged: str, into: str, kind: str) -> str:
        """The merge's id."""
        return str(self.coordinator.post("/v1/merges", json=merging(merged, into, kind)).get_json()["merge_id"])

    def merge_both(self) -> list[str]:
        """The second child is the first one, and the second Karim the first."""
        return [self.merge(self.children[1], self.children[0], "child"), self.merge(self.karims[1], self.karims[0], "guardian")]

    def undo(self, merge_id: str) -> None:
        """They are two again."""
        assert self.coordinator.post(f"/v1/merges/{merge_id}/undoing").status_code == 200

    def told(self) -> Told:
        """What was told last of each child: the guardians who may be told of it."""
        return {
            fact["child_id"]: {one["guardian_id"] for one in fact["guardians"] if one["periods"][-1]["contact_allowed"]}
            for fact in facts(self.context, "family")
        }

    def karim(self, subject: str) -> Door:
        """The door, with Karim under one of his ids."""
        return self.door.as_(Role.GUARDIAN, subject=subject, purpose="own-family")

    def sees(self, subject: str) -> set[str]:
        """Of whom Karim learns anything at any door."""
        listed = {one["child_id"] for one in self.karim(subject).get("/v1/enrolments").get_json()["items"]}
        shown = {child for child in self.children if self.karim(subject).get(f"/v1/children/{child}").status_code == 200}
        assert listed == shown
        return listed


@pytest.fixture
def desk(registration: Context, coordinator: Door, door: Door) -> Desk:
    """Nobody is merged yet."""
    return Desk(registration, coordinator, door)


def test_a_family_is_told_by_the_ids_that_are_kept(desk: Desk) -> None:
    """Both children's guardians are the kept child's, each once; undone in any order, each has its own again."""
    mona, before, (asta, _), (karim, _) = desk.first["guardian_ids"][0], desk.told(), desk.children, desk.karims
    merges = desk.merge_both()
    assert desk.told()[asta] == {mona, karim}
    for merge_id in merges:
        desk.undo(merge_id)
    assert desk.told() == before


def test_a_refresh_tells_it_so_too(desk: Desk, registration: Context) -> None:
    """Who was not there learns of the kept child's family whole, and of none under the other id."""
    desk.merge_both()
    with registration.work() as work:
        refresh(work)
    again = [m["data"] for m in published(registration) if m.get("snapshot") and m["type"] == "registration.family.changed.v1"]
    assert [(one["child_id"], {g["guardian_id"] for g in one["guardians"]}) for one in again] == [
        (desk.children[0], {desk.first["guardian_ids"][0], desk.karims[0]})
    ]


@pytest.mark.parametrize("forbidden", [0, 1])
def test_who_may_not_be_told_under_one_id_may_not_under_the_other(desk: Desk, registration: Context, forbidden: int) -> None:
    """A prohibition outlives the merge, at every door and in what is told; until it is taken back of the one that is kept."""
    (asta, _), karims = desk.children, desk.karims
    between = {"child_id": desk.children[forbidden], "guardian_id": karims[forbidden]}
    ask(registration, GUARDIANSHIP, between | terms(contact_allowed=False), time="2026-11-02T07:00:00Z")
    _, merged = desk.merge_both()
    assert (karims[0] in desk.told()[asta], [desk.sees(id_) for id_ in karims]) == (False, [set(), set()])
    ask(registration, GUARDIANSHIP, {"child_id": asta, "guardian_id": karims[0]} | terms(), time="2026-11-02T08:00:00Z")
    assert (karims[0] in desk.told()[asta], desk.sees(karims[1])) == (True, set(desk.children))
    desk.undo(merged)
    assert (desk.sees(karims[0]) == set(), desk.sees(karims[1]) == set()) == (False, forbidden == 1)


def test_a_request_may_name_either_id(desk: Desk, registration: Context) -> None:
    """A correction and a change of custody under the ids that were merged are about the ones that are kept."""
    (asta, other), (karim, kerim) = desk.children, desk.karims
    desk.merge_both()
    corrected = ask(registration, CORRECTION, {"guardian_id": kerim, "changes": {"email": "new@example.org"}})
    assert (corrected["data"]["guardian_id"], card(registration)["email"]) == (karim, "new@example.org")
    changed = ask(registration, GUARDIANSHIP, {"child_id": other, "guardian_id": kerim} | terms(custody=False))
    assert changed["data"]["child_id"] == asta
    [between] = [one for one in changed["data"]["guardians"] if one["guardian_id"] == karim]
    assert [period["custody"] for period in between["periods"]] == [True, False]
    path = f"/v1/guardians/{kerim}"
    assert desk.karim(kerim).patch(path, json={"language": "en"}).get_json()["guardian_id"] == karim
    shown = desk.karim(karim).get(path).get_json()
    assert (shown["guardian_id"], [child["child_id"] for child in shown["children"]]) == (karim, [asta])


@pytest.mark.parametrize("over_http", [True, False])
def test_a_consent_stays_with_whom_it_was_given_for(desk: Desk, registration: Context, *, over_http: bool) -> None:
    """What was agreed to under a merged id, at either door, is the kept child's while they are one, and goes back with its own child."""
    giving = a_giving({"child_id": desk.children[1], "guardian_ids": [desk.karims[1]]}, purpose="newsletter")
    merges = desk.merge_both()
    before = standings(desk, "newsletter")
    if over_http:
        assert desk.coordinator.post("/v1/consents", json=giving).status_code == 201
    else:
        ask(registration, GIVING, giving)
    together = standings(desk, "newsletter")
    for merge_id in merges:
        desk.undo(merge_id)
    assert (before, together, standings(desk, "newsletter")) == (["asked"] * 2, ["partly-given"] * 2, ["asked", "in-force"])


def standings(desk: Desk, purpose: str) -> list[str]:
    """What the consents to a purpose come to, by each of Asta's ids."""
    return [standing(desk.door, {"child_id": child}, purpose) for child in desk.children]


@pytest.mark.parametrize("protected", [0, 1])
@pytest.mark.parametrize("kind", ["child", "guardian"])
def test_who_is_protected_under_one_id_is_under_the_other(desk: Desk, registration: Context, kind: str, protected: int) -> None:
    """The name, the place and the card of either record are hidden while one of them is protected, and shown when they are two again."""
    ids = desk.children if kind == "child" else desk.karims
    protect(registration, kind, ids[protected])
    merge_id = desk.merge(ids[1], ids[0], kind)
    assert [place(one) for one in enrolments(registration).values()] == [NOWHERE, NOWHERE]
    if kind == "guardian":
        assert {cards(registration)[id_] for id_ in ids} == {alias(ids[0]), alias(ids[1])}
    desk.undo(merge_id)
    open_one = desk.second if protected == 0 else desk.first
    assert None not in place(enrolments(registration)[open_one["enrolment_id"]]).values()


def enrolments(context: Context) -> dict[str, Json]:
    """What was told last of each enrolment."""
    return {fact["enrolment_id"]: fact for fact in facts(context, "enrolment")}


def cards(context: Context) -> dict[str, str]:
    """By which name everybody is written to."""
    sealed = {m["subject"]: m["data"]["sealed"] for m in published(context) if m["type"] == "registration.contact.sealed.v1"}
    return {id_: json.loads(open_sealed(NOTIFICATIONS_PRIVATE_KEY, card, id_.encode()))["name"] for id_, card in sealed.items()}


def test_they_live_together(desk: Desk) -> None:
    """The kept child's households are both records', and each of them is there once."""
    (asta, other), (karim, kerim) = desk.children, desk.karims
    desk.merge_both()
    reader = desk.door.as_(Role.COORDINATOR, purpose="mend-error")
    households = reader.get(f"/v1/children/{other}/households").get_json()["items"]
    assert {id_ for one in households for id_ in one["child_ids"]} == {asta}
    assert {id_ for one in households for id_ in one["guardian_ids"]} == {desk.first["guardian_ids"][0], karim}
    [own] = desk.karim(kerim).get(f"/v1/children/{asta}/households").get_json()["items"]
    assert karim in own["guardian_ids"]


def test_the_journey_is_both_records(desk: Desk, door: Door) -> None:
    """Every enrolment of a child who was stored twice is part of its way."""
    desk.merge(desk.children[1], desk.children[0], "child")
    reader = door.as_(Role.COORDINATOR, purpose="mend-error")
    journeys = reader.get(f"/v1/children/{desk.children[1]}/journey").get_json()["items"]
    assert [one["enrolment_id"] for one in journeys] == [one["enrolment_id"] for one in (desk.first, desk.second)]


def test_an_invitation_under_either_number_goes_on(registration: Context, coordinator: Door) -> None:
    """Who was invited under one number and is enrolled under the other has one enrolment."""
    numbers = a_number(), a_number()
    invited = enrol(registration, number=numbers[0], stage="invited", consent=None)
    withdrawn = enrol(registration, number=numbers[1], stage="interested", consent=None)
    body = {"reason": "duplicate", "effective_date": "2024-06-01"}
    assert coordinator.post(f"/v1/enrolments/{withdrawn['enrolment_id']}/withdrawal", json=body).status_code == 200
    coordinator.post("/v1/merges", json=merging(invited["child_id"], withdrawn["child_id"]))
    deliver(registration, REQUESTED, a_request(cpr_number=numbers[1]), source=SENDER)
    *_, answer = facts(registration, "enrolment")
    assert (answer["enrolment_id"], answer["status"]) == (invited["enrolment_id"], "accepted")


def test_what_was_answered_under_either_id_is_the_kept_ones(registration: Context, coordinator: Door, door: Door) -> None:
    """Of two answers to one question the later counts, whichever id it came under; undone, each record has its own again."""
    first = enrols(registration, child=says(siblings=1), mona=says(interpreter=False))
    second = enrols(registration, child=says(siblings=2), mona=says(interpreter=True, interpreter_language="ar"))
    bodies = [merging(second["child_id"], first["child_id"])]
    bodies += [merging(second["guardian_ids"][place], first["guardian_ids"][place], "guardian") for place in (0, 1)]
    merges = [coordinator.post("/v1/merges", json=body).get_json()["merge_id"] for body in bodies]
    planner = staff(door, "plan-workshop")
    for enrolment in (first, second):
        assert read(planner, of_child(enrolment)) == {"siblings": 2}
        assert read(planner, of_guardian(enrolment)) == {"interpreter": True, "interpreter-language": "ar"}
    assert patch(guardian(door, second), of_guardian(second), interpreter=False).status_code == 204
    assert read(planner, of_guardian(first)) == {"interpreter": False}
    for merge_id in merges:
        assert coordinator.post(f"/v1/merges/{merge_id}/undoing").status_code == 200
    assert [read(planner, of_child(enrolment)) for enrolment in (first, second)] == [{"siblings": 1}, {"siblings": 2}]


@pytest.mark.parametrize("kept", [0, 1])
def test_what_lapsed_by_a_merge_comes_back(registration: Context, coordinator: Door, door: Door, kept: int) -> None:
    """The language of an interpreter whom she needs no more, as her other record says: shown to nobody, and there when they are two."""
    both = [
        enrols(registration, mona=says(**answers))
        for answers in ({"interpreter": True, "interpreter_language": "ar"}, {"interpreter": False})
    ]
    ids = [enrolment["guardian_ids"][0] for enrolment in both]
    merge_id = coordinator.post("/v1/merges", json=merging(ids[1 - kept], ids[kept], "guardian")).get_json()["merge_id"]
    planner = staff(door, "plan-workshop")
    assert [read(planner, of_guardian(enrolment)) for enrolment in both] == [{"interpreter": False}] * 2
    assert coordinator.post(f"/v1/merges/{merge_id}/undoing").status_code == 200
    assert [read(planner, of_guardian(enrolment)) for enrolment in both] == [
        {"interpreter": True, "interpreter-language": "ar"},
        {"interpreter": False},
    ]
