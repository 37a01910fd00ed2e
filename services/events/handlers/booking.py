"""What sessions need: it is registered, booked under lock, and booked anew where a session moves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from services.events.domain.activity import Activity, why_not_change
from services.events.domain.booking import Bookable, Booking, Clash, why_not_at_once, why_not_book, why_not_register
from services.events.domain.refusal import Refusal, Slug
from services.events.handlers.finding import find_activity_of_session, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


def register(asked: Bookable, work: "Work") -> tuple[Bookable, bool]:
    """Have something to book; True if it is new."""
    if known := work.bookings.these([asked.bookable_id]).get(asked.bookable_id):
        work.resources.refuse([] if known == asked else [Refusal(Slug.BOOKABLE_EXISTS, "/bookable_id")])
        return known, False
    work.resources.refuse(
        why_not_register(
            asked,
            programme_is_known=work.places.programme(asked.programme) is not None,
            institution_is_known=asked.institution is None or work.places.institution(asked.programme, asked.institution) is not None,
            professional_is_known=bool(asked.professional_id and work.people.known([asked.professional_id]).professionals),
        )
    )
    return (asked, True) if work.bookings.add(asked) else register(asked, work)


def find_bookable(bookable_id: str, work: "Work") -> Bookable:
    return work.bookings.these([bookable_id]).get(bookable_id) or work.resources.missing(Slug.BOOKABLE_NOT_FOUND)


def book(session_id: str, asked: Sequence[str], work: "Work") -> tuple[Sequence[Booking], Sequence[Clash]]:
    """Let the session have exactly these; what it had besides is free. Soft clashes are told, a hard one refuses it all."""
    activity = lock_activity(find_activity_of_session(session_id, work).activity_id, work)
    work.resources.refuse([*why_not_change(activity, work.now), *_not_of(activity, session_id)])
    work.resources.refuse(why_not_book(asked, work.bookings.lock(asked), activity.programme))
    work.bookings.set(session_id, asked)
    clashes = work.bookings.clashes([session_id])
    work.resources.refuse(why_not_at_once(clashes, {bookable_id: f"/bookables/{index}" for index, bookable_id in enumerate(asked)}))
    return work.bookings.of_session(session_id), clashes


def follow(session_ids: Sequence[str], at: Mapping[str, str], work: "Work") -> Sequence[Clash]:
    """Book what these moved sessions have at their new times; `at` gives the field that asked for it by activity."""
    booked = work.bookings.booked_by(session_ids) if session_ids else ()
    if not booked:
        return ()
    work.bookings.lock(booked)
    work.bookings.follow(session_ids)
    clashes = work.bookings.clashes(session_ids)
    work.resources.refuse(why_not_at_once(clashes, at))
    return clashes


def _not_of(activity: Activity, session_id: str) -> Sequence[Refusal]:
    """Between looking it up and the lock, the session may have been called off."""
    known = any(session.session_id == session_id for session in activity.sessions)
    return () if known else [Refusal(Slug.SESSION_NOT_OF_ACTIVITY, "")]
