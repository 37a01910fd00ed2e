"""Courses: sessions that repeat, who may join late, who completed, and the same activity on other days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.ids import new_id
from services.events.api.course_schemas import WEEKDAYS
from services.events.domain.series import LONGEST, Repeat, easter_sunday, held_anew, repeated
from services.events.domain.session import LOCAL
from services.events.resources import load
from tests.events.builders import NEXT_WEEK, NOW, a_family, a_session
from tests.events.town import Desk, Json, Town, a_meeting, an_opening, found, reasons

WEEK = timedelta(days=7)
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))
CLOSED = load().closing_days


def planned(desk: Desk, first: datetime, **rule: object) -> list[date]:
    """The days on which the rule holds sessions."""
    body = {"first": a_meeting(first), "weekdays": [WEEKDAYS[first.weekday()]]} | rule
    sessions = found(desk.coordinator.post("/v1/session-plans", json=body))["sessions"]
    return [datetime.fromisoformat(session["starts_at"]).astimezone(LOCAL).date() for session in sessions]


def a_course(desk: Desk, **details: object) -> Json:
    """Three meetings, a week apart."""
    opening = an_opening(sessions=[a_meeting(NEXT_WEEK + WEEK * number) for number in range(3)], **details)
    return found(desk.coordinator.post("/v1/activities", json=opening), 201)


class TestRepeating:
    def test_every_week_but_on_closing_days(self, desk: Desk) -> None:
        """Eight Thursdays from December on skip Christmas Eve and New Year's Eve."""
        days = planned(desk, datetime(2026, 12, 10, 15, tzinfo=UTC), times=4)
        assert days == [date(2026, 12, 10), date(2026, 12, 17), date(2027, 1, 7), date(2027, 1, 14)]

    def test_every_other_week_until_a_day(self, desk: Desk) -> None:
        """Mondays and Wednesdays of every other week, until a day, without a week of holidays that is named."""
        monday = datetime(2027, 1, 11, 15, tzinfo=UTC)
        named = {"weekdays": ["wednesday", "monday"], "every": 2, "until": "2027-02-10", "without": ["2027-01-25"]}
        assert planned(desk, monday, **named) == [
            date(2027, 1, 11),
            date(2027, 1, 13),
            date(2027, 1, 27),
            date(2027, 2, 8),
            date(2027, 2, 10),
        ]

    def test_what_is_planned_can_be_opened(self, desk: Desk) -> None:
        """A plan's sessions are what an activity is opened with, at the same time of day over the change to summer time."""
        first = datetime(2027, 3, 22, 15, 30, tzinfo=UTC)
        body = {"first": a_meeting(first), "weekdays": ["monday"], "times": 2}
        sessions = found(desk.coordinator.post("/v1/session-plans", json=body))["sessions"]
        starts = [datetime.fromisoformat(session["starts_at"]) for session in desk.opens(sessions=sessions)["sessions"]]
        assert starts == [first, datetime(2027, 4, 5, 14, 30, tzinfo=UTC)]

    @pytest.mark.parametrize("wrong", [{"weekdays": []}, {"weekdays": ["mandag"]}, {"times": 0}, {"every": 0}, {"until": "1999-01-01"}])
    def test_a_rule_that_is_none(self, desk: Desk, wrong: Json) -> None:
        """A rule without days, or out of range, is refused by its field."""
        body = {"first": a_meeting(NEXT_WEEK), "weekdays": ["monday"]} | wrong
        assert [field.split("/")[1] for _, field in reasons(desk.coordinator.post("/v1/session-plans", json=body))] == list(wrong)

    @given(DAYS, st.sets(st.integers(0, 6), min_size=1), st.integers(1, 5), st.none() | st.integers(1, 60), st.sets(DAYS, max_size=5))
    def test_whatever_the_rule(self, day: date, weekdays: set[int], every: int, times: int | None, without: set[date]) -> None:
        """Every session is on one of the weekdays, of the right weeks, on no day left out, at the same time of day; all are apart."""
        first = a_session(datetime(day.year, day.month, day.day, 16, 30, tzinfo=LOCAL).astimezone(UTC))
        sessions = repeated(Repeat(first, weekdays, every, times, without=without), CLOSED, new_id, 100)
        days = [session.held_on for session in sessions]
        assert days == sorted(set(days))
        assert len(days) <= (times or 100)
        monday = day - timedelta(days=day.weekday())
        assert all(one.weekday() in weekdays and (one - monday).days // 7 % every == 0 for one in days)
        assert not any(one in without or one in CLOSED for one in days)
        assert all(day <= one <= day + LONGEST for one in days)
        assert {session.starts_at.astimezone(LOCAL).time() for session in sessions} <= {first.starts_at.astimezone(LOCAL).time()}

    @pytest.mark.parametrize("day", ["2026-04-02", "2026-04-03", "2026-04-06", "2026-05-14", "2026-05-25", "2026-06-05", "2026-12-24"])
    def test_closing_days(self, day: str) -> None:
        """Maundy Thursday to Easter Monday, Ascension Day, Whit Monday, Constitution Day and Christmas are closing days."""
        assert date.fromisoformat(day) in CLOSED

    def test_no_closing_day_any_more(self) -> None:
        """The great prayer day is an ordinary Friday."""
        assert easter_sunday(2026) + timedelta(days=26) not in CLOSED


class TestJoining:
    def test_sign_up_closes_with_the_first_session(self, town: Town, desk: Desk) -> None:
        """Without a word on it nobody joins a course that has begun."""
        course = a_course(desk)
        desk.waits(NEXT_WEEK - NOW)
        assert reasons(desk.tries_to_sign_up(course, town.enrols(a_family()).party()), 409) == [("signup-closed", "")]

    def test_joining_late(self, town: Town, desk: Desk) -> None:
        """A family may join until the session begins that the course names, and the line moves up until then."""
        families = town.enrols_all([a_family() for _ in range(3)])
        course = a_course(desk, join_until=2, capacity=2)
        desk.waits(NEXT_WEEK - NOW + timedelta(days=1))
        first, second = (desk.signs_up(course, family.party()) for family in families[:2])
        desk.cancels(first)
        assert desk.standing(first, second) == [("cancelled", None), ("seated", None)]
        desk.waits(WEEK)
        assert reasons(desk.tries_to_sign_up(course, families[2].party()), 409) == [("signup-closed", "")]

    def test_more_than_there_are(self, desk: Desk) -> None:
        """Neither can one join with the fourth of three sessions, nor complete four of them; also after a change."""
        answer = desk.coordinator.post("/v1/activities", json=an_opening(join_until=2, completes_with=4))
        assert reasons(answer) == [("more-than-sessions", "/completes_with"), ("more-than-sessions", "/join_until")]
        course = a_course(desk, completes_with=3)
        answer = desk.tries_to_change(course, call_off=[course["sessions"][0]["session_id"]])
        assert reasons(answer) == [("more-than-sessions", "/changes/0/completes_with")]
        assert desk.changes(course, completes_with=2, join_until=3)["activity"]["completes_with"] == 2


class TestCompleting:
    def test_who_completed(self, town: Town, desk: Desk) -> None:
        """Who came to enough sessions, in time or late, has completed; who was excused has not."""
        family = town.enrols(a_family())
        course = a_course(desk, completes_with=2)
        desk.signs_up(course, family.party())
        for session, states in zip(course["sessions"], (("present", "present"), ("late", "excused")), strict=False):
            desk.waits(WEEK)
            marks = [{"person_id": who, "state": state} for who, state in zip((family.mother, *family.children), states, strict=True)]
            found(desk.coordinator.put(f"/v1/sessions/{session['session_id']}/attendance", json={"attendance": marks}))
        page = found(desk.coordinator.get(f"/v1/activities/{course['activity_id']}/completions"))["items"]
        assert {one["person_id"]: (one["attended"], one["completed"]) for one in page} == {
            family.mother: (2, True),
            family.children[0]: (1, False),
        }

    def test_in_pages(self, town: Town, desk: Desk) -> None:
        """The list is read page by page; where no number is named nobody completes, and who waits is not on it."""
        course = a_course(desk, capacity=2)
        family, waiting = town.enrols_all([a_family(), a_family()])
        desk.signs_up(course, family.party())
        desk.signs_up(course, waiting.party())
        path = f"/v1/activities/{course['activity_id']}/completions?limit=1"
        first = found(desk.coordinator.get(path))
        second = found(desk.coordinator.get(f"{path}&after={first['next']}"))
        items = first["items"] + second["items"]
        assert sorted(one["person_id"] for one in items) == sorted([family.mother, *family.children])
        assert [one["completed"] for one in items] == [False, False]


class TestCopying:
    def test_a_copy(self, town: Town, desk: Desk) -> None:
        """A copy is a draft with the same content and nobody in it, at the same time of day on other days."""
        course = a_course(desk, completes_with=2)
        desk.signs_up(course, town.enrols(a_family()).party())
        changed = desk.changes(course, call_off=[course["sessions"][1]["session_id"]])["activity"]
        copied = found(desk.coordinator.post(f"/v1/activities/{course['activity_id']}/copies", json={"starts_on": "2027-06-07"}), 201)
        own = ("activity_id", "status", "version", "taken", "free", "sessions", "called_off_sessions")
        assert {name: value for name, value in copied.items() if name not in own} == {
            name: value for name, value in changed.items() if name not in own
        }
        assert (copied["status"], copied["taken"], copied["version"], copied["called_off_sessions"]) == ("draft", 0, 1, [])
        starts = [datetime.fromisoformat(session["starts_at"]) for session in copied["sessions"]]
        assert starts == [datetime(2027, 6, 7, 8, tzinfo=UTC), datetime(2027, 6, 21, 8, tzinfo=UTC)]

    def test_a_copy_is_made_once(self, desk: Desk) -> None:
        """With an id of one's own a copy may be asked for again."""
        path, body = f"/v1/activities/{desk.opens()['activity_id']}/copies", {"activity_id": new_id(), "starts_on": "2027-06-07"}
        assert [desk.coordinator.post(path, json=body).status_code for _ in range(2)] == [201, 200]

    def test_no_copy_in_the_past(self, desk: Desk) -> None:
        """A copy is refused like an opening: its days must lie ahead."""
        answer = desk.coordinator.post(f"/v1/activities/{desk.opens()['activity_id']}/copies", json={"starts_on": "2026-01-05"})
        assert reasons(answer) == [("session-in-the-past", "/sessions/0/starts_at")]

    @given(st.lists(st.integers(0, 400), min_size=1, max_size=5, unique=True), DAYS)
    def test_the_days_stay_as_far_apart(self, offsets: list[int], day: date) -> None:
        """Whatever the days, the first is the one that is asked for and the others keep their distance and their hour."""
        sessions = [a_session(NEXT_WEEK + timedelta(days=offset)) for offset in offsets]
        copied = held_anew(sessions, day, new_id)
        assert min(session.held_on for session in copied) == day
        first = min(session.held_on for session in sessions)
        assert [(s.held_on - day, s.starts_at.astimezone(LOCAL).time()) for s in copied] == [
            (s.held_on - first, s.starts_at.astimezone(LOCAL).time()) for s in sessions
        ]
