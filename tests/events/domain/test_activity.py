"""What can be opened, and what an activity's seats allow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.events.domain.activity import Activity, Institution, Overbooked, Placement, Programme, why_not_change, why_not_open
from services.events.domain.refusal import Slug
from tests.events.builders import (
    BIRKEGAARDEN,
    KINDS,
    LAST_WEEK,
    NEXT_WEEK,
    NOW,
    SAMMEN,
    a_called_off_workshop,
    a_session,
    a_signup,
    a_workshop,
)


def refused(
    asked: Activity, *, programme: Programme | None = SAMMEN, institution: Institution | None = BIRKEGAARDEN
) -> list[tuple[str, str]]:
    """The slug and the field of every reason."""
    refusals = why_not_open(asked, kinds=KINDS, programme=programme, institution=institution, now=NOW)
    return [(refusal.slug.value, refusal.field) for refusal in refusals]


def test_sound_activity_opens() -> None:
    """A workshop of a known kind in a known place in the future may be opened."""
    assert refused(a_workshop()) == []


def test_activity_of_a_whole_district_opens() -> None:
    """An activity needs no institution."""
    assert refused(a_workshop(institution=None, institution_id=None), institution=None) == []


def test_every_reason_is_named_at_once() -> None:
    """Whoever asks for several impossible things is told of all of them in one answer."""
    asked = a_workshop(kind="disco", district="skovlunde", institution="globen", sessions=[a_session(LAST_WEEK)])
    assert refused(asked, institution=None) == [
        ("kind-not-known", "/kind"),
        ("district-not-known", "/district"),
        ("institution-not-known", "/institution"),
        ("session-in-the-past", "/sessions/0/starts_at"),
    ]


def test_unknown_programme() -> None:
    """A programme that no fact told of is refused, as something that may become known."""
    refusals = list(why_not_open(a_workshop(), kinds=KINDS, programme=None, institution=BIRKEGAARDEN, now=NOW))
    assert [refusal.slug for refusal in refusals] == [Slug.PROGRAMME_NOT_KNOWN]
    assert refusals[0].is_about_standing


def test_institution_in_another_district() -> None:
    """A daycare house in Hedegården cannot hold an activity of Baltorp."""
    assert refused(a_workshop(district="baltorp")) == [("institution-elsewhere", "/institution")]


def test_a_house_that_moves_holds_its_activities_where_it_lies_then() -> None:
    """What counts is the day of the first session: until the move the old district is right, from then on the new one."""
    day = NEXT_WEEK.date()
    moves = (Placement("hedegaarden", end=day), Placement("baltorp", start=day + timedelta(days=1)))
    house, later = replace(BIRKEGAARDEN, placements=moves), [a_session(NEXT_WEEK + timedelta(days=1))]
    assert refused(a_workshop(), institution=house) == refused(a_workshop(district="baltorp", sessions=later), institution=house) == []
    assert refused(a_workshop(sessions=later), institution=house) == [("institution-elsewhere", "/institution")]


def test_a_house_that_has_closed_holds_none() -> None:
    """On its last day a house may hold an activity, and on the day after it no longer."""
    last = Placement("hedegaarden", end=NEXT_WEEK.date())
    house, later = replace(BIRKEGAARDEN, placements=(last,)), [a_session(NEXT_WEEK + timedelta(days=1))]
    assert refused(a_workshop(), institution=house) == []
    assert refused(a_workshop(sessions=later), institution=house) == [("institution-not-open", "/institution")]


def test_session_must_end_after_its_start() -> None:
    """A session that ends when it starts is refused, by its place in the list."""
    assert refused(a_workshop(sessions=[a_session(hours=0)])) == [("session-ends-before-start", "/sessions/0/ends_at")]


def test_sessions_may_not_overlap() -> None:
    """The later of two overlapping sessions is named, in whatever order they were given."""
    sessions = [a_session(NEXT_WEEK + timedelta(hours=1)), a_session(NEXT_WEEK)]
    assert refused(a_workshop(sessions=sessions)) == [("sessions-overlap", "/sessions/0/starts_at")]


def test_sessions_may_follow_each_other() -> None:
    """A session may start when the one before it ends."""
    assert refused(a_workshop(sessions=[a_session(NEXT_WEEK), a_session(NEXT_WEEK + timedelta(hours=2))])) == []


def test_signup_closes_with_the_first_session() -> None:
    """Sign-up is open until the moment when the first session starts."""
    course = a_workshop(sessions=[a_session(NEXT_WEEK + timedelta(days=7)), a_session(NEXT_WEEK)])
    assert course.takes_signups(NEXT_WEEK - timedelta(seconds=1))
    assert not course.takes_signups(NEXT_WEEK)


def test_called_off_activity_takes_nobody() -> None:
    """Nobody can sign up to what is called off."""
    assert not a_called_off_workshop().takes_signups(NOW)


def test_activity_is_over_with_its_last_session() -> None:
    """A course may be changed until its last session has ended."""
    course = a_workshop(sessions=[a_session(LAST_WEEK), a_session(NOW - timedelta(hours=1))])
    assert list(why_not_change(course, NOW)) == []
    assert [refusal.slug for refusal in why_not_change(course, NOW + timedelta(hours=1))] == [Slug.ACTIVITY_OVER]


def test_seats_that_are_not_there_cannot_be_taken() -> None:
    """The last line in the code: more seats than are free are never given away."""
    with pytest.raises(Overbooked):
        a_workshop(capacity=2, taken=1).take(a_signup(2))


def test_same_opening_however_the_times_are_written() -> None:
    """Two openings are the same when they mean the same moments, whatever the zone and the sessions' own ids."""
    local = timezone(timedelta(hours=1))
    here = datetime(2026, 11, 9, 10, tzinfo=local)
    there = datetime(2026, 11, 9, 9, tzinfo=UTC)
    assert a_workshop(sessions=[a_session(here)]).opening() == a_workshop(sessions=[a_session(there)]).opening()


def test_another_title_is_another_opening() -> None:
    """An opening with another content is told apart."""
    assert a_workshop(title={"da": "Sang", "en": "Songs"}).opening() != a_workshop().opening()
