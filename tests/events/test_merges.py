"""Two who turn out to be one: what registration tells of it, and what follows for who may sign up."""

from dataclasses import replace

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import a_family
from tests.events.town import Desk, Town, reasons

SEATED = ("seated", None)


def merges(town: Town, one: str, into: str) -> None:
    """Registration says that one is the other."""
    town.tells("person.merged", one, person_id=one, into_id=into)


def unmerges(town: Town, one: str) -> None:
    """And that he is not."""
    town.tells("person.unmerged", one, person_id=one)


def test_the_merged_id_may_what_the_kept_one_may(town: Town, desk: Desk) -> None:
    """A child whose enrolment stands under the kept id is signed up under the merged one; after the merge is undone it is not."""
    family, other = town.enrols(a_family()), new_id()
    party = [Member(family.mother, PartyRole.GUARDIAN), Member(other, PartyRole.CHILD)]
    assert reasons(desk.tries_to_sign_up(desk.opens(), party), 409) == [("child-not-known", "/party/1/person_id")]
    merges(town, other, family.children[0])
    assert desk.standing(desk.signs_up(desk.opens(), party)) == [SEATED]
    unmerges(town, other)
    assert reasons(desk.tries_to_sign_up(desk.opens(), party), 409) == [("child-not-known", "/party/1/person_id")]


def test_one_person_is_signed_up_once(town: Town, desk: Desk) -> None:
    """The same family under its other ids has its sign-up already; two ids of one person are no party of two."""
    family, twin = town.enrols(a_family()), town.enrols(a_family())
    workshop = desk.opens(capacity=9)
    first = desk.signs_up(workshop, family.party())
    for one, into in zip((*twin.children, *twin.guardians), (*family.children, *family.guardians), strict=True):
        merges(town, one, into)
    again = desk.tries_to_sign_up(workshop, twin.party())
    assert (again.status_code, again.get_json()["signup_id"]) == (200, first["signup_id"])
    both = [*family.party(), Member(twin.children[0], PartyRole.CHILD)]
    assert ("person-twice", "/party") in reasons(desk.tries_to_sign_up(desk.opens(capacity=9), both))


def test_two_guardians_of_one_child_are_one_family(town: Town, desk: Desk) -> None:
    """A father who was stored twice brings the child that the other record is guardian of."""
    family, stored_again = town.enrols(a_family(guardians=1)), town.enrols(a_family(guardians=1))
    party = [Member(stored_again.mother, PartyRole.GUARDIAN), Member(family.children[0], PartyRole.CHILD)]
    assert ("not-in-family", "/party/1/person_id") in reasons(desk.tries_to_sign_up(desk.opens(), party))
    merges(town, stored_again.mother, family.mother)
    assert desk.standing(desk.signs_up(desk.opens(), party)) == [SEATED]


def test_a_withdrawal_counts_for_both_ids(town: Town, desk: Desk) -> None:
    """When one of two enrolments ends the child still comes; when the other ends too, nothing under either id is left."""
    family, twin = town.enrols(a_family()), town.enrols(a_family())
    signups = [desk.signs_up(desk.opens(), one.party()) for one in (family, twin)]
    merges(town, twin.children[0], family.children[0])
    town.withdraws(twin)
    assert desk.standing(*signups) == [SEATED] * 2
    town.withdraws(family)
    assert desk.standing(*signups) == [("cancelled", None)] * 2


def test_a_merge_brings_a_withdrawn_consent_with_it(town: Town, desk: Desk) -> None:
    """Who is found to be a child that takes part no more comes to nothing more; the cancellation says why."""
    family, twin, consent = town.enrols(a_family()), town.enrols(a_family()), new_id()
    town.takes_back(family, consent)
    signup = desk.signs_up(desk.opens(), twin.party())
    merges(town, twin.children[0], family.children[0])
    assert desk.signup(signup)["reason"] == "consent-withdrawn"


def test_what_rested_on_the_merge_ends_with_it(town: Town, desk: Desk) -> None:
    """A sign-up that only the merge allowed is cancelled when it is undone and the child's own enrolment has ended."""
    family, twin = town.enrols(a_family()), town.enrols(a_family())
    merges(town, twin.children[0], family.children[0])
    town.withdraws(twin)
    signup = desk.signs_up(desk.opens(), [*family.party(children=0), Member(twin.children[0], PartyRole.CHILD)])
    unmerges(town, twin.children[0])
    assert desk.signup(signup)["reason"] == "enrolment-withdrawn"


def test_a_guardian_sees_his_own_under_either_id(town: Town, desk: Desk) -> None:
    """A mother whose token names the merged id sees and makes the sign-ups of the one that is kept."""
    family, old = town.enrols(a_family()), new_id()
    signup = desk.signs_up(desk.opens(), family.party())
    path = f"/v1/signups/{signup['signup_id']}"
    mother = desk.door.as_(Role.GUARDIAN, subject=old)
    assert mother.get(path).status_code == 404
    merges(town, old, family.mother)
    assert mother.get(path).status_code == 200
    own = replace(family, guardians=[old])
    assert desk.tries_to_sign_up(desk.opens(), own.party(), door=mother).status_code == 201
