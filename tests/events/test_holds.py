"""Seats that are held while a form is filled in, at the doors."""

from collections.abc import Sequence
from datetime import timedelta

from werkzeug.test import TestResponse

from services.chassis.http import Role
from services.chassis.testing import Door
from services.events import seating
from services.events.domain.signup import Member
from tests.events import law
from tests.events.builders import Family, a_family
from tests.events.town import Desk, Json, Town, a_signing_up, found, reasons

CHILDREN = {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 2}


def tries_to_hold(desk: Desk, activity: Json, party: Sequence[Member], door: Door | None = None) -> TestResponse:
    """The answer to a hold."""
    return (door or desk.coordinator).post(f"/v1/activities/{activity['activity_id']}/holds", json=a_signing_up(party))


def as_mother(desk: Desk, family: Family) -> Door:
    """The door with the mother's token."""
    return desk.door.as_(Role.GUARDIAN, subject=family.mother)


def holds(desk: Desk, activity: Json, family: Family) -> Json:
    """The hold of a family, whose mother fills in the form."""
    return found(tries_to_hold(desk, activity, family.party(), as_mother(desk, family)), 201)


def confirms(desk: Desk, activity: Json, family: Family, hold: Json, children: int | None = None) -> TestResponse:
    """The answer to the mother's sign-up that names the hold."""
    body = a_signing_up(family.party(children=children)) | {"hold_id": hold["hold_id"]}
    return as_mother(desk, family).post(f"/v1/activities/{activity['activity_id']}/signups", json=body)


def seats(desk: Desk, activity: Json) -> tuple[int, int]:
    """Taken seats, and those of children; the law holds."""
    with desk.context.work() as work:
        law.check(work.connection, activity["activity_id"])
    now = desk.activity(activity)
    return now["taken"], now["quotas"][0]["taken"]


def test_held_seats_are_taken_for_all_others(town: Town, desk: Desk) -> None:
    """In every quota; and the sign-up that names the hold gets them."""
    workshop = desk.opens(capacity=9, quotas=[CHILDREN])
    holder, other = town.enrols_all([a_family(children=2), a_family()])
    hold = holds(desk, workshop, holder)
    assert seats(desk, workshop) == (3, 2)
    assert desk.signs_up(workshop, other.party())["status"] == "waiting"
    assert found(confirms(desk, workshop, holder, hold), 201)["status"] == "seated"
    assert seats(desk, workshop) == (3, 2)


def test_an_expired_hold_goes_to_the_line(town: Town, desk: Desk) -> None:
    """When its time is over the first in the line is seated, and the holder is told to sign up without it."""
    workshop = desk.opens(capacity=9, quotas=[CHILDREN])
    holder, other = town.enrols_all([a_family(children=2), a_family()])
    hold, waiting = holds(desk, workshop, holder), desk.signs_up(workshop, other.party())
    desk.waits(timedelta(minutes=16))
    seating.expire(desk.context)
    assert (desk.standing(waiting), seats(desk, workshop)) == ([("seated", None)], (2, 1))
    assert reasons(confirms(desk, workshop, holder, hold), 409) == [("hold-gone", "/hold_id")]


def test_expired_seats_are_found_by_whoever_needs_them(town: Town, desk: Desk) -> None:
    """Without any clock: the line gets them first, then who comes."""
    workshop = desk.opens(capacity=9, quotas=[CHILDREN])
    families = town.enrols_all([a_family(children=2), a_family(), a_family()])
    holds(desk, workshop, families[0])
    waiting = desk.signs_up(workshop, families[1].party())
    desk.waits(timedelta(minutes=16))
    assert desk.signs_up(workshop, families[2].party())["status"] == "seated"
    assert (desk.standing(waiting), seats(desk, workshop)) == ([("seated", None)], (4, 2))


def test_a_hold_is_extended_once(town: Town, desk: Desk) -> None:
    """For its whole time again; by nobody but its holder."""
    workshop, holder = desk.opens(quotas=[CHILDREN]), town.enrols(a_family())
    hold, mother = holds(desk, workshop, holder), as_mother(desk, holder)
    path = f"/v1/holds/{hold['hold_id']}/extension"
    desk.waits(timedelta(minutes=10))
    assert reasons(desk.coordinator.post(path), 404) == [("hold-not-found", "")]
    assert found(mother.post(path))["extended"]
    desk.waits(timedelta(minutes=10))
    assert reasons(as_mother(desk, holder).post(path), 409) == [("hold-extended", "")]
    assert found(confirms(desk, workshop, holder, hold), 201)["status"] == "seated"


def test_seats_are_given_back(town: Town, desk: Desk) -> None:
    """To the first in the line; and of a hold that is gone nothing is found."""
    workshop = desk.opens(capacity=9, quotas=[CHILDREN])
    holder, other = town.enrols_all([a_family(children=2), a_family()])
    hold, waiting = holds(desk, workshop, holder), desk.signs_up(workshop, other.party())
    path = f"/v1/holds/{hold['hold_id']}/release"
    assert as_mother(desk, holder).post(path).status_code == 204
    assert desk.standing(waiting) == [("seated", None)]
    assert reasons(as_mother(desk, holder).post(path), 404) == [("hold-not-found", "")]


def test_what_the_sign_up_does_not_need_goes_to_the_line(town: Town, desk: Desk) -> None:
    """A family that holds three seats and comes with two leaves one to those who wait; and more than it holds it does not get."""
    workshop = desk.opens(capacity=9, quotas=[CHILDREN])
    holder, other = town.enrols_all([a_family(children=2), a_family()])
    hold, waiting = holds(desk, workshop, holder), desk.signs_up(workshop, other.party())
    assert found(confirms(desk, workshop, holder, hold, children=1), 201)["seats"] == 2
    assert (desk.standing(waiting), seats(desk, workshop)) == ([("seated", None)], (4, 2))


def test_a_hold_does_not_grow(town: Town, desk: Desk) -> None:
    """Who holds seats for two does not sign up three with it."""
    workshop, holder = desk.opens(quotas=[CHILDREN]), town.enrols(a_family(children=2))
    hold = found(tries_to_hold(desk, workshop, holder.party(children=1), as_mother(desk, holder)), 201)
    assert reasons(confirms(desk, workshop, holder, hold)) == [("hold-too-small", "/hold_id")]


def test_nothing_is_held_that_others_wait_for(town: Town, desk: Desk) -> None:
    """Nor twice in one activity, nor for somebody who may not sign up."""
    workshop = desk.opens(capacity=3, quotas=[CHILDREN])
    first, second, third = town.enrols_all([a_family(), a_family(), a_family()])
    holds(desk, workshop, first)
    assert reasons(tries_to_hold(desk, workshop, first.party(), as_mother(desk, first)), 409) == [("hold-exists", "")]
    desk.signs_up(workshop, second.party())
    assert reasons(tries_to_hold(desk, workshop, third.party(children=0), as_mother(desk, third)), 409) == [("no-seats-to-hold", "")]
    assert reasons(tries_to_hold(desk, workshop, second.party()), 409) == [("already-signed-up", "/party")]
    strangers = reasons(tries_to_hold(desk, workshop, second.party(), as_mother(desk, third)))
    assert {slug for slug, _ in strangers} == {"not-in-family"}


def test_nobody_holds_seats_everywhere(town: Town, desk: Desk) -> None:
    """A guardian holds seats of two activities at once, and no third."""
    family = town.enrols(a_family())
    for _ in range(2):
        holds(desk, desk.opens(), family)
    assert reasons(tries_to_hold(desk, desk.opens(), family.party(), as_mother(desk, family)), 409) == [("holds-too-many", "")]


def test_nothing_is_held_of_what_is_called_off(town: Town, desk: Desk) -> None:
    """Calling off ends every hold."""
    workshop = desk.opens(quotas=[CHILDREN])
    holds(desk, workshop, town.enrols(a_family()))
    assert desk.calls_off(workshop).status_code == 200
    assert seats(desk, workshop) == (0, 0)
