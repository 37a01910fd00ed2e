"""How alike two people are, and why: what municipalities' files do to names and dates, and what only looks alike."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.person import Kind, Person
from services.registration.duplicates.blocking import keys
from services.registration.duplicates.scoring import ENOUGH, Why, likeness
from services.registration.texts import TEXTS

BORN = date(2022, 5, 4)


def a_child(given_name: str = "Asta", family_name: str = "Prøvesen", **details: Any) -> Person:
    """Asta, born on 4 May 2022."""
    return Person(kind=Kind.CHILD, given_name=given_name, family_name=family_name, **{"birth_date": BORN} | details)


def a_guardian(given_name: str = "Mona", family_name: str = "Prøvesen", **details: Any) -> Person:
    """Mona, who is reached at an address of her own."""
    return Person(kind=Kind.GUARDIAN, given_name=given_name, family_name=family_name, **{"email": "mona@example.org"} | details)


SAME = [
    (a_child(), a_child("ASTA", "PRØVESEN"), [Why.SAME_BIRTH_DATE, Why.SAME_NAME]),
    (a_child(), a_child("Asta", "Proevesen"), [Why.SAME_BIRTH_DATE, Why.OTHER_SPELLING]),
    (a_child(), a_child(birth_date=date(2022, 4, 5)), [Why.DAY_AND_MONTH_SWAPPED, Why.SAME_NAME]),
    (a_child("Bo", "Åkjær"), a_child("Bo", "Aakjaer", birth_date=date(2022, 4, 5)), [Why.DAY_AND_MONTH_SWAPPED, Why.OTHER_SPELLING]),
    (a_child(), a_child("Prøvesen", "Asta"), [Why.SAME_BIRTH_DATE, Why.NAMES_SWAPPED]),
    (a_child(), a_child("A.", "Prøvesen"), [Why.SAME_BIRTH_DATE, Why.INITIALS]),
    (a_child("Asta Sofie"), a_child("Asta"), [Why.SAME_BIRTH_DATE, Why.SIMILAR_NAME]),
    (a_child("Asta-Sofie"), a_child("Asta Sofie"), [Why.SAME_BIRTH_DATE, Why.OTHER_SPELLING]),
    (a_child("Mohammed", "Yilmaz"), a_child("Muhammad", "Yilmaz"), [Why.SAME_BIRTH_DATE, Why.SIMILAR_NAME]),
    (a_guardian(), a_guardian("Mone"), [Why.SAME_EMAIL, Why.SIMILAR_NAME]),
    (a_guardian(email=None, phone="+4520000017"), a_guardian(email=None, phone="20 00 00 17"), [Why.SAME_PHONE, Why.SAME_NAME]),
    (
        a_guardian("Jürgen", email="a@example.org", children=frozenset({"asta"})),
        a_guardian("Jyrgen", email="b@example.org", children=frozenset({"asta"})),
        [Why.SAME_CHILD, Why.OTHER_SPELLING],
    ),
]
TWO = [
    (a_child(), a_child("Otto")),
    (a_child(), a_child(birth_date=date(2022, 5, 5))),
    (a_child("A.", "P."), a_child("Alma", "Petersen")),
    (a_child(), a_child("Otto", birth_date=date(2022, 4, 5))),
    (a_guardian(), a_guardian(email="other@example.org")),
    (a_guardian(), a_guardian("Karim")),
    (a_guardian(children=frozenset({"asta"})), a_guardian("Karim", phone="20000017", children=frozenset({"asta"}))),
    (a_guardian(email=None), a_guardian(email=None)),
]


@pytest.mark.parametrize(("one", "other", "why"), SAME)
def test_who_may_be_one(one: Person, other: Person, why: list[Why]) -> None:
    """Each way of writing somebody down twice is found by a key that both have, scores enough, and says why."""
    found = likeness(one, other)
    assert keys(one) & keys(other)
    assert (found.is_enough, list(found.reasons)) == (True, why), found


@pytest.mark.parametrize(("one", "other"), TWO)
def test_who_only_looks_alike(one: Person, other: Person) -> None:
    """Twins, namesakes, couples who share an address and children of the same day are no candidates."""
    assert likeness(one, other).score < ENOUGH


words = st.text("abcdeåøæ-. ", min_size=1, max_size=12)
children = st.builds(a_child, words, words, birth_date=st.dates(date(2018, 1, 1), date(2024, 12, 28)))
guardians = st.builds(a_guardian, words, words, email=st.none() | st.just("a@example.org"), phone=st.none() | st.just("20000017"))


@given(st.tuples(children, children) | st.tuples(guardians, guardians))
def test_it_does_not_matter_who_comes_first(two: tuple[Person, Person]) -> None:
    """The score lies between 0 and 100, and is the same both ways round."""
    one, other = two
    assert 0 <= likeness(one, other).score <= 100
    assert likeness(one, other) == likeness(other, one)


@given(children)
def test_everybody_is_like_himself(child: Person) -> None:
    """Whatever is written down twice the same is as alike as can be."""
    assert likeness(child, child).score == 100


def test_every_reason_has_words() -> None:
    """What a coordinator reads is there in Danish and English."""
    assert {reason.value for reason in Why} <= TEXTS.keys()


def test_nothing_shows_who_it_is() -> None:
    """Neither a person's repr nor the reasons hold a name."""
    assert "Asta" not in repr(a_child()) + repr(likeness(a_child(), a_child()))
