"""Several quotas at once: limits, and seats that are kept for some."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain import waitlist
from services.events.domain.activity import Activity, Overbooked
from services.events.domain.moment import Moment
from services.events.domain.quota import Quota, Room
from services.events.domain.rule import EVERYBODY
from services.events.domain.signup import Signup, SignupStatus
from tests.events.builders import NEXT_WEEK, NOW, a_signup, a_workshop

A_DAY_BEFORE = Moment(1, "12:00")


@dataclass(frozen=True)
class Party:
    """So many people, of whom some count in quotas."""

    seats: int
    counted: Mapping[str, int] = field(default_factory=dict)


def a_limit(code: str, seats: int) -> Quota:
    """At most so many."""
    return Quota(code, EVERYBODY, seats)


def a_reserve(code: str, seats: int) -> Quota:
    """So many seats are kept."""
    return Quota(code, EVERYBODY, seats, A_DAY_BEFORE)


def come(activity: Activity, *parties: Party) -> list[Signup]:
    """Their sign-ups, after they came in this order."""
    signups = [a_signup(party.seats, counted=party.counted) for party in parties]
    for index, signup in enumerate(signups):
        waitlist.join(activity, signup, [one for one in signups[:index] if one.status is SignupStatus.WAITING], now=NOW)
    return signups


def seated(signups: list[Signup]) -> list[bool]:
    """Who has a seat."""
    return [signup.status is SignupStatus.SEATED for signup in signups]


def test_a_party_needs_room_in_every_quota() -> None:
    """A family of three with two children finds three seats but room for one child only, and gets none."""
    workshop = a_workshop(capacity=10, quotas=[a_limit("children", 1)])
    family = Party(3, {"children": 2})
    assert not workshop.fits(family)
    with pytest.raises(Overbooked):
        workshop.take(family)
    assert (workshop.taken, workshop.quotas[0].taken) == (0, 0)


def test_what_is_taken_is_given_back() -> None:
    """Taking and giving back leaves every quota as it was."""
    workshop = a_workshop(capacity=10, quotas=[a_limit("children", 4), a_reserve("hedegaarden", 3)])
    family = Party(3, {"children": 2, "hedegaarden": 3})
    workshop.take(family)
    assert [quota.taken for quota in workshop.quotas] == [2, 3]
    workshop.give_back(family)
    assert workshop.room == a_workshop(capacity=10, quotas=[a_limit("children", 4), a_reserve("hedegaarden", 3)]).room


def test_kept_seats_are_for_those_for_whom_they_are_kept() -> None:
    """Of four seats two are kept: others get two of them, and no third."""
    workshop = a_workshop(capacity=4, quotas=[a_reserve("never-reached", 2)])
    assert seated(come(workshop, Party(2), Party(1), Party(2, {"never-reached": 2}))) == [True, False, True]


def test_those_for_whom_seats_are_kept_get_open_ones_too() -> None:
    """A reserve is no limit: who comes first may fill the activity."""
    workshop = a_workshop(capacity=4, quotas=[a_reserve("never-reached", 2)])
    assert seated(come(workshop, Party(4, {"never-reached": 4}))) == [True]


def test_reserved_seats_open_to_all() -> None:
    """A day before the session, at noon in Denmark, what is left of the kept seats goes to the line."""
    workshop = a_workshop(capacity=4, quotas=[a_reserve("never-reached", 2)])
    waiting = come(workshop, Party(2), Party(2))[1:]
    noon = (NEXT_WEEK - timedelta(days=1)).replace(hour=11, minute=0)
    assert not workshop.release(noon - timedelta(seconds=1))
    assert workshop.release(noon)
    assert [one.signup for one in waitlist.promote(workshop, waiting, NOW)] == waiting
    assert not workshop.release(NOW)


def test_a_full_quota_does_not_hold_up_those_who_want_none_of_it() -> None:
    """While a family waits for a child's seat, adults alone go before it to the last open seat: else they might wait for ever."""
    workshop = a_workshop(capacity=10, quotas=[a_limit("children", 2)])
    came = come(workshop, Party(3, {"children": 2}), Party(2, {"children": 1}), Party(5), Party(2), Party(1))
    assert seated(came) == [True, False, True, True, False]


def test_nobody_passes_to_the_quota_that_somebody_waits_for() -> None:
    """A smaller family does not get the child's seat that is too little for the one before it."""
    workshop = a_workshop(capacity=10, quotas=[a_limit("children", 2)])
    assert seated(come(workshop, Party(2, {"children": 1}), Party(3, {"children": 2}), Party(2, {"children": 1}))) == [True, False, False]


def test_nobody_passes_who_would_set_somebody_back() -> None:
    """Open seats that the first in the line is short of are not given to those behind, although some are free."""
    workshop = a_workshop(capacity=6, quotas=[a_limit("children", 5)])
    first = come(workshop, Party(5, {"children": 1}), Party(3, {"children": 1}), Party(1))
    assert seated(first) == [True, False, False]
    waitlist.leave(workshop, first[0], "by-family")
    assert [one.signup.seats for one in waitlist.promote(workshop, first[1:], NOW)] == [3, 1]


CODES = ["children", "staff", "first"]
PARTIES = st.builds(
    lambda seats, shares: Party(seats, {code: min(seats, share) for code, share in shares.items() if share}),
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(CODES), st.integers(0, 4)),
)
ROOMS = st.builds(
    lambda capacity, children, staff, first: a_workshop(
        capacity=capacity, quotas=[a_limit("children", children), a_limit("staff", staff), a_reserve("first", min(first, capacity))]
    ),
    st.integers(4, 12),
    st.integers(4, 12),
    st.integers(4, 12),
    st.integers(0, 6),
)


@given(workshop=ROOMS, steps=st.lists(st.one_of(PARTIES, st.integers(0, 20)), max_size=30))
def test_quotas_law(workshop: Activity, steps: list[Party | int]) -> None:
    """Whoever comes and leaves: no quota is overbooked, counts are true, and who waits first is short of something."""
    signups: list[Signup] = []
    for step in steps:
        active = [signup for signup in signups if signup.active]
        line = [signup for signup in active if signup.status is SignupStatus.WAITING]
        if isinstance(step, Party):
            signup = a_signup(step.seats, counted=step.counted)
            waitlist.join(workshop, signup, line, now=NOW)
            signups.append(signup)
        elif active:
            waitlist.leave(workshop, active[step % len(active)], "by-family")
            list(waitlist.promote(workshop, [signup for signup in line if signup.active], NOW))
        law_holds(workshop, signups)


def law_holds(workshop: Activity, signups: list[Signup]) -> None:
    """Nothing overbooked, nothing lost; and each who waits lacks something when those before him have what they wait for."""
    sitting = [signup for signup in signups if signup.status is SignupStatus.SEATED]
    assert workshop.taken == sum(signup.seats for signup in sitting) <= workshop.capacity
    for quota in workshop.quotas:
        assert quota.taken == sum(signup.counted.get(quota.code, 0) for signup in sitting)
        assert quota.taken <= quota.seats or not quota.is_limit
    awaited: Room = workshop.room
    for signup in [signup for signup in signups if signup.status is SignupStatus.WAITING]:
        assert not (workshop.fits(signup) and awaited.spares(signup))
        awaited = awaited.after(signup)


def test_held_seats_are_given_to_the_sign_up_whatever_is_short_since() -> None:
    """A seat that is kept again since somebody left is none for him who held an open one: he gets his all the same."""
    workshop = a_workshop(capacity=2, quotas=[a_reserve("local", 2)])
    (local,), held, signup = come(workshop, Party(1, {"local": 1})), Party(1, {"local": 1}), a_signup(1)
    workshop.take(held)
    waitlist.leave(workshop, local, "by-family")
    waitlist.take_over(workshop, signup, held)
    assert (signup.status, workshop.taken) == (SignupStatus.SEATED, 1)
