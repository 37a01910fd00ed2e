"""What must come of the demo, worked out from the file and the plan alone.

Seats are given here by the rule as the programme states it, written down a second time and in another way than in the
service: strict order, all of a party or none of it, and nobody overtakes. Where the two disagree, the demo says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.cli.demo.file import DemoFile
from services.cli.demo.outcome import Counts
from services.cli.demo.plan import STATES, Activity, Party, Person, Plan


@dataclass
class Room:
    """One activity as the day goes: who has a seat, who stands in the line, and which mails that led to."""

    capacity: int
    seated: list[Party] = field(default_factory=list)
    line: list[Party] = field(default_factory=list)
    promoted: list[Party] = field(default_factory=list)
    gone: list[Party] = field(default_factory=list)
    mails: list[tuple[str, Party]] = field(default_factory=list)

    def enter(self, party: Party) -> None:
        if self.line or not self._fits(party):
            self.line.append(party)
            self.mails.append(("waiting", party))
        else:
            self.seated.append(party)
            self.mails.append(("confirmation", party))

    def leave(self, party: Party) -> None:
        place = self.seated if party in self.seated else self.line
        place.remove(party)
        self.gone.append(party)
        self.mails.append(("cancellation", party))
        self._move_up()

    def _move_up(self) -> None:
        while self.line and self._fits(self.line[0]):
            party = self.line.pop(0)
            self.seated.append(party)
            self.promoted.append(party)
            self.mails.append(("promotion", party))

    def _fits(self, party: Party) -> bool:
        return sum(len(other.members) for other in self.seated) + len(party.members) <= self.capacity


def counts(file: DemoFile, plan: Plan) -> Counts:
    """Every number that the demo must end with."""
    rolls = {person: state for activity in plan.activities for person, state in roll(activity)}
    rooms = [after_all(activity) for activity in plan.activities]
    return {
        "requests": _requests(file, plan),
        "rejected": file.expected.rejected_by_reason,
        "parked": file.expected.parked_by_reason,
        "activities": {"open": len(plan.activities)},
        "sign-ups": _signups(rooms),
        "mails": _mails(rooms),
        "attendance": Counter(state for activity in plan.activities for _, state in roll(activity)),
        "report": _report(file, plan, rooms, rolls),
    }


def roll(activity: Activity) -> Iterator[tuple[Person, str]]:
    """Who is on the roll of an activity whose attendance is recorded, and what is said of each.

    It is called when the parties that cancel have cancelled, and lists people in the order in which they signed up.
    """
    if not activity.opening.attendance:
        return
    seated = [party for party in activity.parties if party in _after(activity, activity.cancelling).seated]
    people = [person for party in seated for person in party.members]
    yield from ((person, STATES[place % len(STATES)]) for place, person in enumerate(people))


def after_all(activity: Activity) -> Room:
    """The activity when those who cancel have cancelled, and those who leave the programme have left."""
    return _after(activity, [*activity.cancelling, *activity.leaving])


def told(rooms: Iterable[Room]) -> int:
    """How many mails the sign-ups, and all that happened to them, led to."""
    return sum(len(room.mails) for room in rooms)


def _after(activity: Activity, leaving: Sequence[Party]) -> Room:
    room = Room(activity.opening.capacity)
    for party in activity.parties:
        room.enter(party)
    for party in leaving:
        room.leave(party)
    return room


def _requests(file: DemoFile, plan: Plan) -> dict[str, int]:
    expected = file.expected
    return {
        "accepted": expected.accepted,
        "rejected": len(expected.rejected),
        "sent twice, answered once": len(expected.duplicates),
        "withdrawn later": len(plan.withdrawn),
    }


def _signups(rooms: Sequence[Room]) -> dict[str, int]:
    return {
        "seated": sum(len(room.seated) for room in rooms),
        "waiting": sum(len(room.line) for room in rooms),
        "promoted": sum(len(room.promoted) for room in rooms),
        "cancelled": sum(len(room.gone) for room in rooms),
    }


def _mails(rooms: Sequence[Room]) -> Counter[str]:
    return Counter(kind if party.has_address else "not sent: no address" for room in rooms for kind, party in room.mails)


def _report(file: DemoFile, plan: Plan, rooms: Sequence[Room], rolls: dict[Person, str]) -> dict[str, int]:
    """The bottom lines of the report; see measures.toml of the reporting service for what each means."""
    came = {person for person, state in rolls.items() if state in ("present", "late")}
    children = {person.request for person in came if person.role == "child"} - set(plan.withdrawn)
    states = Counter(state for activity in plan.activities for _, state in roll(activity))
    signups = _signups(rooms)
    return {
        "children-enrolled": file.expected.accepted,
        "children-withdrawn": len(plan.withdrawn),
        "children-taking-part": len(children),
        "requests-rejected": len(file.expected.rejected) - len(file.expected.broken),
        "signups": sum(len(activity.parties) for activity in plan.activities),
        **{standing: signups[standing] for standing in ("seated", "waiting", "cancelled")},
        "professionals": len(plan.professionals),
        "professionals-taking-part": len({person for person in came if person.role == "professional"}),
        "attended": states["present"] + states["late"],
        "excused": states["excused"],
        "absent": states["absent"],
    }
