"""When two descriptions are the same guardian."""

from datetime import UTC, datetime
from itertools import count, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.address import Address
from services.registration.domain.guardian import Guardian, Guardianships
from services.registration.domain.guardianship import Terms, Told
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


def test_what_holds_is_what_was_said_last() -> None:
    """The link between a child and a guardian carries the latest word of a batch on each thing; what is left out takes nothing back."""
    around = nobody_known()
    [mona] = take_in(around, details(custody=True, relation="mother", contact_allowed=False))
    take_in(around, details(custody=False, residence=True))
    assert around.links == {("asta", mona): Told(custody=False, relation="mother", contact_allowed=False, residence=True)}


def test_who_has_custody_lives_with_the_child() -> None:
    """Of a guardianship that is new and of which no more was told; and he may be told of the child."""
    assert Told(custody=True).as_new == Terms("other", custody=True, contact_allowed=True, residence=True)
    assert Told(custody=False).as_new == Terms("other", custody=False, contact_allowed=True, residence=False)


@given(
    st.permutations(
        [("email", "a@example.org", 1), ("email", None, 2), ("language", "so", 2), ("language", "en", 2), ("phone", "20 00 00 17", 1)]
    )
)
def test_corrections_in_any_order_end_in_the_same(told: list[tuple[str, Any, int]]) -> None:
    """Of two corrections of a field the later word counts; of two at the same moment always the same one."""
    mona = Guardian("guardian-1", "Mona", "Prøvesen", "da", email="mona@example.org")
    for name, value, hour in (*told, *told[:2]):
        mona.correct({name: value}, datetime(2024, 5, 6, hour, tzinfo=UTC))
    assert (mona.email, mona.language, mona.phone) == (None, "so", "+4520000017")


def test_an_enrolment_does_not_undo_a_correction() -> None:
    """What a guardian corrected stays, whatever a later request tells; what he did not touch is news."""
    mona = Guardian("guardian-1", "Mona", "Prøvesen", "da", email="old@example.org")
    assert mona.correct({"email": "new@example.org"}, datetime(2024, 5, 6, tzinfo=UTC)) == ("email",)
    assert mona.told(details(email="old@example.org", phone="20000017"))
    assert (mona.email, mona.phone) == ("new@example.org", "+4520000017")


def test_a_guardian_is_reachable_by_what_is_known() -> None:
    """The channels for which there is something to reach him by, and nothing more of it."""
    address = Address("Prøvevej 12", "2750", "Ballerup")
    assert Guardian("1", "Mona", "Prøvesen", "da", email="mona@example.org", address=address).reachable_by == ("email", "letter")


def test_nothing_shows_who_it_is() -> None:
    """Neither a guardian's repr nor that of his details holds his name."""
    [mona] = take_in(nobody_known(), details())
    assert "Mona" not in repr(mona) + repr(details())
