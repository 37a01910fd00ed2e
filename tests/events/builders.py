"""People and activities of these tests, with the details that most of them do not care about.

A family lives in Hedegården, a workshop is held in the daycare house Birkegården next week; a test overrides what
matters to it and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.ids import new_id
from services.events.domain.activity import Activity, ActivityStatus, Institution, Kind, Programme
from services.events.domain.eligibility import Consent, Enrolment, Known, Professional
from services.events.domain.session import Session
from services.events.domain.signup import Member, PartyRole, Signup
from services.events.resources import load

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NEXT_WEEK = NOW + timedelta(days=7)
LAST_WEEK = NOW - timedelta(days=7)

SAMMEN = Programme("sammen-om-boern", frozenset({"hedegaarden", "baltorp"}))
BIRKEGAARDEN = Institution(new_id(), "birkegaarden", SAMMEN.code, "hedegaarden")
KINDS: dict[str, Kind] = dict(load().kinds)


def a_session(starts_at: datetime = NEXT_WEEK, hours: float = 2) -> Session:
    """A meeting in Birkegården's common room."""
    return Session(new_id(), starts_at, starts_at + timedelta(hours=hours), "Birkegården, fællesrummet")


def a_workshop(capacity: int = 4, **details: Any) -> Activity:
    """A workshop for families, next week in Birkegården."""
    workshop = Activity(
        activity_id=new_id(),
        programme=SAMMEN.code,
        kind="workshop",
        title={"da": "Leg og sprog i hverdagen", "en": "Play and language every day"},
        district="hedegaarden",
        institution_id=BIRKEGAARDEN.institution_id,
        institution=BIRKEGAARDEN.code,
        capacity=capacity,
        sessions=[a_session()],
    )
    return replace(workshop, **details)


def a_called_off_workshop() -> Activity:
    """A workshop that its organiser called off."""
    return a_workshop(status=ActivityStatus.CALLED_OFF)


def a_party(seats: int = 1) -> list[Member]:
    """A guardian and, in a larger party, children."""
    children = [Member(new_id(), PartyRole.CHILD) for _ in range(seats - 1)]
    return [Member(new_id(), PartyRole.GUARDIAN), *children]


def a_signup(seats: int = 1, **details: Any) -> Signup:
    """A party's sign-up that has not been decided yet."""
    signup = Signup(
        signup_id=new_id(),
        activity_id=new_id(),
        programme=SAMMEN.code,
        kind="workshop",
        district="hedegaarden",
        contact_id=new_id(),
        party=a_party(seats),
        signed_up_at=NOW,
    )
    return replace(signup, **details)


@dataclass(frozen=True)
class Family:
    """Children who share their guardians; each has an enrolment."""

    children: Sequence[str]
    guardians: Sequence[str]
    programme: str = SAMMEN.code
    enrolments: Sequence[str] = field(default_factory=list)

    @property
    def mother(self) -> str:
        """The first guardian."""
        return self.guardians[0]

    def party(self, *, guardians: int = 1, children: int | None = None) -> list[Member]:
        """Some of the guardians with some of the children (all of them, if not said)."""
        return [
            *(Member(guardian, PartyRole.GUARDIAN) for guardian in self.guardians[:guardians]),
            *(Member(child, PartyRole.CHILD) for child in self.children[:children]),
        ]

    def known(self, *, accepted: bool = True, consents: Sequence[Consent] = ()) -> Known:
        """What the service knows of the family."""
        guardians = frozenset(self.guardians)
        return Known([Enrolment(child, self.programme, accepted, guardians) for child in self.children], consents)


def a_family(children: int = 1, guardians: int = 2, **details: Any) -> Family:
    """A family in Hedegården with two guardians and a child."""
    ids = {"children": [new_id() for _ in range(children)], "guardians": [new_id() for _ in range(guardians)]}
    return Family(**ids | {"enrolments": [new_id() for _ in range(children)]} | details)


def a_pedagogue(programme: str = SAMMEN.code) -> Professional:
    """A pedagogue in the programme."""
    return Professional(new_id(), programme)


def knowing(*known: Known) -> Known:
    """All that is known of several families."""
    return Known(
        [enrolment for one in known for enrolment in one.enrolments],
        [consent for one in known for consent in one.consents],
        [professional for one in known for professional in one.professionals],
    )
