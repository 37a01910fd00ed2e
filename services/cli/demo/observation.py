"""What the doors say came of the demo, counted the same way as the forecast."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from services.cli.demo.doors import COORDINATOR
from services.cli.demo.enrolment import Answer, enrolments
from services.cli.demo.families import PROGRAMME
from services.cli.demo.file import DemoFile
from services.cli.demo.outcome import Outcome
from services.cli.demo.plan import Plan
from services.cli.demo.world import World

Found = Mapping[str, Any]

_FIGURES = {
    "children": ("children-enrolled", "children-withdrawn", "children-taking-part"),
    "rejections": ("requests-rejected",),
    "signups": ("signups", "seated", "waiting", "cancelled"),
    "professionals": ("professionals", "professionals-taking-part"),
    "attendance": ("attended", "excused", "absent"),
}
"""Which numbers of the report's bottom lines are looked at, by family."""


Contacts = AbstractSet[tuple[str, str]]
"""Who is told about what: the ids of activities and of people, for every party of the plan."""


def observe(world: World, file: DemoFile, plan: Plan, contacts: Contacts) -> Outcome:
    """Everything that the forecast foretells, as it is."""
    everything = list(enrolments(world.doors, plan))
    answers = [(id_, found) for id_, found in everything if id_ in file.answered]
    everywhere = list(world.doors.every(COORDINATOR, "events", "/v1/activities"))
    opened = [activity for activity in everywhere if activity["activity_id"] in {activity_id for activity_id, _ in contacts}]
    sent, signups = mails(world, contacts), _signups(world, plan, contacts)
    rejected = [found for _, found in answers if found["status"] == "rejected"]
    report = world.doors.get(COORDINATOR, "reporting", "/v1/report", programme=PROGRAMME)
    return Outcome(
        counts={
            "requests": _requests(answers, file),
            "rejected": Counter(slug for found in rejected for slug in {reason["slug"] for reason in found["reasons"]}),
            "parked": world.parked(),
            "activities": {"open": sum(activity["status"] == "open" for activity in opened)},
            "sign-ups": _standing(signups, sent),
            "mails": _mails(sent),
            "attendance": _attendance(world, plan, opened),
            "report": _figures(report),
        },
        reminders=sum(mail["kind"] == "reminder" for mail in sent),
        shared=len(everything) > len(answers) or len(everywhere) > len(opened),
    )


def mails(world: World, contacts: Contacts) -> Sequence[Found]:
    """The send ledger's rows about the plan's parties."""
    ledger = world.doors.every(COORDINATOR, "notifications", "/v1/mails")
    return [mail for mail in ledger if (mail["activity_id"], mail["person_id"]) in contacts]


def _requests(answers: Sequence[tuple[str, Answer]], file: DemoFile) -> dict[str, int]:
    statuses = Counter(found["status"] for _, found in answers)
    times = Counter(id_ for id_, _ in answers)
    return {
        "accepted": statuses["accepted"] + statuses["withdrawn"],
        "rejected": statuses["rejected"],
        "sent twice, answered once": sum(times[id_] == 1 for id_ in file.repeated),
        "withdrawn later": statuses["withdrawn"],
    }


def _signups(world: World, plan: Plan, contacts: Contacts) -> Sequence[Found]:
    paths = [f"/v1/activities/{activity.opening.activity_id}/signups" for activity in plan.activities]
    found = [signup for path in paths for signup in world.doors.every(COORDINATOR, "events", path)]
    return [signup for signup in found if (signup["activity_id"], signup["contact_id"]) in contacts]


def _standing(signups: Sequence[Found], sent: Iterable[Found]) -> dict[str, int]:
    """Where sign-ups stand now; who was promoted on the way is known from the mail that told him."""
    standing = Counter(signup["status"] for signup in signups)
    promoted = sum(mail["kind"] == "promotion" for mail in sent)
    return {"seated": standing["seated"], "waiting": standing["waiting"], "cancelled": standing["cancelled"], "promoted": promoted}


def _mails(sent: Iterable[Found]) -> Counter[str]:
    """Mails that were delivered, by kind; those that were not, by the reason or by where they stand."""
    return Counter(_fate(mail) for mail in sent if mail["kind"] != "reminder")


def _fate(mail: Found) -> str:
    if mail["status"] == "sent":
        return str(mail["kind"])
    return "not sent: no address" if mail["reason"] == "no-address" else f"{mail['status']} ({mail['reason']})"


def _attendance(world: World, plan: Plan, opened: Iterable[Found]) -> Counter[str]:
    recorded = {activity.opening.activity_id for activity in plan.activities if activity.opening.attendance}
    sessions = [activity["sessions"][0]["session_id"] for activity in opened if activity["activity_id"] in recorded]
    rolls = [world.doors.get(COORDINATOR, "events", f"/v1/sessions/{session}/attendance")["attendance"] for session in sessions]
    return Counter(line["state"] for roll in rolls for line in roll if line["state"])


def _figures(report: Found) -> dict[str, int | None]:
    """The bottom lines; None is hidden."""
    lines = {section["family"]: section["total"]["numbers"] for section in report["sections"]}
    return {name: lines[family].get(name, 0) for family, names in _FIGURES.items() for name in names}
