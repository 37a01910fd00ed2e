"""The life of an activity: a draft that nobody knows of, open, taken back, done; and how it is held."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door, run_timer
from tests.events.builders import BIRKEGAARDEN, LAST_WEEK, NEXT_WEEK, NOW, a_family
from tests.events.town import Desk, Json, Town, a_meeting, an_opening, found, reasons


def a_draft(desk: Desk, **details: Any) -> Json:
    """A workshop of Birkegården that is not published yet."""
    return desk.opens(status="draft", **details)


def step(desk: Desk, activity: Json, name: str) -> TestResponse:
    """The answer to a step of an activity's life."""
    return desk.coordinator.post(f"/v1/activities/{activity['activity_id']}/{name}")


class TestDraft:
    def test_a_draft_tells_nobody(self, desk: Desk) -> None:
        """A draft, and one that is called off before anybody knew of it, are told in no fact."""
        desk.becomes(a_draft(desk), "call-off")
        desk.resizes(a_draft(desk), 9)
        assert desk.told() == []

    @pytest.mark.parametrize("role", [Role.GUARDIAN, Role.PROFESSIONAL, Role.HEALTH_VISITOR])
    def test_a_draft_is_hidden(self, desk: Desk, role: Role) -> None:
        """Who does not run it finds a draft neither by its id nor in the list."""
        draft, door = a_draft(desk), desk.door.as_(role, subject=new_id())
        assert door.get(f"/v1/activities/{draft['activity_id']}").status_code == 404
        assert found(door.get("/v1/activities"))["items"] == []

    def test_a_leader_sees_his_own_drafts(self, desk: Desk) -> None:
        """A leader sees the drafts of his institution, and no other's; a coordinator sees all."""
        own, general = a_draft(desk), a_draft(desk, institution=None)
        leader = desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code])
        other = desk.door.as_(Role.LEADER, institutions=["regnbuen"])
        assert [found(door.get("/v1/activities"))["items"] for door in (leader, other, desk.coordinator)] == [[own], [], [own, general]]

    def test_nobody_signs_up_to_a_draft(self, town: Town, desk: Desk) -> None:
        """A family cannot sign up to a draft, and is not told that there is one; an organiser is told why."""
        family, draft = town.enrols(a_family()), a_draft(desk)
        mother = desk.door.as_(Role.GUARDIAN, subject=family.mother)
        assert reasons(desk.tries_to_sign_up(draft, family.party(), door=mother), 404) == [("activity-not-found", "")]
        assert reasons(desk.tries_to_sign_up(draft, family.party()), 409) == [("activity-is-draft", "")]


class TestPublishing:
    def test_a_published_draft_is_open(self, town: Town, desk: Desk) -> None:
        """Publishing opens a draft for sign-up and tells of it; doing it again changes nothing."""
        workshop = desk.becomes(a_draft(desk), "publish")
        assert (workshop["status"], desk.becomes(workshop, "publish")) == ("open", workshop)
        assert desk.told() == [("activity.opened", workshop["activity_id"])]
        assert desk.signs_up(workshop, town.enrols(a_family()).party())["status"] == "seated"

    def test_what_could_not_be_opened_cannot_be_published(self, desk: Desk) -> None:
        """A draft whose first session has begun meanwhile stays a draft."""
        draft = a_draft(desk, sessions=[a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.waits(NEXT_WEEK - NOW)
        assert reasons(step(desk, draft, "publish")) == [("session-in-the-past", "/sessions/0/starts_at")]

    def test_a_draft_with_sessions_in_the_past_is_refused(self, desk: Desk) -> None:
        """A draft is checked like an activity that opens at once."""
        answer = desk.coordinator.post("/v1/activities", json=an_opening(status="draft", sessions=[a_meeting(LAST_WEEK)]))
        assert reasons(answer) == [("session-in-the-past", "/sessions/0/starts_at")]

    def test_what_is_called_off_stays_so(self, desk: Desk) -> None:
        """Neither publishing nor taking back brings an activity back that was called off."""
        workshop = desk.opens()
        desk.calls_off(workshop)
        assert [reasons(step(desk, workshop, name), 409) for name in ("publish", "take-back")] == [[("activity-called-off", "")]] * 2


class TestTakingBack:
    def test_an_activity_is_taken_back(self, desk: Desk) -> None:
        """While nobody is signed up an activity can be made a draft again, and everybody who heard of it is told."""
        workshop = desk.becomes(desk.opens(), "take-back")
        assert desk.becomes(workshop, "take-back") == workshop
        assert desk.told() == [("activity.opened", workshop["activity_id"]), ("activity.taken-back", workshop["activity_id"])]

    def test_not_with_people_signed_up(self, town: Town, desk: Desk) -> None:
        """As soon as a family is signed up the activity can only be called off; after its cancellation it can be taken back."""
        workshop = desk.opens()
        signup = desk.signs_up(workshop, town.enrols(a_family()).party())
        assert reasons(step(desk, workshop, "take-back"), 409) == [("activity-has-signups", "")]
        desk.cancels(signup)
        assert desk.becomes(workshop, "take-back")["status"] == "draft"

    def test_what_was_taken_back_is_told_of_when_it_changes(self, desk: Desk) -> None:
        """Who once heard of an activity hears that it was called off as a draft."""
        workshop = desk.becomes(desk.opens(), "take-back")
        desk.calls_off(workshop)
        assert desk.told()[-1] == ("activity.called-off", workshop["activity_id"])


class TestDone:
    def test_done_after_the_last_session(self, town: Town, desk: Desk) -> None:
        """When its last session has ended an activity is done, with those who had seats; one that goes on is not."""
        workshop, course = desk.opens(), desk.opens(sessions=[a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.signs_up(workshop, town.enrols(a_family()).party())
        desk.waits(timedelta(days=8))
        run_timer(desk.context, "finish")
        assert (desk.activity(workshop)["status"], desk.activity(workshop)["taken"]) == ("done", 2)
        assert desk.activity(course)["status"] == "open"
        assert desk.told("events.activity")[2:] == [("activity.done", workshop["activity_id"])]

    def test_attendance_of_what_is_done(self, town: Town, desk: Desk) -> None:
        """Attendance is recorded, and corrected, after an activity is done."""
        family, workshop = town.enrols(a_family()), desk.opens()
        desk.signs_up(workshop, family.party())
        desk.waits(timedelta(days=8))
        run_timer(desk.context, "finish")
        assert found(desk.marks(workshop, (family.mother, "present")))["results"][0]["result"] == "recorded"

    def test_drafts_and_what_was_called_off_are_not_done(self, desk: Desk) -> None:
        """What was not held does not become done."""
        draft, called_off = a_draft(desk), desk.opens()
        desk.calls_off(called_off)
        desk.waits(timedelta(days=8))
        run_timer(desk.context, "finish")
        assert [desk.activity(one)["status"] for one in (draft, called_off)] == ["draft", "called-off"]


class TestHolding:
    def test_the_usual_way(self, desk: Desk) -> None:
        """Without a way of its own an activity is held as is usual for its kind."""
        assert [desk.opens(kind=kind)["way"] for kind in ("workshop", "home-visit")] == ["in-person", "at-home"]

    def test_a_way_of_its_kind(self, desk: Desk) -> None:
        """A parents' event may be held online; a workshop may not, and the refusal says how it may be held."""
        assert desk.opens(kind="parents-event", way="online")["way"] == "online"
        answer = desk.coordinator.post("/v1/activities", json=an_opening(way="online"))
        assert reasons(answer) == [("way-not-of-kind", "/way")]
        assert "in-person" in answer.get_json()["errors"][0]["text"]["en"]

    def test_a_description(self, desk: Desk) -> None:
        """What an organiser writes freely is shown at the door and stands in no fact."""
        words = {"da": "Tag madpakke med.\nVi ses!", "en": "Bring lunch.\nSee you!"}
        workshop = desk.opens(description=words)
        assert desk.activity(workshop)["description"] == words
        guardian: Door = desk.door.as_(Role.GUARDIAN, subject=new_id())
        assert found(guardian.get(f"/v1/activities/{workshop['activity_id']}"))["description"] == words
