"""Who asked for an enrolment, and for whom: a family itself, or somebody with it or for it (på vegne af)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.registration.domain.clocks import has_come
from services.registration.domain.objection import Objection, Rule


class How(StrEnum):
    """How a family took part when somebody else filled the form."""

    IN_PERSON = "in-person"
    BY_PHONE = "by-phone"
    ON_PAPER = "on-paper"


@dataclass(frozen=True, slots=True)
class OnBehalfOf:
    """For which guardian (by his place in the list, from 0), how, and when the form was filled, which may be days ago."""

    guardian: int
    how: How
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class DoneBy:
    """Who sent it: his id at the issuer of his token, and the role in which he did."""

    subject: str
    role: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What is kept of it with the enrolment. The last three are None where nobody acted for a guardian."""

    enrolment_id: str
    done_by: DoneBy
    guardian_id: str | None = None
    how: How | None = None
    filled_at: datetime | None = None


def of(enrolment_id: str, done_by: DoneBy, on_behalf_of: OnBehalfOf | None, guardian_id: str | None) -> Origin:
    """The origin of an enrolment; `guardian_id` is whom `on_behalf_of` means."""
    if on_behalf_of is None:
        return Origin(enrolment_id, done_by)
    return Origin(enrolment_id, done_by, guardian_id, on_behalf_of.how, on_behalf_of.filled_at)


def objections(behalf: OnBehalfOf, guardians: int, now: datetime) -> Iterator[Objection]:
    """Everything that speaks against it, where the request names so many guardians."""
    if not 0 <= behalf.guardian < guardians:
        yield Objection(Rule.ON_BEHALF_OF_NOBODY, "/on_behalf_of/guardian")
    if not has_come(behalf.filled_at, now):
        yield Objection(Rule.FILLED_IN_THE_FUTURE, "/on_behalf_of/filled_at")
