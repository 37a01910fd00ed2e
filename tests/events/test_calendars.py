"""Calendar feeds: made and revoked at the door, read with a token alone, and understood by a program that did not write them."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door
from services.events.documents.calendar_file import calendar_file
from services.events.domain.calendar import Feed, FeedKind
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, Family, a_family, a_pedagogue
from tests.events.town import Desk, Json, Town, a_meeting, alone, found, reasons

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
OWN = [BIRKEGAARDEN.code]


def subscribes(door: Door, kind: str = "family", **details: Any) -> str:
    """The path of a new feed."""
    return str(found(door.post("/v1/calendars", json={"kind": kind} | details), 201)["path"])


def as_guardian(desk: Desk, guardian: str) -> Door:
    """The door as this guardian uses it."""
    return desk.door.as_(Role.GUARDIAN, subject=guardian)


def file_at(desk: Desk, path: str) -> str:
    """The feed, as a calendar program that has nothing but the path gets it."""
    answer = desk.door.get(path)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_data(as_text=True)


def read(desk: Desk, path: str) -> Calendar:
    """The feed as an independent parser reads it."""
    return IcsCalendarStream.calendar_from_ics(file_at(desk, path))


def shown(desk: Desk, path: str) -> list[tuple[str | None, str | None]]:
    """What is shown of each session: its title and its status."""
    return [(entry.summary, entry.status and entry.status.value) for entry in read(desk, path).events]


@pytest.fixture
def family(town: Town) -> Family:
    """Two guardians and a child."""
    return town.enrols(a_family())


@pytest.fixture
def feed(desk: Desk, family: Family) -> str:
    """The mother's feed."""
    return subscribes(as_guardian(desk, family.mother))


class TestTokens:
    def test_token_is_told_once(self, desk: Desk, family: Family) -> None:
        """Who made a feed sees it in his list, without its token."""
        mother = as_guardian(desk, family.mother)
        token = subscribes(mother).removeprefix("/v1/calendars/").removesuffix(".ics")
        answer = mother.get("/v1/calendars")
        assert [feed["kind"] for feed in found(answer)["calendars"]] == ["family"]
        assert len(token) >= 43
        assert token not in answer.get_data(as_text=True)

    def test_path_at_a_shared_address(self, desk: Desk, family: Family) -> None:
        """Where several services share an address, the path that is told leads to the feed there."""
        body, mounted = {"kind": "family"}, {"SCRIPT_NAME": "/events"}
        path = found(as_guardian(desk, family.mother).post("/v1/calendars", json=body, environ_overrides=mounted), 201)["path"]
        assert path.startswith("/events/v1/calendars/")
        assert "VCALENDAR" in file_at(desk, path.removeprefix("/events"))

    def test_token_is_nowhere_in_the_database(self, desk: Desk, feed: str) -> None:
        """Neither the token nor a part of it that would open the feed is kept: not with the feed, not in the audit."""
        token = feed.removeprefix("/v1/calendars/").removesuffix(".ics")
        with desk.context.work() as work:
            tables = work.connection.exec_driver_sql(
                "select table_schema || '.' || table_name from information_schema.tables where table_schema in ('public', 'chassis')"
            ).scalars()
            for table in list(tables):
                rows = work.connection.exec_driver_sql(f"select cast(t as text) from {table} t").scalars()
                assert not [row for row in rows if token in row or token.encode().hex() in row]

    def test_token_is_in_no_log(self, desk: Desk, feed: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        """Whether a feed is read or refused, logs name the route and never the token."""
        wrong = feed.replace(".ics", "x.ics")
        desk.door.get(feed)
        assert reasons(desk.door.get(wrong), 404) == [("calendar-not-found", "")]
        logged = capsys.readouterr().err + capsys.readouterr().out + caplog.text
        assert feed.removeprefix("/v1/calendars/").removesuffix(".ics") not in logged

    def test_revoked(self, desk: Desk, family: Family, feed: str) -> None:
        """A revoked feed is gone at once, and gone again changes nothing else."""
        mother = as_guardian(desk, family.mother)
        calendar_id = found(mother.get("/v1/calendars"))["calendars"][0]["calendar_id"]
        assert mother.delete(f"/v1/calendars/{calendar_id}").status_code == 204
        assert reasons(desk.door.get(feed), 404) == [("calendar-not-found", "")]
        assert reasons(mother.delete(f"/v1/calendars/{calendar_id}"), 404) == [("calendar-not-found", "")]

    def test_nobody_revokes_anothers(self, desk: Desk, family: Family, feed: str) -> None:
        """Of another's feed nobody learns that it is there."""
        calendar_id = found(as_guardian(desk, family.mother).get("/v1/calendars"))["calendars"][0]["calendar_id"]
        assert as_guardian(desk, family.guardians[1]).delete(f"/v1/calendars/{calendar_id}").status_code == 404
        assert desk.door.get(feed).status_code == 200

    def test_no_more_than_ten(self, desk: Desk, family: Family) -> None:
        """Somebody has ten feeds at most."""
        mother = as_guardian(desk, family.mother)
        answers = [mother.post("/v1/calendars", json={"kind": "family"}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [201] * 10 + [409]

    @pytest.mark.parametrize(
        ("role", "kind"),
        [(Role.GUARDIAN, "professional"), (Role.GUARDIAN, "institution"), (Role.PROFESSIONAL, "family"), (Role.COORDINATOR, "family")],
    )
    def test_nobody_elses(self, desk: Desk, role: Role, kind: str) -> None:
        """Guardians have their family's feed, professionals their own, leaders and coordinators an institution's."""
        details = {"institution": BIRKEGAARDEN.code} if kind == "institution" else {}
        answer = desk.door.as_(role, subject=new_id()).post("/v1/calendars", json={"kind": kind} | details)
        assert reasons(answer, 403) == [("not-your-calendar", "")]

    def test_another_institution(self, desk: Desk) -> None:
        """A leader has the feed of his own institution, and of no other; an institution's feed names one."""
        leader = desk.door.as_(Role.LEADER, institutions=OWN)
        assert leader.post("/v1/calendars", json={"kind": "institution", "institution": "regnbuen"}).status_code == 403
        assert reasons(desk.coordinator.post("/v1/calendars", json={"kind": "institution"}), 409) == [
            ("institution-not-known", "/institution")
        ]


class TestFamily:
    def test_life_of_a_sign_up(self, town: Town, desk: Desk, family: Family, feed: str) -> None:
        """Waiting, seated, cancelled: the same entry under the same UID, with a sequence that rises with each change."""
        workshop = desk.opens(capacity=2)
        first = desk.signs_up(workshop, town.enrols(a_family()).party())
        signup = desk.signs_up(workshop, family.party())
        seen = [*read(desk, feed).events]
        for leaving in (first, signup):
            desk.cancels(leaving)
            seen += read(desk, feed).events
        assert [entry.status and entry.status.value for entry in seen] == ["TENTATIVE", "CONFIRMED", "CANCELLED"]
        assert {entry.uid for entry in seen} == {f"{workshop['sessions'][0]['session_id']}@deltag"}
        assert [entry.sequence for entry in seen] == sorted({entry.sequence or 0 for entry in seen})

    def test_called_off(self, desk: Desk, family: Family, feed: str) -> None:
        """What the organiser called off stays in the feed as cancelled, so that calendars take it out."""
        workshop = desk.opens()
        desk.signs_up(workshop, family.party())
        before = read(desk, feed).events[0].sequence
        desk.calls_off(workshop)
        [entry] = read(desk, feed).events
        assert (entry.status and entry.status.value, (entry.sequence or 0) > (before or 0)) == ("CANCELLED", True)

    def test_moved_and_called_off_sessions(self, desk: Desk, family: Family, feed: str) -> None:
        """A session that is moved is the same entry at another time, one that is called off is cancelled; both with a higher sequence."""
        course = desk.opens(sessions=[a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))])
        desk.signs_up(course, family.party())
        before = read(desk, feed).events
        first, second = (session["session_id"] for session in course["sessions"])
        later = NEXT_WEEK + timedelta(hours=1)
        desk.changes(desk.activity(course), move=[{"session_id": first, "starts_at": later.isoformat()}], call_off=[second])
        after = read(desk, feed).events
        assert [(entry.uid, entry.status and entry.status.value) for entry in after] == [
            (before[0].uid, "CONFIRMED"),
            (before[1].uid, "CANCELLED"),
        ]
        assert after[0].dtstart == later
        assert [(new.sequence or 0) > (old.sequence or 0) for new, old in zip(after, before, strict=True)] == [True, True]

    def test_signed_up_again(self, desk: Desk, family: Family, feed: str) -> None:
        """Who signs up again after he cancelled has one entry, and comes."""
        workshop = desk.opens()
        desk.cancels(desk.signs_up(workshop, family.party()))
        desk.signs_up(workshop, family.party())
        assert [status for _, status in shown(desk, feed)] == ["CONFIRMED"]

    def test_other_guardian(self, desk: Desk, family: Family) -> None:
        """A child's other guardian does not see what the first one brings it to: it would tell him where that one is."""
        desk.signs_up(desk.opens(), family.party())
        assert shown(desk, subscribes(as_guardian(desk, family.guardians[1]))) == []

    def test_guardian_who_may_not_be_told_any_more(self, town: Town, desk: Desk, family: Family, feed: str) -> None:
        """From the day on which a guardian may not be told of a child, his feed does not hold what the child comes to."""
        desk.signs_up(desk.opens(), family.party())
        assert len(shown(desk, feed)) == 1
        barred = {"valid_from": None, "valid_until": None, "contact_allowed": False}
        guardians = [{"guardian_id": family.mother, "periods": [barred]}]
        town.tells("family.changed", family.children[0], child_id=family.children[0], guardians=guardians)
        assert shown(desk, feed) == []

    def test_nobody_in_it(self, desk: Desk, family: Family, feed: str) -> None:
        """A feed holds no id of anybody, and nobody's part in it: only what is held, when and where, and how one stands to it."""
        signup = desk.signs_up(desk.opens(), family.party(guardians=2))
        text = file_at(desk, feed)
        assert not [id_ for id_ in (*family.guardians, *family.children, signup["signup_id"]) if id_ in text]

    def test_other_families(self, town: Town, desk: Desk, feed: str) -> None:
        """What others come to is not in it."""
        desk.signs_up(desk.opens(), town.enrols(a_family()).party())
        assert shown(desk, feed) == []

    def test_merged_guardian(self, town: Town, desk: Desk, family: Family, feed: str) -> None:
        """A guardian who was stored twice reads in one feed what he comes to under either id."""
        kept = new_id()
        town.tells("person.merged", family.mother, person_id=family.mother, into_id=kept)
        desk.signs_up(desk.opens(), family.party())
        assert [status for _, status in shown(desk, feed)] == ["CONFIRMED"]

    def test_languages(self, desk: Desk, family: Family) -> None:
        """A feed is in the language in which it was asked for."""
        desk.signs_up(desk.opens(), family.party())
        danish, english = (subscribes(as_guardian(desk, family.mother), language=language) for language in ("da", "en"))
        assert [title for title, _ in shown(desk, danish) + shown(desk, english)] == [
            "Leg og sprog i hverdagen",
            "Play and language every day",
        ]

    def test_old_sessions_leave(self, desk: Desk, family: Family, feed: str) -> None:
        """Ninety days after its end a session leaves the feed."""
        desk.signs_up(desk.opens(), family.party())
        desk.waits(NEXT_WEEK - NOW + timedelta(days=89))
        assert len(shown(desk, feed)) == 1
        desk.waits(timedelta(days=2))
        assert shown(desk, feed) == []


class TestOthers:
    def test_professional(self, town: Town, desk: Desk) -> None:
        """A professional's feed holds the courses that he comes to."""
        one = town.employs(a_pedagogue())
        desk.signs_up(desk.opens(kind="learning-lab"), alone(one))
        assert len(shown(desk, subscribes(desk.door.as_(Role.PROFESSIONAL, subject=one.professional_id), "professional"))) == 1

    def test_facilitator(self, town: Town, desk: Desk) -> None:
        """Who is booked to lead a session finds it in his own feed, also where he is signed up, and not when he is booked no more."""
        one = town.employs(a_pedagogue())
        lab = desk.opens(kind="learning-lab", capacity=9)
        path = subscribes(desk.door.as_(Role.PROFESSIONAL, subject=one.professional_id), "professional")
        leader = desk.registers(kind="facilitator", institution=None, name=None, professional_id=one.professional_id)
        assert desk.tries_to_book(lab, leader).status_code == 200
        assert [entry.description for entry in read(desk, path).events] == ["Du står for mødegangen."]
        assert desk.tries_to_book(lab).status_code == 200
        assert read(desk, path).events == []

    def test_institution(self, desk: Desk, family: Family) -> None:
        """An institution's feed holds everything that is held there, with nobody who comes, and does not change when somebody signs up."""
        path = subscribes(desk.door.as_(Role.LEADER, institutions=OWN), "institution", institution=BIRKEGAARDEN.code)
        workshop, elsewhere = desk.opens(), desk.opens(institution=None)
        before = desk.door.get(path).headers["ETag"]
        desk.signs_up(workshop, family.party())
        assert [entry.uid for entry in read(desk, path).events] == [f"{workshop['sessions'][0]['session_id']}@deltag"]
        assert elsewhere["activity_id"] not in file_at(desk, path)
        assert desk.door.get(path).headers["ETag"] == before


class TestCaching:
    def test_unchanged(self, desk: Desk, family: Family, feed: str) -> None:
        """Who has the feed as it is gets 304 and nothing more, also later; after a change he gets the new one."""
        signup = desk.signs_up(desk.opens(), family.party())
        first = desk.door.get(feed)
        desk.waits(timedelta(hours=1))
        again = asks_again(desk, feed, first)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert "Content-Type" not in again.headers
        desk.cancels(signup)
        assert asks_again(desk, feed, first).status_code == 200

    def test_headers(self, desk: Desk, feed: str) -> None:
        """It is the reader's alone and may be kept for five minutes; it says that it is a calendar in UTF-8."""
        answer = desk.door.get(feed)
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers.getlist("Cache-Control") == ["private, max-age=300"]


def asks_again(desk: Desk, path: str, first: TestResponse) -> TestResponse:
    """The answer to somebody who has the first one."""
    return desk.door.get(path, headers={"If-None-Match": first.headers["ETag"]})


class TestTime:
    @pytest.mark.parametrize(
        ("day", "offset_hours"),
        [(date(2026, 3, 28), 1), (date(2026, 3, 29), 2), (date(2026, 10, 24), 2), (date(2026, 10, 25), 1)],
    )
    def test_both_switches(self, desk: Desk, family: Family, day: date, offset_hours: int) -> None:
        """A session at half past four stays at half past four on either side of both switches of 2026."""
        desk.is_now(datetime(2026, 3, 1, 9, tzinfo=UTC))
        starts_at = datetime(day.year, day.month, day.day, 16, 30, tzinfo=COPENHAGEN)
        desk.signs_up(desk.opens(sessions=[a_meeting(starts_at)]), family.party())
        [entry] = read(desk, subscribes(as_guardian(desk, family.mother))).events
        assert entry.dtstart == starts_at
        assert isinstance(entry.dtstart, datetime)
        assert (entry.dtstart.hour, entry.dtstart.minute, entry.dtstart.utcoffset()) == (16, 30, timedelta(hours=offset_hours))

    def test_across_the_night_of_a_switch(self, desk: Desk, family: Family) -> None:
        """A session over the hour that comes twice begins and ends when it does, and not an hour off."""
        desk.is_now(datetime(2026, 10, 1, 9, tzinfo=UTC))
        night: Json = {"starts_at": "2026-10-25T01:30:00+02:00", "ends_at": "2026-10-25T03:30:00+01:00", "place": "Birkegården"}
        desk.signs_up(desk.opens(sessions=[night]), family.party())
        [entry] = read(desk, subscribes(as_guardian(desk, family.mother))).events
        assert entry.dtstart == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
        assert entry.dtend == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("begins", "ends"),
        [("02:30:00+02:00", "02:30:00+01:00"), ("02:15:00+01:00", "02:45:00+01:00"), ("02:15:00+02:00", "02:45:00+02:00")],
    )
    def test_in_the_hour_that_comes_twice(self, desk: Desk, family: Family, begins: str, ends: str) -> None:
        """A session of the night of the switch is told at its moments, whichever time round of the hour they are in."""
        desk.is_now(datetime(2027, 10, 1, 9, tzinfo=UTC))
        night: Json = {"starts_at": f"2027-10-31T{begins}", "ends_at": f"2027-10-31T{ends}", "place": "Birkegården"}
        desk.signs_up(desk.opens(sessions=[night]), family.party())
        [entry] = read(desk, subscribes(as_guardian(desk, family.mother))).events
        assert isinstance(entry.dtend, datetime)
        assert [moment.astimezone(UTC) for moment in (entry.start_datetime, entry.dtend)] == [
            datetime.fromisoformat(night[field]).astimezone(UTC) for field in ("starts_at", "ends_at")
        ]

    @given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
    def test_time_zone_definition(self, moment: datetime) -> None:
        """The VTIMEZONE of a feed, read by a program that knows no time zone of its own, gives Danish time at every moment."""
        written = calendar_file(Feed(new_id(), FeedKind.FAMILY, new_id(), None, "da", NOW), [], NOW).decode()
        zone = tzical(StringIO(written)).get("Europe/Copenhagen")
        local = moment.astimezone(COPENHAGEN).replace(tzinfo=None)
        assert local.replace(tzinfo=zone).utcoffset() == local.replace(tzinfo=COPENHAGEN).utcoffset()
