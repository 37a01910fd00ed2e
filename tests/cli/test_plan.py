"""The demo's plan, and what must come of it: worked out on paper, before any service is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.demo import file, forecast
from services.cli.demo.forecast import Room
from services.cli.demo.outcome import Counts, Outcome, differences
from services.cli.demo.plan import Activity, Party, Person, Plan, plan_of
from services.cli.demo.story import soon, starts_of


@cache
def plan() -> Plan:
    """The plan of the committed files."""
    return plan_of(file.read())


def activities() -> Sequence[Activity]:
    """Its activities, in the order in which they are opened."""
    return plan().activities


def a_party(number: int, seats: int) -> Party:
    """So many people who come together."""
    people = tuple(Person("child", f"{number}", place) for place in range(seats))
    return Party(people[0], people)


def test_a_dozen_activities_in_both_districts() -> None:
    """There are workshops, parents' events and courses for professionals, in both districts."""
    assert len(activities()) >= 12
    assert {activity.opening.district for activity in activities()} == {"hedegaarden", "baltorp"}
    assert {activity.opening.kind for activity in activities()} == {
        "workshop", "parents-event", "learning-lab", "action-learning", "supervision"
    }  # fmt: skip


@pytest.mark.parametrize("activity", activities(), ids=lambda activity: activity.opening.title["en"])
def test_as_many_sign_up_as_are_meant_to(activity: Activity) -> None:
    """There are enough families and professionals for every activity, and nobody signs up to one twice."""
    people = [person for party in activity.parties for person in party.members]
    assert len(activity.parties) == activity.opening.parties
    assert len(set(people)) == len(people)


def test_some_activities_are_full_and_some_are_not() -> None:
    """People wait and move up at several activities, and elsewhere there is room."""
    rooms = [forecast.after_all(activity) for activity in activities()]
    assert sum(bool(room.promoted) for room in rooms) >= 5
    assert any(room.line for room in rooms)
    assert any(not room.line and not room.promoted for room in rooms)


@pytest.mark.parametrize("activity", activities(), ids=lambda activity: activity.opening.title["en"])
def test_who_leaves_has_not_moved_up(activity: Activity) -> None:
    """Nobody cancels right after he was promoted: whether he still gets that mail would be a matter of moments."""
    room = forecast.after_all(activity)
    assert not [party for party in room.gone if party in room.promoted]


def test_who_leaves_the_programme_is_a_child_with_a_seat() -> None:
    """A party loses its seats with its child's enrolment, so a child must be in it; and its attendance is not recorded."""
    leaving = [(activity, party) for activity in activities() for party in activity.leaving]
    assert leaving
    assert all(party.members[0].role == "child" and not activity.opening.attendance for activity, party in leaving)
    assert len(set(plan().withdrawn)) == len(plan().withdrawn) > 5


def test_enough_come_for_figures_to_be_shown() -> None:
    """Every state of attendance is there five times, as the report hides smaller numbers."""
    counts = forecast.counts(file.read(), plan())
    assert min(count or 0 for count in counts["attendance"].values()) >= 5


@given(st.integers(1, 12), st.lists(st.integers(1, 5), max_size=30), st.data())
def test_the_forecast_keeps_the_seats_law(capacity: int, sizes: Sequence[int], data: st.DataObject) -> None:
    """Whoever comes and goes, no more are seated than fit, nobody is lost, and the first in the line never fits."""
    room = Room(capacity)
    parties = [a_party(number, min(size, capacity)) for number, size in enumerate(sizes)]
    for party in parties:
        room.enter(party)
    for party in data.draw(st.lists(st.sampled_from(parties), unique=True)) if parties else []:
        room.leave(party)
    taken = sum(len(party.members) for party in room.seated)
    assert taken <= capacity
    assert len(room.seated) + len(room.line) + len(room.gone) == len(parties)
    assert not room.line or taken + len(room.line[0].members) > capacity


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_soon_is_within_half_a_day(now: datetime) -> None:
    """The next sessions are ahead, so that people can sign up, and near enough for attendance to be recorded already."""
    ahead = soon(now.replace(tzinfo=UTC)) - now.replace(tzinfo=UTC)
    assert timedelta(hours=1) <= ahead <= timedelta(hours=12)


@pytest.mark.parametrize("activity", activities(), ids=lambda activity: activity.opening.title["en"])
def test_reminders_are_not_due_yet(activity: Activity) -> None:
    """Sessions are today, or more than the two days away at which people are reminded, so that a second run sends no mail."""
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    ahead = [start - now for start in starts_of(activity.opening, now)]
    assert all(span < timedelta(hours=12) or span > timedelta(days=3) for span in ahead)


def test_a_wrong_number_is_a_difference() -> None:
    """A number that is not what it must be is found, and so is one that is missing or should not be there."""
    expected: Counts = {"mails": {"confirmation": 3, "waiting": 1}}
    found = differences(expected, Outcome({"mails": {"confirmation": 2, "failed (smtp-550)": 1}}))
    assert [(one.name, one.expected, one.found) for one in found] == [
        ("confirmation", 3, 2),
        ("failed (smtp-550)", 0, 1),
        ("waiting", 1, 0),
    ]


def test_a_hidden_number_is_no_difference() -> None:
    """The report may hide a number about few people."""
    assert not list(differences({"report": {"absent": 4}}, Outcome({"report": {"absent": None}})))


def test_who_else_uses_it_is_counted_too() -> None:
    """Where somebody else has enrolled a child, the report may say more than the file, but never less."""
    expected: Counts = {"report": {"children-enrolled": 10}}
    assert not list(differences(expected, Outcome({"report": {"children-enrolled": 11}}, shared=True)))
    assert list(differences(expected, Outcome({"report": {"children-enrolled": 9}}, shared=True)))
    assert list(differences(expected, Outcome({"report": {"children-enrolled": 11}})))


def test_what_must_not_be_at_all_is_wrong_for_everybody() -> None:
    """An innocent that is parked is a difference, whoever else uses it."""
    assert list(differences({"parked": {}}, Outcome({"parked": {"events.facts: unreadable-data": 1}}, shared=True)))
