"""Rooms, equipment and facilitators: at one place at a time, whoever books them, and wherever their sessions move."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.events.handlers import booking
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, a_pedagogue
from tests.events.test_storage import PATIENCE_S, until_somebody_waits
from tests.events.town import Desk, Json, Town, a_meeting, first_session, found, reasons

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_DOUBLES = sa.text("""
select count(*) from booking a join booking b on a.bookable_id = b.bookable_id and a.session_id < b.session_id and a.during && b.during
where a.hard
""")
_UNTRUE = sa.text("""
select count(*) from booking b join session s on s.session_id = b.session_id
where s.called_off or b.during <> tstzrange(s.starts_at, s.ends_at)
""")


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Another coordinator, who does things at the same time."""
    with ThreadPoolExecutor(1) as somebody:
        yield somebody


def at(desk: Desk, *starts: datetime) -> Json:
    """A workshop with a session of two hours from each of these moments."""
    return desk.opens(sessions=[a_meeting(start) for start in starts])


def books(desk: Desk, activity: Json, *bookables: Json) -> Json:
    """What the first session has booked, and what clashes."""
    return found(desk.tries_to_book(activity, *bookables))


def check(desk: Desk) -> None:
    """Nothing hard is booked twice, and everything is booked at its session's time."""
    with desk.context.work() as work:
        assert [work.connection.execute(law).scalar_one() for law in (_DOUBLES, _UNTRUE)] == [0, 0]


class TestRegistering:
    def test_a_room(self, desk: Desk) -> None:
        """A room is hard if nothing else is said; registered again it is the same, and another with its id is a conflict."""
        room = desk.registers(bookable_id=new_id())
        asked = {name: value for name, value in room.items() if name != "hard"}
        assert (room["hard"], found(desk.coordinator.post("/v1/bookables", json=asked))) == (True, room)
        answer = desk.coordinator.post("/v1/bookables", json=asked | {"hard": False})
        assert reasons(answer, 409) == [("bookable-exists", "/bookable_id")]
        assert found(desk.coordinator.get("/v1/bookables?kind=room&institution=birkegaarden"))["items"] == [room]

    def test_a_facilitator(self, town: Town, desk: Desk) -> None:
        """A facilitator is one of the professionals, and is named nowhere."""
        pedagogue = town.employs(a_pedagogue())
        who = {"kind": "facilitator", "institution": None, "name": None, "professional_id": pedagogue.professional_id}
        assert desk.registers(**who)["professional_id"] == pedagogue.professional_id

    def test_what_cannot_be_registered(self, desk: Desk) -> None:
        """A room needs a name and a facilitator none; a room is no professional; programme and institution must be known."""
        room = {"kind": "room", "programme": "sprog-i-fokus", "institution": "maanehuset", "professional_id": new_id()}
        assert reasons(desk.coordinator.post("/v1/bookables", json=room)) == [
            ("programme-not-known", "/programme"),
            ("institution-not-known", "/institution"),
            ("facilitator-is-professional", "/professional_id"),
            ("facilitator-has-no-name", "/name"),
        ]

    def test_a_leader_has_his_own(self, desk: Desk) -> None:
        """A leader registers and books what is his institution's, books what is the municipality's, and nothing of another's."""
        leader = desk.door.as_(Role.LEADER, institutions=[BIRKEGAARDEN.code])
        body = {"kind": "room", "programme": "sammen-om-boern", "name": {"da": "Salen", "en": "The hall"}}
        assert leader.post("/v1/bookables", json=body | {"institution": BIRKEGAARDEN.code}).status_code == 201
        assert reasons(leader.post("/v1/bookables", json=body), 403) == [("not-your-institution", "")]
        projector = desk.registers(kind="equipment", institution=None)
        path = f"/v1/sessions/{first_session(desk.opens())}/bookings"
        assert leader.put(path, json={"bookables": [projector["bookable_id"]]}).status_code == 200


class TestBooking:
    def test_a_session_books(self, desk: Desk) -> None:
        """A session books what it needs, and what it does not name any more is free."""
        workshop, room, projector = desk.opens(), desk.registers(), desk.registers(kind="equipment", institution=None)
        assert [one["bookable_id"] for one in books(desk, workshop, room, projector)["bookings"]] == sorted(
            [room["bookable_id"], projector["bookable_id"]]
        )
        booked = books(desk, workshop, projector)
        assert found(desk.coordinator.get(f"/v1/sessions/{first_session(workshop)}/bookings")) == booked
        assert [one["bookable_id"] for one in booked["bookings"]] == [projector["bookable_id"]]

    def test_taken(self, desk: Desk) -> None:
        """What another session has at that time is refused, with its day and kind; right after it, it is free."""
        room = desk.registers()
        books(desk, at(desk, NEXT_WEEK), room)
        answer = desk.tries_to_book(at(desk, NEXT_WEEK + HOUR), room)
        assert reasons(answer, 409) == [("booked-already", "/bookables/0")]
        assert "2026-11-09 (room)" in answer.get_json()["errors"][0]["text"]["en"]
        assert books(desk, at(desk, NEXT_WEEK + 2 * HOUR), room)["clashes"] == []

    def test_soft_is_told(self, desk: Desk) -> None:
        """What is soft is booked twice, and the answer says by whom."""
        garden, first, second = desk.registers(hard=False), desk.opens(), desk.opens()
        books(desk, first, garden)
        (told,) = books(desk, second, garden)["clashes"]
        assert (told["session_id"], told["other_session_id"]) == (first_session(second), first_session(first))

    def test_what_cannot_be_booked(self, desk: Desk) -> None:
        """What is not there, and what is named twice, is refused by its place in the list."""
        room = desk.registers()
        answer = desk.tries_to_book(desk.opens(), room, room, {"bookable_id": new_id()})
        assert reasons(answer) == [("bookable-twice", "/bookables/1"), ("bookable-not-found", "/bookables/2")]

    def test_when_it_is_free(self, desk: Desk) -> None:
        """The bookings of a room are read in the order of time, page by page, between two moments."""
        room = desk.registers()
        workshops = [at(desk, NEXT_WEEK + DAY * number) for number in (2, 0, 1)]
        for workshop in workshops:
            books(desk, workshop, room)
        path = f"/v1/bookables/{room['bookable_id']}/bookings"
        first = found(desk.coordinator.get(f"{path}?limit=2"))
        second = found(desk.coordinator.get(f"{path}?limit=2&after={first['next']}"))
        in_order = [first_session(workshops[index]) for index in (1, 2, 0)]
        assert [one["session_id"] for one in first["items"] + second["items"]] == in_order
        between = f"{path}?since=2026-11-10T00:00:00Z&until=2026-11-11T00:00:00Z"
        assert [one["session_id"] for one in found(desk.coordinator.get(between))["items"]] == in_order[1:2]


class TestMoving:
    def test_bookings_go_with_the_session(self, desk: Desk) -> None:
        """A moved session keeps its room at its new time and frees it at the old one; a course moves into its own place."""
        room = desk.registers()
        course = at(desk, NEXT_WEEK, NEXT_WEEK + 7 * DAY)
        for session in course["sessions"]:
            body = {"bookables": [room["bookable_id"]]}
            found(desk.coordinator.put(f"/v1/sessions/{session['session_id']}/bookings", json=body))
        desk.changes(course, shift={"days": 7})
        assert books(desk, at(desk, NEXT_WEEK), room)["clashes"] == []
        check(desk)

    def test_no_move_into_what_is_taken(self, desk: Desk) -> None:
        """A session is not moved to a time at which another has its room; the preview says so too, and nothing moves."""
        room, first, second = desk.registers(), at(desk, NEXT_WEEK), at(desk, NEXT_WEEK + DAY)
        books(desk, first, room)
        books(desk, second, room)
        answers = [desk.tries_to_change(second, dry_run=dry_run, shift={"days": -1}) for dry_run in (True, False)]
        assert [reasons(answer, 409) for answer in answers] == [[("booked-already", "/changes/0")]] * 2
        assert desk.activity(second) == second

    def test_what_is_called_off_is_free(self, desk: Desk) -> None:
        """A session called off by itself, and an activity called off, free what they had."""
        room, course = desk.registers(), at(desk, NEXT_WEEK, NEXT_WEEK + DAY)
        books(desk, course, room)
        desk.changes(course, call_off=[first_session(course)])
        workshop = desk.opens()
        books(desk, workshop, room)
        desk.calls_off(workshop)
        assert books(desk, desk.opens(), room)["clashes"] == []


class TestAtOnce:
    def test_two_who_want_the_room(self, desk: Desk, other: ThreadPoolExecutor) -> None:
        """Of two who book a room for the same time at the same moment, one waits for the other and is refused."""
        room, first, second = desk.registers(), desk.opens(), desk.opens()
        with desk.context.work() as work:
            booking.book(first_session(first), [room["bookable_id"]], work)
            trying = other.submit(desk.tries_to_book, second, room)
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S), 409) == [("booked-already", "/bookables/0")]

    def test_the_database_has_the_last_word(self, desk: Desk) -> None:
        """Written past every rule, a room is still not booked twice."""
        room, first, second = desk.registers(), desk.opens(), desk.opens()
        books(desk, first, room)
        with pytest.raises(sa.exc.IntegrityError, match="never_booked_twice"), desk.context.work() as work:
            work.bookings.set(first_session(second), [room["bookable_id"]])

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans()), min_size=4, max_size=10))
    @settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_runs_side_by_side(self, desk: Desk, steps: Sequence[tuple[int, int, bool]]) -> None:
        """Four at once book two rooms for three workshops and move these about: no room is ever booked twice, and nobody gets an error."""
        rooms, workshops = [desk.registers(), desk.registers()], [at(desk, NEXT_WEEK + HOUR * number) for number in range(3)]

        def does(step: tuple[int, int, bool]) -> int:
            which, hour, moves = step
            if not moves:
                return desk.tries_to_book(workshops[which], rooms[hour % 2]).status_code
            to = {"session_id": first_session(workshops[which]), "starts_at": (NEXT_WEEK + HOUR * hour).isoformat()}
            return desk.tries_to_change(desk.activity(workshops[which]), move=[to]).status_code

        with ThreadPoolExecutor(4) as coordinators:
            assert set(coordinators.map(does, steps)) <= {200, 409}
        check(desk)
