"""Changing what is there: details and sessions, seen before it is done, and never over what another has changed meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Cause, Role
from services.chassis.ids import new_id
from services.chassis.testing import published
from services.events.api.change_schemas import ChangeSchema
from services.events.domain.change import Change
from services.events.handlers import changing
from tests.events.builders import BIRKEGAARDEN, LAST_WEEK, NEXT_WEEK, NOW, a_family
from tests.events.test_storage import PATIENCE_S, until_somebody_waits
from tests.events.town import Desk, Json, Town, a_meeting, first_session, found, reasons

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Another coordinator, who does things at the same time."""
    with ThreadPoolExecutor(1) as somebody:
        yield somebody


def a_course(desk: Desk, meetings: int = 3) -> Json:
    """A workshop that meets every week."""
    return desk.opens(sessions=[a_meeting(NEXT_WEEK + WEEK * number) for number in range(meetings)])


def starts(activity: Json) -> list[datetime]:
    """When its sessions start."""
    return [datetime.fromisoformat(session["starts_at"]) for session in activity["sessions"]]


def the_fact(desk: Desk) -> Json:
    """The last fact of an activity."""
    data: Json = [fact for fact in published(desk.context) if fact["type"].startswith("events.activity.")][-1]["data"]
    return data


class TestDetails:
    def test_details_change(self, desk: Desk) -> None:
        """Title, description, way, district and institution can be changed, and everybody hears of it once."""
        event = desk.opens(kind="parents-event")
        new: Json = {"title": {"da": "Sang", "en": "Songs"}, "way": "online", "district": "baltorp", "institution": None}
        words = {"da": "Vi synger.", "en": "We sing."}
        done = desk.changes(event, description=words, **new)["activity"]
        assert {name: done[name] for name in new} == new
        assert (done["description"], done["institution_id"], done["version"]) == (words, None, event["version"] + 1)
        assert desk.activity(event) == done
        assert [fact for fact, _ in desk.told()] == ["activity.opened", "activity.changed"]
        assert the_fact(desk)["session_changes"] == []

    def test_nothing_new_changes_nothing(self, desk: Desk) -> None:
        """A change to what is there already raises no version and tells nobody."""
        workshop = desk.opens()
        session = {"session_id": first_session(workshop), "place": workshop["sessions"][0]["place"]}
        assert desk.changes(workshop, title=workshop["title"], move=[session])["activity"] == workshop
        assert len(desk.told()) == 1

    def test_a_place_that_is_none(self, desk: Desk) -> None:
        """An institution must be known and lie in the district, and a way must be one of the kind's; each by its field."""
        answer = desk.tries_to_change(desk.opens(), institution="maanehuset", district="skovlunde", way="online")
        assert reasons(answer) == [
            ("way-not-of-kind", "/changes/0/way"),
            ("district-not-known", "/changes/0/district"),
            ("institution-not-known", "/changes/0/institution"),
        ]

    def test_a_leader_gives_nothing_away(self, desk: Desk) -> None:
        """A leader changes what is his institution's, and cannot make it another's."""
        workshop, leader = desk.opens(), desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code])
        assert found(desk.tries_to_change(workshop, door=leader, title={"da": "Sang", "en": "Songs"}))
        answer = desk.tries_to_change(desk.activity(workshop), door=leader, institution=None)
        assert reasons(answer, 403) == [("not-your-institution", "")]
        assert desk.activity(workshop)["institution"] == BIRKEGAARDEN.code


class TestSessions:
    def test_a_session_is_moved(self, desk: Desk) -> None:
        """A moved session stays as long as it was, keeps its id, and the fact says what it was before."""
        course = a_course(desk)
        session = course["sessions"][1]
        done = desk.changes(course, move=[{"session_id": session["session_id"], "starts_at": (NEXT_WEEK + 10 * HOUR).isoformat()}])
        assert starts(done["activity"])[:2] == [NEXT_WEEK, NEXT_WEEK + 10 * HOUR]
        assert done["activity"]["sessions"][1]["ends_at"] == (NEXT_WEEK + 12 * HOUR).isoformat()
        (told,) = the_fact(desk)["session_changes"]
        assert (told["session_id"], told["what"]) == (session["session_id"], "moved")
        assert datetime.fromisoformat(told["before"]["starts_at"]) == NEXT_WEEK + WEEK

    def test_a_session_is_added(self, desk: Desk) -> None:
        """A session is added among the others, in the order of time."""
        course = a_course(desk, 2)
        done = desk.changes(course, add=[a_meeting(NEXT_WEEK + timedelta(days=3))])
        assert starts(done["activity"]) == [NEXT_WEEK, NEXT_WEEK + timedelta(days=3), NEXT_WEEK + WEEK]
        assert [step["what"] for step in done["sessions"]] == ["added"]

    def test_a_session_is_called_off(self, town: Town, desk: Desk) -> None:
        """One session called off leaves the others, every seat, and a trace; nobody's attendance at it can be recorded."""
        course = a_course(desk)
        signup = desk.signs_up(course, town.enrols(a_family()).party())
        off = course["sessions"][0]
        done = desk.changes(course, call_off=[off["session_id"]])["activity"]
        assert (done["sessions"], done["called_off_sessions"]) == (course["sessions"][1:], [off])
        assert desk.signup(signup)["status"] == "seated"
        assert the_fact(desk)["called_off_sessions"][0]["session_id"] == off["session_id"]
        assert reasons(desk.coordinator.get(f"/v1/sessions/{off['session_id']}/attendance"), 404) == [("session-not-found", "")]

    def test_all_sessions_are_shifted(self, desk: Desk) -> None:
        """All sessions from a day on move by days and minutes by the clock on the wall, also over the change to winter time."""
        before_the_change = datetime(2027, 10, 28, 14, 30, tzinfo=UTC)
        course = desk.opens(sessions=[a_meeting(NEXT_WEEK), a_meeting(before_the_change)])
        done = desk.changes(course, shift={"days": 7, "minutes": -30, "since": "2027-01-01"})["activity"]
        assert starts(done) == [NEXT_WEEK, datetime(2027, 11, 4, 15, 0, tzinfo=UTC)]

    def test_what_has_begun_stays(self, desk: Desk) -> None:
        """A session that has begun is neither shifted nor moved nor called off."""
        course = a_course(desk, 2)
        desk.waits(NEXT_WEEK - NOW + HOUR)
        assert starts(desk.changes(course, shift={"days": 1})["activity"]) == [NEXT_WEEK, NEXT_WEEK + timedelta(days=8)]
        now = desk.activity(course)
        begun = first_session(course)
        answers = [desk.tries_to_change(now, move=[{"session_id": begun, "place": "Haven"}]), desk.tries_to_change(now, call_off=[begun])]
        assert [reasons(answer, 409) for answer in answers] == [
            [("session-begun", "/changes/0/move/0/session_id")],
            [("session-begun", "/changes/0/call_off/0")],
        ]

    def test_every_reason_at_once(self, desk: Desk) -> None:
        """An impossible change is refused with all that is wrong with it, and nothing of it is done."""
        course = a_course(desk, 2)
        first, second = (session["session_id"] for session in course["sessions"])
        answer = desk.tries_to_change(
            course,
            add=[a_meeting(LAST_WEEK), a_meeting(NEXT_WEEK) | {"ends_at": NEXT_WEEK.isoformat()}],
            move=[{"session_id": second, "starts_at": NEXT_WEEK.isoformat()}, {"session_id": new_id(), "place": "Haven"}],
        )
        assert reasons(answer) == [
            ("session-not-of-activity", "/changes/0/move/1/session_id"),
            ("session-in-the-past", "/changes/0/add/0/starts_at"),
            ("session-ends-before-start", "/changes/0/add/1/ends_at"),
            ("sessions-overlap", "/changes/0/move/0/starts_at"),
        ]
        twice = desk.tries_to_change(course, move=[{"session_id": first, "place": "Haven"}], call_off=[first])
        assert ("session-twice", "/changes/0/call_off/0") in reasons(twice)
        assert desk.activity(course) == course

    def test_the_last_session(self, desk: Desk) -> None:
        """Whoever wants to call every session off calls the activity off instead."""
        workshop = desk.opens()
        assert reasons(desk.tries_to_change(workshop, call_off=[first_session(workshop)]), 409) == [("last-session", "/changes/0/call_off")]


class TestSeeingFirst:
    def test_a_preview_counts_whom_it_affects(self, town: Town, desk: Desk) -> None:
        """Before a session is moved an organiser sees how many parties, seated and waiting, and how many people it affects."""
        workshop = desk.opens(capacity=3)
        for family in (a_family(), a_family(children=2)):
            desk.signs_up(workshop, town.enrols(family).party())
        seen = desk.changes(workshop, dry_run=True, shift={"days": 1})
        assert seen["affected"] == {"signups": 2, "seated": 1, "waiting": 1, "people": 5}
        assert (desk.activity(workshop)["sessions"], desk.told()[-1][0]) == (workshop["sessions"], "signup.waitlisted")

    @given(
        shift=st.fixed_dictionaries({"days": st.integers(-20, 20), "minutes": st.integers(-600, 600)}),
        off=st.sets(st.integers(0, 2)),
        moved=st.sets(st.integers(0, 2), max_size=1),
    )
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_preview_is_what_is_done(self, desk: Desk, shift: Json, off: set[int], moved: set[int]) -> None:
        """Whatever is asked, its preview is answered as the change itself is, refusals too, and changes nothing."""
        course = a_course(desk)
        ids = [session["session_id"] for session in course["sessions"]]
        moves = [{"session_id": ids[index], "place": "Haven"} for index in moved]
        asked: Json = {"shift": shift, "call_off": [ids[index] for index in sorted(off)], "move": moves}
        before, told = desk.activity(course), len(desk.told())
        seen = desk.tries_to_change(course, dry_run=True, **asked)
        assert (desk.activity(course), len(desk.told())) == (before, told)
        done = desk.tries_to_change(course, **asked)
        assert (seen.status_code, seen.get_json().get("changes")) == (done.status_code, done.get_json().get("changes"))


class TestTwoEditors:
    def test_the_second_is_told(self, desk: Desk) -> None:
        """Of two coordinators who saw the same version the second changes nothing, and is told which version there is now."""
        workshop = desk.opens()
        desk.changes(workshop, shift={"days": 1})
        answer = desk.tries_to_change(workshop, shift={"days": 2})
        assert reasons(answer, 409) == [("changed-meanwhile", "/changes/0/version")]
        assert "version 2" in answer.get_json()["errors"][0]["text"]["en"]

    def test_at_the_same_moment(self, desk: Desk, other: ThreadPoolExecutor) -> None:
        """Who changes a session while another's change of it is on its way waits for it, sees it, and is refused."""
        workshop = desk.opens()
        with desk.context.work() as work:
            asked = Change(workshop["activity_id"], workshop["version"], {"title": {"da": "Sang", "en": "Songs"}})
            changing.change([asked], work, Cause(new_id()))
            trying = other.submit(desk.tries_to_change, workshop, shift={"days": 1})
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S), 409) == [("changed-meanwhile", "/changes/0/version")]
        assert (desk.activity(workshop)["title"]["en"], desk.activity(workshop)["sessions"]) == ("Songs", workshop["sessions"])

    def test_who_waited_sees_the_sessions_as_they_are(self, desk: Desk, other: ThreadPoolExecutor) -> None:
        """What is told after waiting for a moved session carries its new time, and not the one before the wait."""
        workshop = desk.opens()
        moved = {"session_id": first_session(workshop), "starts_at": (NEXT_WEEK + HOUR).isoformat()}
        with desk.context.work() as work:
            asked = ChangeSchema().load({"activity_id": workshop["activity_id"], "version": workshop["version"], "move": [moved]})
            changing.change([asked], work, Cause(new_id()))
            trying = other.submit(desk.resizes, workshop, 9)
            until_somebody_waits(work.connection)
        assert starts(found(trying.result(PATIENCE_S))) == [NEXT_WEEK + HOUR]


class TestMany:
    def test_many_activities_in_one_step(self, desk: Desk) -> None:
        """Several activities change together, and the answer has them in the order in which they were asked for."""
        workshops = [desk.opens() for _ in range(3)]
        asked = [{"activity_id": one["activity_id"], "version": 1, "shift": {"days": 1}} for one in reversed(workshops)]
        done = found(desk.coordinator.post("/v1/activities/changes", json={"changes": asked}))["changes"]
        assert [one["activity"]["activity_id"] for one in done] == [one["activity_id"] for one in asked]
        assert [starts(desk.activity(one)) for one in workshops] == [[NEXT_WEEK + timedelta(days=1)]] * 3

    def test_all_or_none(self, desk: Desk) -> None:
        """When one of them cannot be changed none is, and the reasons say which."""
        workshop, off = desk.opens(), desk.opens()
        desk.calls_off(off)
        asked = [
            {"activity_id": one["activity_id"], "version": one["version"], "shift": {"days": 1}} for one in (workshop, desk.activity(off))
        ]
        unknown = {"activity_id": new_id(), "version": 1}
        answer = desk.coordinator.post("/v1/activities/changes", json={"changes": asked})
        assert reasons(answer, 409) == [("activity-called-off", "/changes/1")]
        answer = desk.coordinator.post("/v1/activities/changes", json={"changes": [asked[0], asked[0], unknown]})
        assert reasons(answer) == [("activity-twice", "/changes/1/activity_id"), ("activity-not-found", "/changes/2/activity_id")]
        assert desk.activity(workshop) == workshop
