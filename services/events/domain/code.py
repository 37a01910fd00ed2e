"""A sign-up's short code: what stands on paper and in a QR code, and is typed where no camera is at hand.

The code is the random end of the sign-up's id, forty bits, written in eight letters and digits of which none is taken for another
(Crockford's alphabet: no I, L, O or U), and one more by which every single slip and every swap of two neighbours is noticed (Damm's
method over the field of 32 elements). It names a sign-up within one activity, gives no right, and tells nothing of who comes.
"""

from functools import reduce

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SCHEME = "DELTAG:"
"""Stands before the code where a camera reads it, so that a scanner knows whose it is."""

_LETTERS = 8
_TAIL = 10
_FIELD = 0b100101
_TAKEN_FOR = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def code_of(signup_id: str) -> str:
    """The code of a sign-up, in three groups of three: `3KX-7M2-Q9H`."""
    number = int(signup_id[-_TAIL:], 16)
    values = [number >> 5 * place & 31 for place in reversed(range(_LETTERS))]
    letters = "".join(ALPHABET[value] for value in [*values, _check(values)])
    return "-".join(letters[start : start + 3] for start in range(0, _LETTERS, 3))


def tail_of(code: str) -> str | None:
    """The last ten digits of the id whose code it is, however it was typed; None where it was mistyped."""
    letters = code.upper().removeprefix(SCHEME).translate(_TAKEN_FOR)
    if len(letters) != _LETTERS + 1 or not set(letters) <= set(ALPHABET):
        return None
    values = [ALPHABET.index(letter) for letter in letters]
    number = reduce(lambda so_far, value: so_far << 5 | value, values[:_LETTERS], 0)
    return None if _check(values) else f"{number:0{_TAIL}x}"


def _check(values: list[int]) -> int:
    """The value that has to follow; 0 after a whole code."""
    return reduce(lambda so_far, value: _twice(so_far ^ value), values, 0)


def _twice(value: int) -> int:
    doubled = value << 1
    return doubled ^ _FIELD if doubled > 31 else doubled  # noqa: PLR2004 - the largest of five bits
