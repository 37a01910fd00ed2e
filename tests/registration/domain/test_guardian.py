"""When two descriptions are the same guardian."""

from itertools import count, permutations
from typing import Any

import pytest

from services.registration.domain.guardian import Guardian, Guardianships
from services.registration.domain.request import GuardianDetails

MONA: dict[str, Any] = {"given_name": "Mona", "family_name": "Prøvesen", "custody": True}
NUMBER = "690391-4028"


def details(**told: Any) -> GuardianDetails:
    """Mona, as a sender describes her."""
    return GuardianDetails(**MONA | told)


def nobody_known() -> Guardianships:
    """A batch about people of whom nothing is known."""
    return Guardianships([], [])


def take_in(around: Guardianships, *described: GuardianDetails, child: str = "asta") -> list[Guardian]:
    """Whom the descriptions mean, one after the other."""
    ids = count(len(around.new) + 1)
    return [around.take_in(child, one, lambda: f"guardian-{next(ids)}") for one in described]


def test_a_number_is_the_same_person_whatever_else_is_said() -> None:
    """With the same CPR number, another name and address are news about the same guardian, also for another child."""
    around = nobody_known()
    [before] = take_in(around, details(cpr_number=NUMBER, email="mona@example.org"))
    [after] = take_in(around, details(cpr_number=NUMBER.replace("-", ""), family_name="Nygift", email="mona@example.com"), child="bo")
    assert after is before
    assert (after.family_name, after.email) == ("Nygift", "mona@example.com")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "mona@example.org"}, {"email": "MONA@example.org"}),
        ({"phone": "20 00 00 17"}, {"phone": "+4520000017"}),
        ({"email": "mona@example.org"}, {}),
        ({"email": "mona@example.org", "phone": "20000017"}, {"email": "new@example.org", "phone": "20000017"}),
        ({"given_name": "mona "}, {"given_name": "Mona"}),
    ],
)
def test_the_same_name_and_no_other_contact_is_the_same_person(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Without numbers, the same name for the same child is one guardian, unless the contact details contradict it."""
    one, other = take_in(nobody_known(), details(**first), details(**second))
    assert one is other


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "family@example.org"}, {"email": "family@example.org", "given_name": "Karim"}),
        ({"email": "mona@example.org"}, {"email": "other@example.org"}),
        ({"cpr_number": NUMBER}, {"cpr_number": "690391-4029"}),
    ],
)
def test_where_anything_speaks_against_it_they_are_two(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Another name, another address or another number makes another guardian: one kept twice is better than two taken for one."""
    one, other = take_in(nobody_known(), details(**first), details(**second))
    assert one is not other


def test_without_a_number_nobody_is_recognised_across_children() -> None:
    """The same name and address for another child may be another person."""
    around = nobody_known()
    [of_asta], [of_bo] = take_in(around, details(email="m@example.org")), take_in(around, details(email="m@example.org"), child="bo")
    assert of_asta is not of_bo


def test_the_order_of_numbered_and_unnumbered_makes_no_difference() -> None:
    """A guardian told once with his number and twice without is one guardian with a number, in every order."""
    told = (details(cpr_number=NUMBER, email="mona@example.org"), details(email="mona@example.org"), details())
    for order in permutations(told):
        around = nobody_known()
        take_in(around, *order)
        assert [(g.email, g.cpr_number is not None) for g in around.new] == [("mona@example.org", True)]


def test_what_is_left_out_stays() -> None:
    """A request without an e-mail address does not erase the one that is known."""
    known = Guardian("guardian-1", "Mona", "Prøvesen", "da", email="mona@example.org")
    assert not known.told(details())
    assert known.email == "mona@example.org"


def test_only_what_changed_is_to_be_stored() -> None:
    """A known guardian who is described as he is counts neither as new nor as changed."""
    known = Guardian("guardian-1", "Mona", "Prøvesen", "da", email="mona@example.org")
    around = Guardianships([known], [("asta", "guardian-1")])
    take_in(around, details(email="mona@example.org"))
    assert (around.new, around.changed) == ([], [])
    take_in(around, details(language="en"), details(language="so"))
    assert (around.new, around.changed) == ([], [known])


def test_custody_is_what_was_said_last() -> None:
    """The link between a child and a guardian carries the latest word on custody."""
    around = nobody_known()
    [mona] = take_in(around, details(custody=True))
    take_in(around, details(custody=False))
    assert around.custody == {("asta", mona): False}


def test_nothing_shows_who_it_is() -> None:
    """Neither a guardian's repr nor that of his details holds his name."""
    [mona] = take_in(nobody_known(), details())
    assert "Mona" not in repr(mona) + repr(details())
