"""Names as they are written and as they sound: one spelling for those that mean the same.

Danish letters are also written å/aa, ø/oe/ö, æ/ae/ä and ü/y; double names have a hyphen, a space or neither; and a name
that was heard rather than read comes with other vowels, a c for a k, a z for an s.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans({"å": "aa", "ø": "oe", "ö": "oe", "æ": "ae", "ä": "ae", "ü": "y", "đ": "d", "ł": "l", "\u0131": "i"})
_HEARD: Final = {"ck": "k", "ch": "k", "ph": "f", "th": "t", "hj": "j", "c": "k", "q": "k", "x": "ks", "z": "s", "w": "v"}
_VOWELS: Final = re.compile(r"(?<=.)[aeiouyj]+")
_MANY: Final = 2**14
"""Names recur: the given and the family names of a hundred thousand people are some thousands, and working one out costs microseconds."""
_DOUBLED: Final = re.compile(r"(.)\1+")


@lru_cache(_MANY)
def folded(name: str) -> str:
    """The name in small letters without marks, words apart: `Åse-Marie Sørensen` is `aase marie soerensen`."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold().translate(_LETTERS)).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalpha() else " " for letter in bare.replace("'", "")).split())


@lru_cache(_MANY)
def sounds(name: str) -> frozenset[str]:
    """How its words sound: the first letter and the consonants. `Christian` and `Kristjan` are `krstn`."""
    return frozenset(map(_sound, folded(name).split()))


def is_initial(word: str) -> bool:
    """Whether a word of a folded name stands for a longer one."""
    return len(word) == 1


def _sound(word: str) -> str:
    for written, heard in _HEARD.items():
        word = word.replace(written, heard)
    return _VOWELS.sub("", _DOUBLED.sub(r"\1", word))
