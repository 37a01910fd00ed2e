"""The HTTP door: what organisers and participants can do, what they are told, and what is told of it on the bus."""

from datetime import timedelta

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import published
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import LAST_WEEK, NEXT_WEEK, NOW, a_family, a_party, a_pedagogue
from tests.events.town import Desk, Town, a_meeting, a_signing_up, alone, an_opening, first_session, found, reasons

SEATED, CANCELLED = ("seated", None), ("cancelled", None)


class TestOpening:
    def test_activity_opens(self, desk: Desk) -> None:
        """An opened activity has its seats free, its sessions have ids, and its fact is published."""
        workshop = desk.opens(capacity=20)
        assert (workshop["status"], workshop["free"], workshop["waiting"]) == ("open", 20, 0)
        assert first_session(workshop)
        assert desk.told() == [("activity.opened", workshop["activity_id"])]

    def test_earliest_session_first(self, desk: Desk) -> None:
        """The sessions of a course are told in the order of time, in whatever order they were asked for."""
        later, sooner = a_meeting(NEXT_WEEK + timedelta(days=7)), a_meeting(NEXT_WEEK)
        course = desk.opens(sessions=[later, sooner])
        assert [session["starts_at"] for session in course["sessions"]] == [sooner["starts_at"], later["starts_at"]]
        assert desk.activity(course) == course

    def test_same_opening_again(self, desk: Desk) -> None:
        """Opening with an id of one's own may be repeated, also after the capacity changed: it is the same activity."""
        opening = an_opening(activity_id=new_id(), capacity=5)
        first = found(desk.coordinator.post("/v1/activities", json=opening), 201)
        desk.resizes(first, 6)
        assert found(desk.coordinator.post("/v1/activities", json=opening), 200) == first | {"capacity": 6, "free": 6, "version": 2}
        assert [fact for fact, _ in desk.told()] == ["activity.opened", "activity.changed"]

    def test_same_opening_when_it_is_past(self, desk: Desk) -> None:
        """A repeated opening is answered even when its sessions lie in the past by now."""
        opening = an_opening(activity_id=new_id())
        desk.coordinator.post("/v1/activities", json=opening)
        desk.waits(timedelta(days=30))
        assert desk.coordinator.post("/v1/activities", json=opening).status_code == 200

    def test_same_id_for_another_activity(self, desk: Desk) -> None:
        """An id that was used for another activity is a conflict."""
        opening = an_opening(activity_id=new_id())
        desk.coordinator.post("/v1/activities", json=opening)
        answer = desk.coordinator.post("/v1/activities", json=opening | {"capacity": 9})
        assert reasons(answer, 409) == [("activity-exists", "/activity_id")]

    def test_idempotency_key(self, desk: Desk) -> None:
        """With an idempotency key an opening without an id of one's own may be repeated too."""
        answers = [desk.coordinator.post("/v1/activities", json=an_opening(), headers={"Idempotency-Key": "autumn"}) for _ in range(2)]
        assert answers[0].get_json() == answers[1].get_json()
        assert len(desk.told()) == 1

    def test_every_reason_at_once(self, desk: Desk) -> None:
        """An impossible opening is refused with all that is wrong with it, each by its field."""
        wrong = an_opening(kind="disco", district="skovlunde", institution=None, sessions=[a_meeting(LAST_WEEK)])
        assert reasons(desk.coordinator.post("/v1/activities", json=wrong)) == [
            ("kind-not-known", "/kind"),
            ("district-not-known", "/district"),
            ("session-in-the-past", "/sessions/0/starts_at"),
        ]

    @pytest.mark.parametrize("text", ["Leg\nog sprog", "Leg\tog sprog", "Leg\x1b[2J", "Leg\u2028og sprog", "Leg\n", "\x85", "   "])
    def test_titles_and_places_are_one_line(self, desk: Desk, text: str) -> None:
        """A line break or a control character in what is shown on one line is refused, by its field."""
        wrong = an_opening(title={"da": text, "en": "Play"}, sessions=[a_meeting(NEXT_WEEK) | {"place": text}])
        answer = desk.coordinator.post("/v1/activities", json=wrong)
        assert reasons(answer) == [("wrong-format", "/title/da"), ("wrong-format", "/sessions/0/place")]
        assert desk.told() == []

    def test_a_number_out_of_range_is_told_one_range(self, desk: Desk) -> None:
        """The field's own, however far out the number is."""
        answer = desk.coordinator.post("/v1/activities", json=an_opening(capacity=2**31))
        assert [error["text"]["en"] for error in answer.get_json()["errors"]] == ["Must be from 1 to 10000."]

    def test_years_are_told_as_people_read_them(self, desk: Desk) -> None:
        """A session in a year that nobody means is told which years there are."""
        meeting = a_meeting(NEXT_WEEK) | {"starts_at": "1026-11-10T16:30:00+01:00"}
        answer = desk.coordinator.post("/v1/activities", json=an_opening(sessions=[meeting]))
        assert reasons(answer) == [("out-of-range", "/sessions/0/starts_at")]
        assert answer.get_json()["errors"][0]["text"]["da"] == "Skal ligge i et af årene 2000 til 2199."

    def test_programme_that_is_not_known_yet(self, desk: Desk) -> None:
        """An unknown programme is a conflict, for its fact may arrive in a moment; the text says so in both languages."""
        answer = desk.coordinator.post("/v1/activities", json=an_opening(programme="sprog-i-fokus", institution=None))
        assert reasons(answer, 409) == [("programme-not-known", "/programme")]
        text = answer.get_json()["errors"][0]["text"]
        assert "prøv igen" in text["da"]
        assert "try again" in text["en"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("capacity", 0),
            ("capacity", "20"),
            ("sessions", []),
            ("title", {"da": "Sang"}),
            ("kind", "Workshop!"),
            ("activity_id", "one"),
            ("colour", "red"),
        ],
    )
    def test_malformed_opening(self, desk: Desk, field: str, value: object) -> None:
        """A field of the wrong shape, or an unknown one, is refused by name."""
        answer = desk.coordinator.post("/v1/activities", json=an_opening(**{field: value}))
        assert [where.split("/")[1] for _, where in reasons(answer)] == [field]


class TestLooking:
    def test_activity(self, desk: Desk) -> None:
        """An activity can be looked up by everybody with a role among families and professionals."""
        workshop = desk.opens()
        guardian = desk.door.as_(Role.GUARDIAN, subject=new_id())
        assert found(guardian.get(f"/v1/activities/{workshop['activity_id']}")) == workshop

    def test_unknown_activity(self, desk: Desk) -> None:
        """What does not exist is not found, by name."""
        assert reasons(desk.coordinator.get(f"/v1/activities/{new_id()}"), 404) == [("activity-not-found", "")]

    def test_list_by_district_and_kind(self, desk: Desk) -> None:
        """The list can be narrowed to a programme, district, institution, kind and status."""
        workshop, lab = desk.opens(), desk.opens(kind="learning-lab", district="baltorp", institution=None)
        in_baltorp = found(desk.coordinator.get("/v1/activities?district=baltorp&status=open"))
        at_home = found(desk.coordinator.get("/v1/activities?institution=birkegaarden&kind=workshop&programme=sammen-om-boern"))
        assert (in_baltorp["items"], at_home["items"]) == ([lab], [workshop])

    def test_list_in_pages(self, desk: Desk) -> None:
        """The list is read page by page to its end, each activity once."""
        workshops = [desk.opens() for _ in range(3)]
        first = found(desk.coordinator.get("/v1/activities?limit=2"))
        second = found(desk.coordinator.get(f"/v1/activities?limit=2&after={first['next']}"))
        assert first["items"] + second["items"] == workshops
        assert second["next"] is None

    def test_signups_in_pages(self, town: Town, desk: Desk) -> None:
        """The sign-ups of an activity are listed in the order of arrival, with the present places in the line."""
        workshop = desk.opens(capacity=2)
        signups = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        path = f"/v1/activities/{workshop['activity_id']}/signups"
        first = found(desk.coordinator.get(f"{path}?limit=2"))
        second = found(desk.coordinator.get(f"{path}?limit=2&after={first['next']}"))
        assert first["items"] + second["items"] == signups
        assert found(desk.coordinator.get(f"{path}?status=waiting"))["items"] == signups[1:]


class TestSigningUp:
    def test_party_gets_seats(self, town: Town, desk: Desk) -> None:
        """A family that fits gets its seats, and the fact carries the whole state."""
        family = town.enrols(a_family())
        workshop = desk.opens(capacity=4)
        signup = desk.signs_up(workshop, family.party(guardians=2))
        assert (signup["status"], signup["seats"], signup["contact_id"]) == ("seated", 3, family.mother)
        assert desk.activity(workshop)["free"] == 1
        fact = published(desk.context)[-1]
        assert (fact["type"], fact["data"] | {"signed_up_at": NOW.isoformat()}) == ("events.signup.seated.v1", signup)

    def test_party_waits(self, town: Town, desk: Desk) -> None:
        """A family that does not fit goes to the line, and is shown its place there."""
        workshop = desk.opens(capacity=2)
        desk.signs_up(workshop, town.enrols(a_family()).party())
        waiting = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2)]
        assert [signup["position"] for signup in waiting] == [1, 2]
        assert desk.told()[-1] == ("signup.waitlisted", waiting[1]["signup_id"])

    def test_same_party_again(self, town: Town, desk: Desk) -> None:
        """The same party signing up again is the sign-up that it has; it takes no second seat, and nothing is told."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        signup = desk.signs_up(workshop, family.party())
        assert found(desk.tries_to_sign_up(workshop, family.party()[::-1]), 200) == signup
        assert desk.activity(workshop)["taken"] == 2
        assert len(desk.told("events.signup")) == 1

    def test_person_who_is_signed_up_already(self, town: Town, desk: Desk) -> None:
        """A child cannot come in two parties; the conflict names the sign-up that it has."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        signup = desk.signs_up(workshop, family.party())
        answer = desk.tries_to_sign_up(workshop, family.party(guardians=2))
        assert reasons(answer, 409) == [("already-signed-up", "/party/0/person_id"), ("already-signed-up", "/party/2/person_id")]
        assert signup["signup_id"] in answer.get_json()["errors"][0]["text"]["en"]

    def test_who_cancelled_may_sign_up_anew(self, town: Town, desk: Desk) -> None:
        """After a cancellation the same family may sign up again, and goes to the end of the line."""
        family, other = town.enrols(a_family()), town.enrols(a_family())
        workshop = desk.opens(capacity=2)
        first = desk.signs_up(workshop, family.party())
        desk.signs_up(workshop, other.party())
        desk.cancels(first)
        assert desk.signs_up(workshop, family.party())["position"] == 1

    def test_every_reason_at_once(self, town: Town, desk: Desk) -> None:
        """A refusal names everything that is wrong: here a stranger, a person named twice and too large a party."""
        family, neighbours = town.enrols(a_family()), town.enrols(a_family())
        party = [*family.party(), *family.party(children=0), *neighbours.party(guardians=0)]
        assert reasons(desk.tries_to_sign_up(desk.opens(capacity=3), party)) == [
            ("party-too-large", "/party"),
            ("person-twice", "/party"),
            ("not-in-family", "/party/3/person_id"),
        ]

    def test_stranger_is_told_nothing(self, town: Town, desk: Desk) -> None:
        """Who tries to sign up a neighbour's child is not told that it is signed up already."""
        family, neighbours = town.enrols(a_family()), town.enrols(a_family())
        workshop = desk.opens()
        desk.signs_up(workshop, neighbours.party())
        party = [*family.party(), *neighbours.party(guardians=0)]
        assert reasons(desk.tries_to_sign_up(workshop, party)) == [("not-in-family", "/party/2/person_id")]

    def test_child_that_is_not_known_yet(self, desk: Desk) -> None:
        """People whom registration's facts have not told of yet are a conflict that may pass, not a mistake."""
        answer = desk.tries_to_sign_up(desk.opens(), a_party(2))
        assert reasons(answer, 409) == [("guardian-not-known", "/party/0/person_id"), ("child-not-known", "/party/1/person_id")]
        assert "try again" in answer.get_json()["errors"][1]["text"]["en"]

    def test_somebody_in_another_role(self, town: Town, desk: Desk) -> None:
        """An id that stands in the wrong place is a mistake that no waiting mends; the text says what the person is known as."""
        family = town.enrols(a_family())
        turned = [Member(family.children[0], PartyRole.GUARDIAN), Member(family.mother, PartyRole.CHILD)]
        answer = desk.tries_to_sign_up(desk.opens(), turned, family.mother)
        assert reasons(answer) == [("known-in-another-role", "/party/0/person_id"), ("known-in-another-role", "/party/1/person_id")]
        assert "another role: child" in answer.get_json()["errors"][0]["text"]["en"]

    def test_signup_closes_at_the_start(self, town: Town, desk: Desk) -> None:
        """When the first session has started, nobody can sign up any more."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.waits(NEXT_WEEK - NOW)
        assert reasons(desk.tries_to_sign_up(workshop, family.party()), 409) == [("signup-closed", "")]

    def test_idempotency_key(self, town: Town, desk: Desk) -> None:
        """With an idempotency key the first answer is given again, word for word."""
        family = town.enrols(a_family())
        path, body = f"/v1/activities/{desk.opens()['activity_id']}/signups", a_signing_up(family.party())
        answers = [desk.coordinator.post(path, json=body, headers={"Idempotency-Key": "a-form"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].get_json() == answers[1].get_json()

    def test_empty_party(self, desk: Desk) -> None:
        """A party has at least one person."""
        assert [field for _, field in reasons(desk.tries_to_sign_up(desk.opens(), []))] == ["/party"]

    def test_unknown_activity(self, desk: Desk) -> None:
        """Nobody signs up to what does not exist."""
        assert reasons(desk.tries_to_sign_up({"activity_id": new_id()}, a_party()), 404) == [("activity-not-found", "")]


class TestCancelling:
    def test_first_in_line_is_promoted(self, town: Town, desk: Desk) -> None:
        """A family on the waiting list gets the place as soon as somebody cancels; the others move up."""
        workshop = desk.opens(capacity=2)
        first, second, third = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        assert desk.cancels(first)["reason"] == "by-family"
        assert desk.standing(first, second, third) == [CANCELLED, SEATED, ("waiting", 1)]
        assert desk.told()[-2:] == [("signup.cancelled", first["signup_id"]), ("signup.promoted", second["signup_id"])]

    def test_one_large_seat_for_several(self, town: Town, desk: Desk) -> None:
        """The seats of a large family may seat several small ones, in their order."""
        workshop = desk.opens(capacity=4)
        large = desk.signs_up(workshop, town.enrols(a_family(children=3)).party())
        small = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        desk.cancels(large)
        assert desk.standing(*small) == [SEATED, SEATED, ("waiting", 1)]

    def test_large_family_is_not_passed(self, town: Town, desk: Desk) -> None:
        """One freed seat goes to nobody while the first family in the line needs three."""
        workshop = desk.opens(capacity=3)
        single = desk.signs_up(workshop, town.enrols(a_family()).party(children=0))
        desk.signs_up(workshop, town.enrols(a_family()).party())
        large = desk.signs_up(workshop, town.enrols(a_family(children=2)).party())
        small = desk.signs_up(workshop, town.enrols(a_family()).party(children=0))
        desk.cancels(single)
        assert desk.standing(large, small) == [("waiting", 1), ("waiting", 2)]
        assert desk.activity(workshop)["free"] == 1

    def test_leaving_the_line_may_let_others_in(self, town: Town, desk: Desk) -> None:
        """When the large family that held the line up leaves it, those behind it who fit are seated."""
        workshop = desk.opens(capacity=3)
        desk.signs_up(workshop, town.enrols(a_family()).party())
        large = desk.signs_up(workshop, town.enrols(a_family(children=2)).party())
        small = desk.signs_up(workshop, town.enrols(a_family()).party(children=0))
        desk.cancels(large)
        assert desk.standing(small) == [SEATED]

    def test_cancelling_twice(self, town: Town, desk: Desk) -> None:
        """A repeated cancellation gives the same answer, frees nothing twice and tells nothing twice."""
        workshop = desk.opens(capacity=2)
        first, _, third = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        assert desk.cancels(first) == desk.cancels(first)
        assert desk.standing(third) == [("waiting", 1)]
        assert [fact for fact, subject in desk.told() if subject == first["signup_id"]] == ["signup.seated", "signup.cancelled"]

    def test_after_the_end(self, town: Town, desk: Desk) -> None:
        """What is over cannot be cancelled any more."""
        signup = desk.signs_up(desk.opens(), town.enrols(a_family()).party())
        desk.waits(timedelta(days=8))
        answer = desk.coordinator.post(f"/v1/signups/{signup['signup_id']}/cancellation")
        assert reasons(answer, 409) == [("activity-over", "")]

    def test_late_cancellation(self, town: Town, desk: Desk) -> None:
        """During the activity a cancellation still counts, but the line has closed with sign-up."""
        workshop = desk.opens(capacity=2)
        first, second = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2)]
        desk.waits(NEXT_WEEK - NOW + timedelta(minutes=5))
        desk.cancels(first)
        assert desk.standing(first, second) == [CANCELLED, ("waiting", 1)]

    def test_professional_cancels(self, town: Town, desk: Desk) -> None:
        """A professional's cancellation says that it was his."""
        signup = desk.signs_up(desk.opens(kind="supervision"), alone(town.employs(a_pedagogue())))
        assert desk.cancels(signup)["reason"] == "by-professional"


class TestCapacity:
    def test_more_seats_go_to_the_line(self, town: Town, desk: Desk) -> None:
        """When the capacity grows, those who fit now are promoted at once, in order."""
        workshop = desk.opens(capacity=2)
        _, second, third = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(3)]
        assert found(desk.resizes(workshop, 5))["free"] == 1
        assert desk.standing(second, third) == [SEATED, ("waiting", 1)]
        assert desk.told()[-2:] == [("activity.changed", workshop["activity_id"]), ("signup.promoted", second["signup_id"])]

    def test_fewer_seats_than_taken(self, town: Town, desk: Desk) -> None:
        """Nobody loses a seat: a capacity below the seats taken is refused, and says how many they are."""
        workshop = desk.opens(capacity=4)
        desk.signs_up(workshop, town.enrols(a_family()).party(guardians=2))
        answer = desk.resizes(workshop, 2)
        assert reasons(answer, 409) == [("capacity-below-taken", "/capacity")]
        assert "3" in answer.get_json()["errors"][0]["text"]["en"]

    def test_fewer_seats_than_a_waiting_party(self, town: Town, desk: Desk) -> None:
        """A capacity below a party that waits is refused, since that party could never be seated."""
        workshop = desk.opens(capacity=4)
        desk.signs_up(workshop, town.enrols(a_family()).party())
        desk.signs_up(workshop, town.enrols(a_family(children=3)).party())
        assert reasons(desk.resizes(workshop, 3), 409) == [("capacity-below-party", "/capacity")]

    def test_same_capacity(self, desk: Desk) -> None:
        """Setting the capacity that is set already changes and tells nothing."""
        workshop = desk.opens(capacity=4)
        assert found(desk.resizes(workshop, 4)) == workshop
        assert len(desk.told()) == 1


class TestCallingOff:
    def test_everybody_is_cancelled(self, town: Town, desk: Desk) -> None:
        """Calling off cancels who has a seat and who waits, and tells of each."""
        workshop = desk.opens(capacity=2)
        signups = [desk.signs_up(workshop, town.enrols(a_family()).party()) for _ in range(2)]
        called_off = found(desk.calls_off(workshop))
        assert (called_off["status"], called_off["taken"], called_off["waiting"]) == ("called-off", 0, 0)
        assert [desk.signup(signup)["reason"] for signup in signups] == ["called-off", "called-off"]
        assert desk.told()[-3:] == [
            ("activity.called-off", workshop["activity_id"]),
            *(("signup.cancelled", signup["signup_id"]) for signup in signups),
        ]

    def test_calling_off_twice(self, desk: Desk) -> None:
        """Calling off again changes and tells nothing."""
        workshop = desk.opens()
        assert found(desk.calls_off(workshop)) == found(desk.calls_off(workshop))
        assert [fact for fact, _ in desk.told()] == ["activity.opened", "activity.called-off"]

    def test_nothing_more_happens(self, town: Town, desk: Desk) -> None:
        """What is called off takes no sign-ups and no other capacity."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.calls_off(workshop)
        assert reasons(desk.tries_to_sign_up(workshop, family.party()), 409) == [("activity-called-off", "")]
        assert reasons(desk.resizes(workshop, 9), 409) == [("activity-called-off", "")]

    def test_what_is_over_was_held(self, desk: Desk) -> None:
        """An activity that is over cannot be called off any more."""
        workshop = desk.opens()
        desk.waits(timedelta(days=8))
        assert reasons(desk.calls_off(workshop), 409) == [("activity-over", "")]


class TestAttendance:
    def test_who_came_is_recorded(self, town: Town, desk: Desk) -> None:
        """Each person's attendance is a fact of its own, with the day in Denmark."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        signup = desk.signs_up(workshop, family.party())
        desk.waits(NEXT_WEEK - NOW)
        results = found(desk.marks(workshop, (family.mother, "late"), (family.children[0], "present")))["results"]
        assert [result["result"] for result in results] == ["recorded", "recorded"]
        facts = [fact["data"] for fact in published(desk.context) if fact["type"] == "events.attendance.recorded.v1"]
        assert [(fact["person_id"], fact["role"], fact["state"]) for fact in facts] == [
            (family.mother, "guardian", "late"),
            (family.children[0], "child", "present"),
        ]
        assert facts[0] | {"held_on": "2026-11-09", "signup_id": signup["signup_id"]} == facts[0]

    def test_each_has_a_result_of_his_own(self, town: Town, desk: Desk) -> None:
        """One person without a seat is refused by name, and does not keep the others from being recorded."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.signs_up(workshop, family.party())
        desk.waits(NEXT_WEEK - NOW)
        results = found(desk.marks(workshop, (new_id(), "present"), (family.mother, "present"), (family.mother, "late")))["results"]
        assert [result["result"] for result in results] == ["refused", "recorded", "refused"]
        assert [error["slug"] for result in results for error in result["errors"]] == ["not-seated", "person-twice"]

    def test_correction_keeps_history(self, town: Town, desk: Desk) -> None:
        """A correction is told as a fact of the same record, and what was said before can still be read."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.signs_up(workshop, family.party(children=0))
        desk.waits(NEXT_WEEK - NOW)
        first = found(desk.marks(workshop, (family.mother, "absent")))["results"][0]
        second = found(desk.marks(workshop, (family.mother, "excused")))["results"][0]
        assert first["attendance_id"] == second["attendance_id"]
        roll = found(desk.coordinator.get(f"/v1/sessions/{first_session(workshop)}/attendance"))
        assert [(entry["state"], entry["recorded_by"]) for entry in roll["attendance"][0]["history"]] == [
            ("absent", "coordinator"),
            ("excused", "coordinator"),
        ]

    def test_same_again(self, town: Town, desk: Desk) -> None:
        """The same list sent twice changes nothing and tells nothing the second time."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.signs_up(workshop, family.party())
        desk.waits(NEXT_WEEK - NOW)
        marks = [(family.mother, "present"), (family.children[0], "present")]
        found(desk.marks(workshop, *marks))
        results = found(desk.marks(workshop, *marks))["results"]
        assert [result["result"] for result in results] == ["unchanged", "unchanged"]
        assert len(desk.told("events.attendance")) == 2

    def test_roll_shows_who_is_expected(self, town: Town, desk: Desk) -> None:
        """The roll lists everybody with a seat, and nobody from the waiting list."""
        family, other = town.enrols(a_family()), town.enrols(a_family())
        workshop = desk.opens(capacity=2)
        desk.signs_up(workshop, family.party())
        desk.signs_up(workshop, other.party())
        roll = found(desk.coordinator.get(f"/v1/sessions/{first_session(workshop)}/attendance"))
        assert [(line["person_id"], line["state"]) for line in roll["attendance"]] == [(family.mother, None), (family.children[0], None)]

    def test_too_early(self, town: Town, desk: Desk) -> None:
        """Attendance cannot be recorded a day ahead."""
        family = town.enrols(a_family())
        workshop = desk.opens()
        desk.signs_up(workshop, family.party())
        desk.waits(timedelta(days=6))
        assert reasons(desk.marks(workshop, (family.mother, "excused")), 409) == [("attendance-too-early", "")]

    def test_unknown_session(self, desk: Desk) -> None:
        """There is no attendance at a session that does not exist."""
        activity = {"sessions": [{"session_id": new_id()}]}
        assert reasons(desk.marks(activity, (new_id(), "present")), 404) == [("session-not-found", "")]
