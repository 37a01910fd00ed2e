"""The demo's story, told through the public doors: `play` acts as the outside world and says what came of it.

Every step looks at what is there and does what is missing, so the story may be played again, also after it was broken
off: what was done stays done, and nothing happens twice. Nothing is waited for blindly; a door is asked, with a deadline.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

from services.chassis.errors import TryLater
from services.chassis.http import Role
from services.chassis.runtime import utc_now
from services.cli.demo import forecast, observation
from services.cli.demo.doors import COORDINATOR, Refused, Who
from services.cli.demo.enrolment import Answer, enrol, enrolments, withdraw
from services.cli.demo.families import PROGRAMME
from services.cli.demo.file import DemoFile
from services.cli.demo.outcome import Outcome, differences
from services.cli.demo.plan import Activity, Opening, Party, Person, Plan
from services.cli.demo.telling import Note, Silent, Teller
from services.cli.demo.world import World

DEADLINE_S = 120
ASK_AGAIN_S = 0.25
_LOCAL = ZoneInfo("Europe/Copenhagen")
_NOON = time(12)


@dataclass
class Stage:
    """What the story has at hand while it is told: `ids` are the services' ids of the people of the plan."""

    world: World
    file: DemoFile
    plan: Plan
    teller: Teller
    answers: Mapping[str, Answer] = field(default_factory=dict)
    professionals: dict[str, str] = field(default_factory=dict)

    def id_of(self, person: Person) -> str:
        """The id that registration gave him."""
        if person.role == "professional":
            return self.professionals[person.request]
        answer = self.answers[person.request]
        return str(answer["child_id"] if person.role == "child" else answer["guardian_ids"][person.place])

    @property
    def contacts(self) -> observation.Contacts:
        """Who is told about which activity."""
        return {
            (activity.opening.activity_id, self.id_of(party.contact)) for activity in self.plan.activities for party in activity.parties
        }

    def who(self, person: Person) -> Who:
        """The person as he comes to a door himself."""
        return Who(self.id_of(person), Role(person.role))


def play(world: World, file: DemoFile, plan: Plan, teller: Teller | None = None) -> Outcome:
    """Tell the whole story; returns what the doors say at the end. Raises `TryLater` when something that is waited for does not come."""
    stage = Stage(world, file, plan, teller or Silent())
    load_programme(stage)
    stage.answers = enrol(world, file, plan, stage.teller)
    wait_for_parked(stage)
    open_activities(stage)
    register_professionals(stage)
    sign_everybody_up(stage)
    wait_for_mails(stage, sum(len(activity.parties) for activity in plan.activities), "All are told by mail")
    cancel_some(stage)
    record_attendance(stage)
    withdraw_some(stage)
    wait_for_mails(stage, forecast.told(map(forecast.after_all, plan.activities)), "Those whom it concerns are told")
    wait_until_all_is_settled(stage)
    return wait_for_report(stage)


def load_programme(stage: Stage) -> None:
    """An operator loads the programme's folder; loading it again changes nothing."""
    with stage.teller.step("The programme is loaded", 1) as note:
        stage.world.load_programme()
        note(1, PROGRAMME)


def wait_for_parked(stage: Stage) -> None:
    """What nobody can read is put aside for a person."""
    expected = len(stage.file.expected.parked)
    with stage.teller.step("What cannot be read is parked", expected) as note:
        until(lambda: _said(note, sum(stage.world.parked().values()), "parked") >= expected, "the parked messages")


def open_activities(stage: Stage) -> None:
    """A coordinator opens what is not open yet, with dates from today on."""
    with stage.teller.step("Activities are opened", len(stage.plan.activities)) as note:
        for number, activity in enumerate(stage.plan.activities, start=1):
            _open(stage, activity.opening)
            note(number, f"{number} activities in both districts")


def register_professionals(stage: Stage) -> None:
    """A coordinator registers them; one who is known already is only looked up by it."""
    professionals = stage.plan.professionals
    with stage.teller.step("Professionals are registered", len(professionals)) as note:
        for number, professional in enumerate(professionals, start=1):
            details = {name: getattr(professional, name) for name in professional.__struct_fields__}
            found = stage.world.doors.post(COORDINATOR, "registration", "/v1/professionals", details | {"programme": PROGRAMME})
            stage.professionals[professional.email] = found["professional_id"]
            note(number, f"{number} professionals")


def sign_everybody_up(stage: Stage) -> None:
    """Guardians sign their families up, and professionals themselves, in the order of the plan."""
    total = sum(len(activity.parties) for activity in stage.plan.activities)
    counted = {"seated": 0, "waiting": 0, "cancelled": 0}
    with stage.teller.step("People sign up", total) as note:
        for activity in stage.plan.activities:
            known = signups_of(stage, activity)
            for party in activity.parties:
                signup = known.get(stage.id_of(party.contact)) or _sign_up(stage, activity, party)
                counted[signup["status"]] += 1
                note(sum(counted.values()), _in_words(counted))


def cancel_some(stage: Stage) -> None:
    """Some cancel, and those who wait move up."""
    cancelling = [(activity, party) for activity in stage.plan.activities for party in activity.cancelling]
    with stage.teller.step("Some cancel", len(cancelling)) as note:
        for number, (activity, party) in enumerate(cancelling, start=1):
            signup = signups_of(stage, activity).get(stage.id_of(party.contact))
            if signup and signup["status"] != "cancelled":
                stage.world.doors.post(stage.who(party.contact), "events", f"/v1/signups/{signup['signup_id']}/cancellation")
            note(number, f"{number} parties cancelled; whoever is next in the line gets the seats")


def record_attendance(stage: Stage) -> None:
    """A coordinator says who came, from half a day before a session on."""
    rolls = [(activity, dict(forecast.roll(activity))) for activity in stage.plan.activities if activity.opening.attendance]
    people = 0
    with stage.teller.step("Attendance is recorded", len(rolls)) as note:
        for number, (activity, roll) in enumerate(rolls, start=1):
            session = _activity(stage, activity.opening)["sessions"][0]["session_id"]
            marks = [{"person_id": stage.id_of(person), "state": state} for person, state in roll.items()]
            stage.world.doors.put(COORDINATOR, "events", f"/v1/sessions/{session}/attendance", {"attendance": marks})
            people += len(marks)
            note(number, f"{people} people at {number} activities")


def withdraw_some(stage: Stage) -> None:
    """Another system says on the bus that some children have left the programme; the seats they had become free."""
    plan = stage.plan
    ids = {request_id: stage.answers[request_id]["enrolment_id"] for request_id in plan.withdrawn}
    with stage.teller.step("Some leave the programme", len(ids)) as note:
        withdraw(stage.world, ids, plan.withdrawals.reason, plan.withdrawals.effective_date)
        until(lambda: _said(note, _count_withdrawn(stage), "enrolments withdrawn") >= len(ids), "the withdrawals")


def wait_for_mails(stage: Stage, expected: int, title: str) -> None:
    """Every mail has come to its end: sent, or held back because there is no address."""
    with stage.teller.step(title, expected) as note:
        until(lambda: _said(note, _count_settled_mails(stage), "mails") >= expected, "the mails")


def wait_until_all_is_settled(stage: Stage) -> None:
    """No service holds a message back, or has one to try again: each had its effect, or is parked."""
    with stage.teller.step("Nothing is left on its way", 1) as note:
        until(lambda: stage.world.unsettled() == 0, "messages that are tried again")
        note(1, "no message is held back or tried again")


def wait_for_report(stage: Stage) -> Outcome:
    """What the doors say, as soon as it is what it must be; at the deadline, whatever it is."""
    expected = forecast.counts(stage.file, stage.plan)
    deadline = monotonic() + DEADLINE_S / 2
    with stage.teller.step("The report has caught up", len(expected["report"])) as note:
        while True:
            outcome = observation.observe(stage.world, stage.file, stage.plan, stage.contacts)
            wrong = [one for one in differences(expected, outcome) if one.group == "report"]
            note(len(expected["report"]) - len(wrong), f"{len(expected['report']) - len(wrong)} figures are as they must be")
            if not wrong or monotonic() > deadline:
                return outcome
            sleep(ASK_AGAIN_S)


def signups_of(stage: Stage, activity: Activity) -> dict[str, Mapping[str, Any]]:
    """The sign-ups to an activity, cancelled ones too, by the id of who is told."""
    listed = stage.world.doors.every(COORDINATOR, "events", f"/v1/activities/{activity.opening.activity_id}/signups")
    return {signup["contact_id"]: signup for signup in listed}


def until(is_so: Callable[[], bool], what: str) -> None:
    """Ask until it is so; raises `TryLater` at the deadline."""
    deadline = monotonic() + DEADLINE_S
    while not is_so():
        if monotonic() > deadline:
            text = f"The demo waited {DEADLINE_S} seconds for {what}. Look at /health/ready and `deltag parked list`; then start it again."
            raise TryLater("demo-stalled", da=text, en=text)
        sleep(ASK_AGAIN_S)


def starts_of(opening: Opening, now: datetime) -> Iterator[datetime]:
    """When its sessions start, a week apart by the clock in Denmark."""
    local = now.astimezone(_LOCAL)
    first = soon(now) if opening.starts is None else datetime.combine(local.date() + timedelta(opening.days), opening.starts, _LOCAL)
    yield from ((first + timedelta(weeks=week)).astimezone(UTC) for week in range(opening.sessions))


def soon(now: datetime) -> datetime:
    """The full hour nearest to noon among those that are one to eleven hours away, so that attendance can be recorded already."""
    hour = now.astimezone(_LOCAL).replace(minute=0, second=0, microsecond=0)
    hours = [(hour.astimezone(UTC) + timedelta(hours=ahead)).astimezone(_LOCAL) for ahead in range(2, 12)]
    return min(hours, key=lambda start: abs(start.hour - _NOON.hour))


def _open(stage: Stage, opening: Opening) -> None:
    if _activity(stage, opening):
        return
    length = timedelta(minutes=opening.minutes)
    sessions = [
        {"starts_at": start.isoformat(), "ends_at": (start + length).isoformat(), "place": opening.place}
        for start in starts_of(opening, utc_now())
    ]
    details = {name: getattr(opening, name) for name in ("activity_id", "kind", "title", "district", "institution", "capacity")}
    body = details | {"programme": PROGRAMME, "sessions": sessions}
    _when_known(partial(stage.world.doors.post, COORDINATOR, "events", "/v1/activities", body))


def _activity(stage: Stage, opening: Opening) -> Mapping[str, Any]:
    """The activity as it is, empty if it is not open yet."""
    try:
        found: Mapping[str, Any] = stage.world.doors.get(COORDINATOR, "events", f"/v1/activities/{opening.activity_id}")
    except Refused as refused:
        if refused.slugs != ("activity-not-found",):
            raise
        return {}
    return found


def _sign_up(stage: Stage, activity: Activity, party: Party) -> Mapping[str, Any]:
    who, path = stage.who(party.contact), f"/v1/activities/{activity.opening.activity_id}/signups"
    body = {"party": [{"person_id": stage.id_of(person), "role": person.role} for person in party.members]}
    key = f"demo-{activity.opening.activity_id}-{who.subject}"
    signup: Mapping[str, Any] = _when_known(partial(stage.world.doors.post, who, "events", path, body, key=key))
    return signup


def _when_known(command: Callable[[], Any]) -> Any:
    """Do it as soon as the events service has heard of everybody: registration's facts may still be on their way."""
    deadline = monotonic() + DEADLINE_S
    while True:
        try:
            return command()
        except Refused as refused:
            if monotonic() > deadline or not any(slug.endswith("-not-known") for slug in refused.slugs):
                raise
        sleep(ASK_AGAIN_S)


def _count_withdrawn(stage: Stage) -> int:
    withdrawn = {id_ for id_, found in enrolments(stage.world.doors, stage.plan) if found["status"] == "withdrawn"}
    return len(withdrawn & set(stage.plan.withdrawn))


def _count_settled_mails(stage: Stage) -> int:
    mails = observation.mails(stage.world, stage.contacts)
    return sum(mail["status"] in ("sent", "failed", "suppressed") for mail in mails if mail["kind"] != "reminder")


def _said(note: Note, count: int, what: str) -> int:
    note(count, f"{count} {what}")
    return count


def _in_words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in counted.items() if count)
