"""CPR numbers at rest."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.cpr_number import CprNumber
from services.registration.vault import CprVault
from tests.registration.builders import a_number

VAULT = CprVault(key=b"k" * 32, hash_key=b"h" * 32)
NUMBER = CprNumber.parse(a_number())
numbers = st.integers(0, 9999).map(lambda serial: CprNumber.parse(a_number(serial=serial)))


@given(numbers)
def test_what_was_sealed_opens(number: CprNumber) -> None:
    """A number comes back as it went in, and no two sealings look alike."""
    first, second = VAULT.seal(number, "child"), VAULT.seal(number, "child")
    assert VAULT.open(first, "child") == VAULT.open(second, "child") == number
    assert first != second
    assert number.digits.encode() not in first


def test_a_sealed_number_opens_in_its_own_column_only() -> None:
    """Moved to another column, it does not open."""
    with pytest.raises(InvalidTag):
        VAULT.open(VAULT.seal(NUMBER, "child"), "guardian")


def test_a_changed_byte_is_noticed() -> None:
    """A sealed number that was tampered with does not open."""
    sealed = bytearray(VAULT.seal(NUMBER, "child"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        VAULT.open(bytes(sealed), "child")


def test_another_key_is_named() -> None:
    """Sealed with another key, the error says so instead of calling it tampering."""
    other = CprVault(key=b"x" * 32, hash_key=b"h" * 32)
    with pytest.raises(ValueError, match="another cpr_key"):
        other.open(VAULT.seal(NUMBER, "child"), "child")


@given(numbers, numbers)
def test_the_lookup_tells_numbers_apart(one: CprNumber, other: CprNumber) -> None:
    """The same number has the same hash, another number another, and another key gives another hash."""
    assert (VAULT.lookup(one) == VAULT.lookup(other)) == (one == other)
    assert CprVault(key=b"k" * 32, hash_key=b"i" * 32).lookup(one) != VAULT.lookup(one)
