"""The waiting list in strict order: who gets a seat, who waits, and who is next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain import waitlist
from services.events.domain.activity import Activity, ActivityStatus
from services.events.domain.signup import Signup, SignupStatus
from tests.events.builders import LAST_WEEK, NOW, a_called_off_workshop, a_session, a_signup, a_workshop


def joined(activity: Activity, *sizes: int) -> list[Signup]:
    """Parties of these sizes, after they signed up in this order."""
    signups = [a_signup(seats) for seats in sizes]
    for signup in signups:
        waitlist.join(activity, signup, now=NOW)
    return signups


def promoted(activity: Activity, line: list[Signup]) -> list[Signup]:
    """Those of the line who get seats."""
    return [one.signup for one in waitlist.promote(activity, line, NOW)]


def states(*signups: Signup) -> list[tuple[SignupStatus, int | None]]:
    """Where each party stands."""
    return [(signup.status, signup.position) for signup in signups]


SEATED = (SignupStatus.SEATED, None)


def test_party_that_fits_is_seated() -> None:
    """A family of three gets its three seats at once."""
    workshop = a_workshop(capacity=4)
    assert states(*joined(workshop, 3)) == [SEATED]
    assert workshop.free == 1


def test_party_is_seated_whole_or_not_at_all() -> None:
    """A family of two waits although one seat is free, and that seat stays free."""
    workshop = a_workshop(capacity=4)
    _, second = joined(workshop, 3, 2)
    assert states(second) == [(SignupStatus.WAITING, 1)]
    assert workshop.free == 1


def test_nobody_overtakes_those_who_wait() -> None:
    """A single parent for whom a seat is free goes to the end of the line while a family waits before him."""
    *_, family, single = joined(a_workshop(capacity=4), 3, 2, 1)
    assert states(family, single) == [(SignupStatus.WAITING, 1), (SignupStatus.WAITING, 2)]


def test_first_in_line_gets_the_freed_seats() -> None:
    """A family on the waiting list gets the place as soon as somebody cancels."""
    workshop = a_workshop(capacity=4)
    first, second, third = joined(workshop, 3, 2, 1)
    waitlist.leave(workshop, first, "by-family")
    assert promoted(workshop, [second, third]) == [second, third]
    assert states(second, third) == [SEATED, SEATED]
    assert (workshop.taken, workshop.waiting) == (3, 0)


def test_small_party_does_not_pass_a_large_one() -> None:
    """A large family at the head of the line is not starved by small ones behind it."""
    workshop = a_workshop(capacity=4)
    one, _, large, small = joined(workshop, 1, 3, 4, 1)
    waitlist.leave(workshop, one, "by-family")
    assert promoted(workshop, [large, small]) == []
    assert workshop.free == 1


def test_leaving_the_line_frees_no_seat() -> None:
    """Who leaves the waiting list gives back no seat, only his place in the line."""
    workshop = a_workshop(capacity=1)
    _, waiting = joined(workshop, 1, 1)
    waitlist.leave(workshop, waiting, "by-family")
    assert (workshop.taken, workshop.waiting) == (1, 0)
    assert waiting.reason == "by-family"


def test_calling_off_cancels_everybody() -> None:
    """When an activity is called off, nobody keeps a seat or a place in the line."""
    workshop = a_workshop(capacity=3)
    signups = joined(workshop, 2, 2)
    waitlist.call_off(workshop, signups)
    assert workshop.status is ActivityStatus.CALLED_OFF
    assert (workshop.taken, workshop.waiting) == (0, 0)
    assert [signup.reason for signup in signups] == ["called-off", "called-off"]


def test_capacity_covers_what_is_taken() -> None:
    """The capacity cannot be lowered below the seats that are taken, and the answer says how many they are."""
    refusals = list(waitlist.why_not_resize(a_workshop(capacity=4, taken=3), 2, 0, NOW))
    assert [(refusal.slug, refusal.values) for refusal in refusals] == [("capacity-below-taken", {"taken": 3})]


def test_capacity_covers_every_party_in_the_line() -> None:
    """The capacity cannot be lowered below a party that waits, for it would hold up the line for ever."""
    refusals = list(waitlist.why_not_resize(a_workshop(capacity=6, taken=3), 3, 5, NOW))
    assert [(refusal.slug, refusal.values) for refusal in refusals] == [("capacity-below-party", {"seats": 5})]


@pytest.mark.parametrize(
    ("activity", "slug"), [(a_called_off_workshop(), "activity-called-off"), (a_workshop(sessions=[a_session(LAST_WEEK)]), "activity-over")]
)
def test_capacity_of_what_is_past_stays(activity: Activity, slug: str) -> None:
    """The capacity of an activity that is called off or over cannot be changed."""
    assert [refusal.slug for refusal in waitlist.why_not_resize(activity, 9, 0, NOW)] == [slug]


@given(capacity=st.integers(1, 12), sizes=st.lists(st.integers(1, 6), max_size=30))
def test_free_seats_do_not_fit_the_first_in_line(capacity: int, sizes: list[int]) -> None:
    """However parties arrive, seats are left over only when the first in the line needs more of them."""
    workshop = a_workshop(capacity=capacity)
    signups = joined(workshop, *(size for size in sizes if size <= capacity))
    line = [signup for signup in signups if signup.status is SignupStatus.WAITING]
    assert workshop.taken == sum(signup.seats for signup in signups if signup.status is SignupStatus.SEATED) <= capacity
    assert not line or line[0].seats > workshop.free
    assert [signup.position for signup in line] == list(range(1, len(line) + 1))
