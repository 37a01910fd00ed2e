"""What registration tells of families: who may be told of a child, from when until when, and what follows at the door."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door, published
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import NEXT_WEEK, NOW, Family, a_family
from tests.events.test_merges import merges
from tests.events.town import Desk, Json, Town, a_signing_up, found, reasons

SEATED = ("seated", None)
TODAY = NOW.date()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
Period = Mapping[str, Any]


def allowed(since: date | None = None, until: date | None = None, *, contact: bool = True) -> Period:
    """What holds for a time."""
    return {"valid_from": since, "valid_until": until, "custody": True, "contact_allowed": contact, "residence": True}


BARRED = (allowed(contact=False),)
ALLOWED = (allowed(),)


def is_family(town: Town, child: str, guardians: Mapping[str, tuple[Period, ...]]) -> None:
    """Registration tells who may be told of a child."""
    told = [{"guardian_id": guardian, "periods": list(periods)} for guardian, periods in guardians.items()]
    town.tells("family.changed", child, child_id=child, guardians=told)


def bars_the_father(town: Town, family: Family, *periods: Period) -> None:
    """The mother may be told of every child; the father may not, or for some time only."""
    for child in family.children:
        is_family(town, child, {family.mother: ALLOWED, family.guardians[1]: periods or BARRED})


def guardian(desk: Desk, person: str) -> Door:
    """A guardian's door, with a token of this moment."""
    return desk.door.as_(Role.GUARDIAN, subject=person)


def path(signup: Json) -> str:
    """Where the sign-up is."""
    return f"/v1/signups/{signup['signup_id']}"


def signs_up(desk: Desk, person: str, party: list[Member], activity: Json | None = None) -> Any:
    """The answer to a guardian who signs a party up himself."""
    return desk.tries_to_sign_up(activity or desk.opens(), party, door=guardian(desk, person))


@pytest.fixture
def family(town: Town) -> Family:
    """A mother and a father of one enrolled child, of whose family nothing was told so far."""
    return town.enrols(a_family())


@pytest.fixture
def father(family: Family) -> str:
    """The father's id."""
    return family.guardians[1]


@pytest.fixture
def fathers(desk: Desk, family: Family, father: str) -> Json:
    """The child's sign-up by its father, who comes along."""
    return found(signs_up(desk, father, of(family, father)), 201)


def of(family: Family, *guardians: str) -> list[Member]:
    """These guardians with the child."""
    return [*(Member(one, PartyRole.GUARDIAN) for one in guardians), *family.party(guardians=0)]


def test_enrolment_says_who_until_the_family_is_told(town: Town, desk: Desk, family: Family, father: str) -> None:
    """Of a child of whose family nothing has been heard the guardians are those whom the enrolment names; then the family says who."""
    assert desk.standing(found(signs_up(desk, father, of(family, father)), 201)) == [SEATED]
    is_family(town, family.children[0], {family.mother: ALLOWED})
    assert reasons(signs_up(desk, father, of(family))) == [
        ("guardian-not-enrolled", "/contact_id"),
        ("not-in-family", "/party/0/person_id"),
    ]
    assert signs_up(desk, family.mother, of(family)).status_code == 201


def test_a_guardian_whom_only_the_family_names(town: Town, desk: Desk, family: Family) -> None:
    """Who became a guardian after the enrolment signs the child up like the others."""
    grandmother = new_id()
    assert reasons(signs_up(desk, grandmother, of(family)), 422)[0] == ("guardian-not-known", "/contact_id")
    is_family(town, family.children[0], {family.mother: ALLOWED, grandmother: ALLOWED})
    assert found(signs_up(desk, grandmother, of(family, grandmother)), 201)["contact_id"] == grandmother


def test_a_barred_guardian_sees_nothing(town: Town, desk: Desk, family: Family, father: str, fathers: Json) -> None:
    """From the moment when it is told, the sign-up that he made himself is hidden from him: he neither reads nor cancels it."""
    assert guardian(desk, father).get(path(fathers)).status_code == 200
    bars_the_father(town, family)
    assert guardian(desk, father).get(path(fathers)).status_code == 404
    assert guardian(desk, father).post(f"{path(fathers)}/cancellation").status_code == 404
    assert desk.standing(fathers) == [SEATED]


def test_a_barred_guardian_signs_nobody_up(town: Town, desk: Desk, family: Family, father: str) -> None:
    """Neither the child nor, without another child in the programme, himself; nor does anybody bring him along with the child."""
    bars_the_father(town, family)
    assert reasons(signs_up(desk, father, of(family, father))) == [
        ("not-in-family", "/party/0/person_id"),
        ("not-in-family", "/party/1/person_id"),
    ]
    assert reasons(signs_up(desk, father, [Member(father, PartyRole.GUARDIAN)])) == [("guardian-not-enrolled", "/party/0/person_id")]
    together = desk.tries_to_sign_up(desk.opens(), of(family, family.mother, father))
    assert reasons(together) == [("not-in-family", "/party/1/person_id")]


def test_the_same_again_tells_a_barred_guardian_nothing(town: Town, desk: Desk, family: Family, father: str) -> None:
    """Who signs up again what he had signed up is not told how it stands, nor that it is there."""
    workshop = desk.opens()
    assert signs_up(desk, father, of(family), workshop).status_code == 201
    assert signs_up(desk, father, of(family), workshop).status_code == 200
    bars_the_father(town, family)
    again = reasons(signs_up(desk, father, of(family), workshop))
    assert (
        again
        == reasons(signs_up(desk, father, of(family)))
        == [
            ("guardian-not-enrolled", "/contact_id"),
            ("not-in-family", "/party/0/person_id"),
        ]
    )


def test_a_refusal_says_nothing_of_the_child(town: Town, desk: Desk, family: Family, father: str) -> None:
    """A barred guardian is refused in the same words after the child has left the programme or takes part no more."""
    bars_the_father(town, family)
    before = reasons(signs_up(desk, father, of(family)))
    town.takes_back(family, new_id())
    town.withdraws(family)
    assert reasons(signs_up(desk, father, of(family))) == before


def test_by_the_day(town: Town, desk: Desk, family: Family, father: str, fathers: Json) -> None:
    """What is to hold later takes effect on its day by itself, and ends on its day."""
    bars_the_father(town, family, allowed(until=TOMORROW), allowed(since=TOMORROW, until=NEXT_WEEK.date(), contact=False))
    assert guardian(desk, father).get(path(fathers)).status_code == 200
    desk.waits(timedelta(hours=13))
    assert guardian(desk, father).get(path(fathers)).status_code == 200
    desk.waits(timedelta(hours=1))
    assert guardian(desk, father).get(path(fathers)).status_code == 404
    bars_the_father(town, family, allowed(until=YESTERDAY, contact=False), allowed(since=YESTERDAY))
    assert guardian(desk, father).get(path(fathers)).status_code == 200


def test_a_time_that_has_ended(town: Town, desk: Desk, family: Family, father: str, fathers: Json) -> None:
    """On a day in none of the periods nothing holds: a permission that ended yesterday is none."""
    bars_the_father(town, family, allowed(until=TODAY))
    assert guardian(desk, father).get(path(fathers)).status_code == 404


def test_the_other_guardian_can_act_for_the_child(town: Town, desk: Desk, family: Family, father: str, fathers: Json) -> None:
    """What a barred guardian signed up is hidden from the other one till then; now she sees the child in it, not him, and cancels it."""
    mother = guardian(desk, family.mother)
    assert mother.get(path(fathers)).status_code == 404
    bars_the_father(town, family)
    seen = found(mother.get(path(fathers)))
    assert (seen["contact_id"], seen["seats"], [member["person_id"] for member in seen["party"]]) == (None, 1, [*family.children])
    assert father not in str(seen)
    assert father not in str(found(mother.post(f"{path(fathers)}/cancellation")))
    assert desk.standing(fathers) == [("cancelled", None)]


def test_nothing_of_one_guardian_is_shown_to_the_other(desk: Desk, family: Family, father: str) -> None:
    """Of two who come with their child the contact sees the party, for whom she speaks; the other sees himself and the child."""
    signup = desk.signs_up(desk.opens(), of(family, family.mother, father))
    assert found(guardian(desk, family.mother).get(path(signup))) == signup
    seen = found(guardian(desk, father).get(path(signup)))
    assert seen == signup | {"contact_id": None, "seats": 2, "party": signup["party"][1:]}


def test_of_two_children_both_count(town: Town, desk: Desk) -> None:
    """Who may be told of one child of the party only, sees nothing of it; what is for the parents alone he sees."""
    family = town.enrols(a_family(children=2))
    father, both = family.guardians[1], desk.signs_up(desk.opens(), family.party(guardians=2))
    parents = desk.signs_up(desk.opens(), family.party(guardians=2, children=0))
    is_family(town, family.children[0], {family.mother: ALLOWED, father: BARRED})
    assert guardian(desk, father).get(path(both)).status_code == 404
    assert guardian(desk, father).get(path(parents)).status_code == 200


def test_organisers_are_told_all(town: Town, desk: Desk, family: Family, father: str, fathers: Json) -> None:
    """The child keeps its place, nothing is told anew, and who runs the activity sees who comes, as before."""
    told = len(published(desk.context))
    bars_the_father(town, family)
    assert desk.signup(fathers) == fathers
    assert len(published(desk.context)) == told
    assert father in str(fathers)


@pytest.mark.parametrize("bar_comes_first", [True, False])
def test_two_records_of_one_guardian(town: Town, desk: Desk, family: Family, father: str, *, bar_comes_first: bool) -> None:
    """Whichever of his ids a barred guardian comes with, whether he was found to be stored twice before or after: it is he."""
    old = new_id()
    steps = [partial(bars_the_father, town, family), partial(merges, town, old, father)]
    for step in steps if bar_comes_first else reversed(steps):
        step()
    for one in (old, father):
        assert ("not-in-family", "/party/1/person_id") in reasons(signs_up(desk, one, of(family, one)))
    assert desk.signs_up(desk.opens(), of(family, family.mother))


def test_both_records_must_allow_it(town: Town, desk: Desk, family: Family, father: str) -> None:
    """A guardian who was stored twice in one family may be told of the child only if both records say so."""
    old = new_id()
    is_family(town, family.children[0], {family.mother: ALLOWED, father: ALLOWED, old: BARRED})
    assert signs_up(desk, father, of(family, father)).status_code == 201
    merges(town, old, father)
    assert ("not-in-family", "/party/1/person_id") in reasons(signs_up(desk, father, of(family, father)))


def test_two_records_of_one_child(town: Town, desk: Desk, family: Family, father: str) -> None:
    """What was told of the merged child holds for the one that is kept, until that one's family is told of."""
    twin = town.enrols(a_family(guardians=1))
    is_family(town, twin.children[0], {twin.mother: ALLOWED, father: BARRED})
    merges(town, twin.children[0], family.children[0])
    assert ("not-in-family", "/party/1/person_id") in reasons(signs_up(desk, father, of(family, father)))
    assert signs_up(desk, twin.mother, of(family, twin.mother)).status_code == 201
    is_family(town, family.children[0], {family.mother: ALLOWED, father: ALLOWED})
    assert signs_up(desk, father, of(family, father)).status_code == 201


def test_a_child_without_guardians(town: Town, desk: Desk, family: Family) -> None:
    """A family in which nobody is left is known: nobody is told of the child."""
    is_family(town, family.children[0], {})
    answer = desk.door.as_(Role.GUARDIAN, subject=family.mother).post(
        f"/v1/activities/{desk.opens()['activity_id']}/signups", json=a_signing_up(of(family))
    )
    assert reasons(answer) == [("guardian-not-enrolled", "/contact_id"), ("not-in-family", "/party/0/person_id")]
