"""The world around the service: registration's facts come in at the bus, people and organisers at the HTTP door."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from werkzeug.test import TestResponse

from services.chassis.contracts import example
from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, http, published
from services.events.domain.eligibility import Professional
from services.events.domain.signup import Member, PartyRole
from services.events.service import FACTS
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, SAMMEN, Family

Json = dict[str, Any]
PURPOSE = "plan-workshop"


class Town:
    """What registration tells of the programme, its places and its people. A fact not said otherwise is its contract's example."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.tells("programme.loaded", new_id())
        places = {"institution": BIRKEGAARDEN.code, "district": BIRKEGAARDEN.district, "programme": SAMMEN.code}
        self.tells("institution.registered", BIRKEGAARDEN.institution_id, institution_id=BIRKEGAARDEN.institution_id, **places)

    def tells(self, fact: str, subject: str, **changes: Any) -> None:
        """Registration publishes a fact."""
        data = example(f"{fact}/v1")["data"] | changes
        deliver(self.context, f"registration.{fact}.v1", data, subject=subject)

    def enrols(self, family: Family, **traits: Any) -> Family:
        """Every child of the family gets an accepted enrolment; `traits` are its track, district and the like."""
        self.enrols_all([family], **traits)
        return family

    def enrols_all(self, families: Sequence[Family], status: str = "accepted", **traits: Any) -> Sequence[Family]:
        """The children of many families are enrolled (or withdrawn), all in one batch."""
        sequence = 1 if status == "accepted" else 2
        facts = [
            event(f"registration.{fact}.v1", data | traits, subject=subject, sequence=sequence)
            for family in families
            for fact, subject, data in self._enrolments(family, status)
        ]
        deliver_raw(self.context, FACTS, facts)
        return families

    def withdraws(self, family: Family, child: int = 0) -> None:
        """One child's enrolment is withdrawn."""
        fact, enrolment, data = list(self._enrolments(family, "withdrawn"))[child]
        self.tells(fact, enrolment, **data)

    def changes(self, family: Family, status: str, **traits: Any) -> None:
        """The enrolments of the family's children go on to another stage."""
        for child, enrolment in zip(family.children, family.enrolments, strict=True):
            people = {"child_id": child, "guardian_ids": list(family.guardians), "programme": family.programme}
            self.tells("enrolment.changed", enrolment, **people, **traits, enrolment_id=enrolment, status=status)

    def consents(self, family: Family, consent_id: str, *, child: int = 0, purpose: str = "take-part") -> None:
        """The mother consents."""
        self._tells_consent("consent.given", family, consent_id, child, purpose=purpose, given_at=NOW)

    def takes_back(self, family: Family, consent_id: str, *, child: int = 0, purpose: str = "take-part") -> None:
        """The mother withdraws her consent."""
        self._tells_consent(
            "consent.withdrawn", family, consent_id, child, purpose=purpose, given_at=NOW, withdrawn_at=self.context.clock()
        )

    def employs(self, professional: Professional, **traits: Any) -> Professional:
        """A professional joins the programme; `traits` are his institution and the like."""
        ids = {"professional_id": professional.professional_id, "programme": professional.programme}
        self.tells("professional.registered", professional.professional_id, **ids, **traits)
        return professional

    def _enrolments(self, family: Family, status: str) -> Iterator[tuple[str, str, Json]]:
        """The kind of fact, the subject and the data for each child."""
        fact = f"enrolment.{status}"
        for child, enrolment in zip(family.children, family.enrolments, strict=True):
            people = {"child_id": child, "guardian_ids": list(family.guardians), "programme": family.programme}
            yield fact, enrolment, example(f"{fact}/v1")["data"] | people | {"enrolment_id": enrolment, "status": status}

    def _tells_consent(self, fact: str, family: Family, consent_id: str, child: int, **changes: Any) -> None:
        people = {"child_id": family.children[child], "guardian_id": family.mother}
        self.tells(fact, consent_id, consent_id=consent_id, **people, **changes)


class Desk:
    """What organisers and participants do at the HTTP door; a coordinator, unless said otherwise."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.door = http(context)

    @property
    def coordinator(self) -> Door:
        """The door with a coordinator's token, fresh at the present time."""
        return self.door.as_(Role.COORDINATOR, subject="coordinator", purpose=PURPOSE)

    def waits(self, time: timedelta) -> None:
        """Time passes."""
        assert isinstance(self.context.clock, FakeClock)
        self.context.clock.advance(time)

    def is_now(self, moment: datetime) -> None:
        """It is this moment."""
        assert isinstance(self.context.clock, FakeClock)
        self.context.clock.now = moment

    def opens(self, capacity: int = 4, **details: Any) -> Json:
        """An activity, open for sign-up."""
        return found(self.coordinator.post("/v1/activities", json=an_opening(capacity=capacity, **details)), 201)

    def signs_up(self, activity: Json, party: Sequence[Member], contact_id: str | None = None) -> Json:
        """A party's new sign-up."""
        return found(self.tries_to_sign_up(activity, party, contact_id), 201)

    def tries_to_sign_up(
        self, activity: Json, party: Sequence[Member], contact_id: str | None = None, door: Door | None = None
    ) -> TestResponse:
        """The answer to a sign-up."""
        body = a_signing_up(party) | ({"contact_id": contact_id} if contact_id else {})
        return (door or self.coordinator).post(f"/v1/activities/{activity['activity_id']}/signups", json=body)

    def cancels(self, signup: Json) -> Json:
        """The sign-up after its cancellation."""
        return found(self.coordinator.post(f"/v1/signups/{signup['signup_id']}/cancellation"))

    def resizes(self, activity: Json, capacity: int) -> TestResponse:
        """The answer to a change of capacity."""
        return self.coordinator.patch(f"/v1/activities/{activity['activity_id']}", json={"capacity": capacity})

    def calls_off(self, activity: Json) -> TestResponse:
        """The answer to calling an activity off."""
        return self.coordinator.post(f"/v1/activities/{activity['activity_id']}/call-off")

    def tries_to_change(self, activity: Json, *, dry_run: bool = False, door: Door | None = None, **changes: Any) -> TestResponse:
        """The answer to a change of one activity; the version that was seen is the one that `activity` has."""
        asked = {"activity_id": activity["activity_id"], "version": activity["version"]} | changes
        return (door or self.coordinator).post("/v1/activities/changes", json={"dry_run": dry_run, "changes": [asked]})

    def changes(self, activity: Json, *, dry_run: bool = False, **changes: Any) -> Json:
        """What was done, or would be, to one activity."""
        done: Json = found(self.tries_to_change(activity, dry_run=dry_run, **changes))["changes"][0]
        return done

    def registers(self, **details: Any) -> Json:
        """Something to book: a room of Birkegården, unless said otherwise."""
        room = {"kind": "room", "programme": SAMMEN.code, "institution": BIRKEGAARDEN.code, "name": {"da": "Salen", "en": "The hall"}}
        return found(self.coordinator.post("/v1/bookables", json=room | details), 201)

    def tries_to_book(self, activity: Json, *bookables: Json) -> TestResponse:
        """The answer to booking exactly these for the first session."""
        body = {"bookables": [one["bookable_id"] for one in bookables]}
        return self.coordinator.put(f"/v1/sessions/{first_session(activity)}/bookings", json=body)

    def becomes(self, activity: Json, step: str) -> Json:
        """The activity after a step of its life, such as `publish`."""
        return found(self.coordinator.post(f"/v1/activities/{activity['activity_id']}/{step}"))

    def marks(self, activity: Json, *marks: tuple[str, str]) -> TestResponse:
        """The answer to attendance at the first session."""
        body = {"attendance": [{"person_id": person, "state": state} for person, state in marks]}
        return self.coordinator.put(f"/v1/sessions/{first_session(activity)}/attendance", json=body)

    def observes(self, activity: Json, *lines: Json, door: Door | None = None) -> list[str]:
        """What became of each observation at the first session."""
        answer = (door or self.coordinator).post(f"/v1/sessions/{first_session(activity)}/observations", json={"attendance": list(lines)})
        return [result["result"] for result in found(answer)["results"]]

    def roll(self, activity: Json) -> Json:
        """The roll of the first session."""
        return found(self.coordinator.get(f"/v1/sessions/{first_session(activity)}/attendance"))

    def activity(self, activity: Json) -> Json:
        """The activity as it is now."""
        return found(self.coordinator.get(f"/v1/activities/{activity['activity_id']}"))

    def signup(self, signup: Json) -> Json:
        """The sign-up as it is now."""
        return found(self.coordinator.get(f"/v1/signups/{signup['signup_id']}"))

    def standing(self, *signups: Json) -> list[tuple[str, int | None]]:
        """Where each sign-up stands now: its status and its place in the line."""
        return [(now["status"], now["position"]) for now in map(self.signup, signups)]

    def told(self, aggregate: str = "events.") -> list[tuple[str, str]]:
        """What the service published, in order: the type without service and version, and the subject."""
        types = [(fact["type"], fact["subject"]) for fact in published(self.context) if fact["type"].startswith(aggregate)]
        return [(type_.removeprefix("events.").removesuffix(".v1"), subject) for type_, subject in types]


def an_opening(**details: Any) -> Json:
    """The body that opens a workshop next week in Birkegården."""
    body = {
        "programme": SAMMEN.code,
        "kind": "workshop",
        "title": {"da": "Leg og sprog i hverdagen", "en": "Play and language every day"},
        "district": "hedegaarden",
        "institution": BIRKEGAARDEN.code,
        "capacity": 4,
        "sessions": [a_meeting(NEXT_WEEK)],
    }
    return body | details


def a_meeting(starts_at: datetime, hours: int = 2) -> Json:
    """A session as it is asked for."""
    ends_at = starts_at.replace(hour=starts_at.hour + hours)
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "place": "Birkegården, fællesrummet"}


def a_signing_up(party: Sequence[Member]) -> Json:
    """The body that signs a party up."""
    return {"party": [{"person_id": member.person_id, "role": member.role.value} for member in party]}


def an_observation(person_id: str, state: str = "present", seen_at: datetime = NEXT_WEEK, **details: Any) -> Json:
    """One line of a list that was kept without a network."""
    return {"person_id": person_id, "state": state, "seen_at": seen_at.isoformat(), "nonce": new_id()} | details


def alone(professional: Professional) -> list[Member]:
    """A party of one professional."""
    return [Member(professional.professional_id, PartyRole.PROFESSIONAL)]


def first_session(activity: Json) -> str:
    """The id of the activity's first session."""
    return str(activity["sessions"][0]["session_id"])


def found(answer: TestResponse, status: int = 200) -> Json:
    """The answer's data, which must have come with this status."""
    assert answer.status_code == status, answer.get_json()
    data: Json = answer.get_json()
    return data


def reasons(answer: TestResponse, status: int = 422) -> list[tuple[str, str]]:
    """The slug and the field of every reason of a refusal with this status."""
    return [(reason["slug"], reason["field"]) for reason in found(answer, status)["errors"]]
