"""Sealing: only who has the key, and names the same person, can open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Fate, Invalid, fate
from services.chassis.keys import key_id, new_key_pair, open_sealed, public_key, seal

PRIVATE, PUBLIC = new_key_pair()


@given(plaintext=st.binary(), aad=st.binary())
def test_what_is_sealed_can_be_opened(plaintext: bytes, aad: bytes) -> None:
    """The holder of the private key reads exactly what was sealed."""
    _, sealed = seal(PUBLIC, plaintext, aad)
    assert open_sealed(PRIVATE, sealed, aad) == plaintext


@given(plaintext=st.binary(min_size=1), aad=st.binary(), other=st.binary())
def test_it_is_bound_to_one_person(plaintext: bytes, aad: bytes, other: bytes) -> None:
    """A card that was sealed for one person does not open for another."""
    _, sealed = seal(PUBLIC, plaintext, aad + b"1")
    with pytest.raises(Invalid):
        open_sealed(PRIVATE, sealed, other + b"2")


@pytest.mark.parametrize("change", [lambda text: text[:-8], lambda text: "AAAA" + text[4:], lambda _: "no base64!", lambda _: ""])
def test_a_changed_text_does_not_open(change: object) -> None:
    """A text that was cut, changed or never sealed is refused, and its message parked."""
    _, sealed = seal(PUBLIC, b"card", b"person")
    with pytest.raises(Invalid) as refused:
        open_sealed(PRIVATE, change(sealed), b"person")  # type: ignore[operator]
    assert fate(refused.value) is Fate.PARK


def test_another_key_does_not_open() -> None:
    """Without the private key nobody reads it."""
    _, sealed = seal(PUBLIC, b"card", b"person")
    with pytest.raises(Invalid):
        open_sealed(new_key_pair()[0], sealed, b"person")


def test_the_keys_id_is_told() -> None:
    """A sealed text comes with the id of the key it was made for, so that keys can change."""
    used, _ = seal(PUBLIC, b"card", b"person")
    assert used == key_id(PUBLIC) == key_id(public_key(PRIVATE))
    assert used != key_id(new_key_pair()[1])


def test_equal_cards_do_not_look_alike() -> None:
    """Sealing the same twice gives two texts, so nobody can compare cards."""
    assert seal(PUBLIC, b"card", b"person") != seal(PUBLIC, b"card", b"person")
