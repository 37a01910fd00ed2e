"""What people do in the demo: which activities are opened, who signs up to them, who cancels, who comes.

The plan is worked out from the families' file, `activities.toml` and `professionals.toml`, in the order in which they
are written, so it is the same in every run. People are named by what the file knows of them (`Person`); their ids are
the services' business, and are filled in when the services have answered.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.cli.demo.families import Message
from services.cli.demo.file import FOLDER, DemoFile

FOR_PROFESSIONALS = frozenset({"learning-lab", "action-learning", "supervision"})
"""Kinds of activity to which professionals sign up; the others are for families."""

STATES = ("present",) * 5 + ("late",) + ("present",) * 3 + ("excused",) + ("present",) * 3 + ("absent",)
"""Whether the people of a roll came, over and over in this order."""


class Person(NamedTuple):
    """`role` is child, guardian or professional; `request` the enrolment request's id, or the professional's e-mail address."""

    role: str
    request: str
    place: int = 0


@dataclass(frozen=True)
class Party:
    """People who come together, the one who is told among them or not; `has_address` says whether he can be told by mail."""

    contact: Person
    members: tuple[Person, ...]
    has_address: bool = True


class Opening(msgspec.Struct, frozen=True):
    """An activity as `activities.toml` describes it; places in `cancel` and `withdraw` count from 1."""

    activity_id: str
    kind: str
    title: Mapping[str, str]
    district: str
    place: str
    capacity: int
    parties: int
    days: int
    minutes: int
    institution: str | None = None
    starts: time | None = None
    sessions: int = 1
    cancel: Sequence[int] = ()
    withdraw: Sequence[int] = ()
    attendance: bool = False


@dataclass(frozen=True)
class Activity:
    """An activity and the parties that sign up to it, in order."""

    opening: Opening
    parties: Sequence[Party]

    @property
    def cancelling(self) -> Sequence[Party]:
        return [self.parties[place - 1] for place in self.opening.cancel]

    @property
    def leaving(self) -> Sequence[Party]:
        """Those who lose their seat because the first child of the party leaves the programme."""
        return [self.parties[place - 1] for place in self.opening.withdraw]


class Withdrawals(msgspec.Struct, frozen=True):
    """How many other children leave the programme, why, and from which day on."""

    others: int
    reason: str
    effective_date: date


class Professional(msgspec.Struct, frozen=True):
    """A professional as `professionals.toml` describes him."""

    profession: str
    institution: str
    given_name: str
    family_name: str
    email: str
    language: str

    @property
    def person(self) -> Person:
        return Person("professional", self.email)


@dataclass(frozen=True)
class Plan:
    """Everything that happens after the enrolments were answered. `withdrawn` are ids of enrolment requests."""

    activities: Sequence[Activity]
    professionals: Sequence[Professional]
    withdrawn: Sequence[str]
    withdrawals: Withdrawals


class _Written(msgspec.Struct):
    """The whole of `activities.toml`."""

    activities: list[Opening]
    withdrawals: Withdrawals


def plan_of(file: DemoFile, folder: Path = FOLDER) -> Plan:
    """The plan for the families of a file."""
    written = msgspec.convert(tomllib.loads((folder / "activities.toml").read_text("utf-8")), _Written)
    people = tomllib.loads((folder / "professionals.toml").read_text("utf-8"))
    professionals = msgspec.convert(people["professionals"], list[Professional])
    hall = _Hall(file, professionals, _institutions(folder.parent))
    activities = [Activity(opening, list(islice(hall.parties(opening), opening.parties))) for opening in written.activities]
    named = [party.members[0].request for activity in activities for party in activity.leaving]
    others = list(islice((family[0]["id"] for family in hall.not_yet_seen()), written.withdrawals.others))
    return Plan(activities, professionals, [*named, *others], written.withdrawals)


class _Hall:
    """Everyone who may sign up; a family comes to one activity, a professional to several."""

    def __init__(self, file: DemoFile, professionals: Sequence[Professional], institutions: Mapping[str, Mapping[str, str]]) -> None:
        self._families = families(file)
        self._professionals = professionals
        self._institutions = institutions
        self._seen: set[str] = set()

    def parties(self, opening: Opening) -> Iterator[Party]:
        """Those who sign up to this activity, as many as there are."""
        if opening.kind in FOR_PROFESSIONALS:
            yield from (_alone(one) for one in self._professionals if self._home(one.institution)["district"] == opening.district)
            return
        for shape, family in zip(cycle(range(4)), self.not_yet_seen(opening), strict=False):
            self._seen.add(family[0]["id"])
            yield _party(family, shape, children=opening.kind == "workshop")

    def not_yet_seen(self, near: Opening | None = None) -> Iterator[Sequence[Message]]:
        """Families who have not signed up to anything, of the activity's institution or else its district."""
        for family in self._families:
            home = self._home(family[0]["data"]["institution"])
            wanted = near is None or (near.institution or near.district) in (home["code"], home["district"])
            if wanted and family[0]["id"] not in self._seen:
                yield family

    def _home(self, handle: str) -> Mapping[str, str]:
        return self._institutions[handle]


def families(file: DemoFile) -> Sequence[Sequence[Message]]:
    """Accepted requests of the same family together: those who agreed to take part, by the first guardian's CPR number."""
    found: dict[str, list[Message]] = defaultdict(list)
    for request_id, request in file.accepted.items():
        if request["data"].get("consent", {}).get("given"):
            found[request["data"]["guardians"][0].get("cpr_number", request_id)].append(request)
    return list(found.values())


def _party(family: Sequence[Message], shape: int, *, children: bool) -> Party:
    """The children with one guardian or with all who have custody; to a parents' event, every other time, guardians alone."""
    request = family[0]
    contact = Person("guardian", request["id"])
    guardians = request["data"]["guardians"]
    beside = [Person("guardian", request["id"], place) for place, guardian in enumerate(guardians) if place and guardian["custody"]]
    young = [Person("child", child["id"]) for child in family] if children or shape % 2 == 0 else []
    adults = [contact, *(beside if shape in (1, 2) else [])]
    return Party(contact, (*young, *adults), has_address="email" in guardians[0])


def _alone(professional: Professional) -> Party:
    return Party(professional.person, (professional.person,))


def _institutions(programme: Path) -> Mapping[str, Mapping[str, Any]]:
    """The programme's institutions, by code and by number."""
    rows = tomllib.loads((programme / "institutions.toml").read_text("utf-8"))["institutions"]
    return {row[handle]: row for row in rows for handle in ("code", "stil_number") if handle in row}
