"""What sessions need besides people: rooms (lokaler), equipment (udstyr) and facilitators (procesledere), each at one place at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.events.domain.refusal import Refusal, Slug
from services.events.domain.session import LOCAL


class BookableKind(StrEnum):
    """What can be booked."""

    ROOM = "room"
    EQUIPMENT = "equipment"
    FACILITATOR = "facilitator"


@dataclass(frozen=True)
class Bookable:
    """Something that sessions book: an institution's, or (None) the municipality's. `hard`: never for two sessions at once.

    A facilitator is a professional and has no name here; whatever else there is has one, by language.
    """

    bookable_id: str
    kind: BookableKind
    programme: str
    institution: str | None
    name: Mapping[str, str] | None
    professional_id: str | None
    hard: bool


@dataclass(frozen=True)
class Booking:
    """When something is booked, and by which session."""

    bookable_id: str
    session_id: str
    activity_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Clash:
    """That something is booked by a session at a time at which another session has it."""

    bookable_id: str
    kind: BookableKind
    hard: bool
    activity_id: str
    session_id: str
    other_session_id: str
    starts_at: datetime


def why_not_register(
    asked: Bookable, *, programme_is_known: bool, institution_is_known: bool, professional_is_known: bool
) -> Iterator[Refusal]:
    """Every reason why something cannot be had as asked."""
    is_person = asked.kind is BookableKind.FACILITATOR
    if not programme_is_known:
        yield Refusal(Slug.PROGRAMME_NOT_KNOWN, "/programme")
    if not institution_is_known:
        yield Refusal(Slug.INSTITUTION_NOT_KNOWN, "/institution")
    if is_person != (asked.professional_id is not None):
        yield Refusal(Slug.FACILITATOR_IS_PROFESSIONAL, "/professional_id")
    elif is_person and not professional_is_known:
        yield Refusal(Slug.PROFESSIONAL_NOT_KNOWN, "/professional_id")
    if is_person == (asked.name is not None):
        yield Refusal(Slug.FACILITATOR_HAS_NO_NAME, "/name")


def why_not_book(asked: Sequence[str], known: Mapping[str, Bookable], programme: str) -> Iterator[Refusal]:
    """Every reason why a session cannot book these, whether they are free or not."""
    for index, bookable_id in enumerate(asked):
        found = known.get(bookable_id)
        if found is None or found.programme != programme:
            yield Refusal(Slug.BOOKABLE_NOT_FOUND, f"/bookables/{index}")
        elif bookable_id in asked[:index]:
            yield Refusal(Slug.BOOKABLE_TWICE, f"/bookables/{index}")


def why_not_at_once(clashes: Iterable[Clash], at: Mapping[str, str]) -> Iterator[Refusal]:
    """The hard ones; `at` gives the field by the id of what is booked, or of the activity."""
    for clash in clashes:
        if clash.hard:
            field = at.get(clash.bookable_id, at.get(clash.activity_id, ""))
            yield Refusal(Slug.BOOKED_ALREADY, field, {"kind": clash.kind.value, "day": clash.starts_at.astimezone(LOCAL).date()})
