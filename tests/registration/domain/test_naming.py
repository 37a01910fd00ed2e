"""One spelling for names that mean the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.naming import folded, is_initial, sounds


@pytest.mark.parametrize(
    ("written", "also"),
    [
        ("Åse Sørensen", "Aase Soerensen"),
        ("Søren Æbelø", "Soeren Aebeloe"),
        ("Jürgen Møller", "Jyrgen Moeller"),
        ("Björn Häkkinen", "Bjoern Haekkinen"),
        ("Anne-Marie Holm Hansen", "anne marie  holm hansen"),
        ("D'Angelo Núñez", "Dangelo Nunez"),
    ],
)
def test_the_same_name_in_another_spelling(written: str, also: str) -> None:
    """Danish letters, accents, hyphens, capitals and spaces make no other name."""
    assert folded(written) == folded(also)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Christian", "Kristjan"), ("Mohammed", "Muhamad"), ("Zofia", "Sofie"), ("Philip", "Filip"), ("Thea", "Tea"), ("Aagaard", "Ågård")],
)
def test_what_sounds_the_same(one: str, other: str) -> None:
    """A name that was heard and not read has the same sound."""
    assert sounds(one) == sounds(other)


@given(st.text(max_size=40))
def test_folding_ends(name: str) -> None:
    """Whatever is written, in whatever script: letters and single spaces are left, and folding again changes nothing."""
    plain = folded(name)
    assert plain.replace(" ", "").isalpha() or not plain
    assert folded(plain) == plain == " ".join(plain.split())


def test_an_initial_stands_for_a_longer_name() -> None:
    """One letter is an initial, two are a name."""
    assert [is_initial(word) for word in folded("A. Bo Hansen").split()] == [True, False, False]
