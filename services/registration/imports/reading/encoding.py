"""Which encoding a text is in, told by its bytes: programs do not say.

A byte order mark decides; else many zeros (UTF-16), else whether it is UTF-8 to its end, or was until somebody mended it
with another program; else it is one of the three in which a letter is a byte that Danish municipalities still meet (Windows,
Mac, DOS): the one that makes Danish letters of most bytes beyond ASCII. A library that guesses among all encodings was wrong
about one short table in ten, and slow.
"""

import codecs
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SINGLE: Final = ("cp1252", "mac_roman", "cp850")
_LETTERS: Final = frozenset("æøåÆØÅéÉüÜöÖäÄáÁèÈóÓíÍñÑçÇ")
_PIECE: Final = 64 * 1024


def detected(content: bytes) -> str:
    """The name of a codec of Python's that reads it; as UTF-8 it may hold a few bytes that are none."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return codec
    if content.count(0, 0, _PIECE) * 4 > len(content[:_PIECE]):
        return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    return "utf-8" if _is_utf_8(content) or _was_utf_8(content) else _one_byte_a_letter(content)


def _is_utf_8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _PIECE):
            decoder.decode(content[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _was_utf_8(content: bytes) -> bool:
    """Whether more of it is letters in UTF-8 than is not UTF-8."""
    text = content[: 16 * _PIECE].decode("utf-8", errors="replace")
    return sum(letter in _LETTERS for letter in text) > text.count("\ufffd")


def _one_byte_a_letter(content: bytes) -> str:
    telling = bytes(byte for byte in content[: 16 * _PIECE] if byte >= 0x80)[:_PIECE]  # noqa: PLR2004 - the first beyond ASCII
    return max(_SINGLE, key=lambda codec: sum(letter in _LETTERS for letter in telling.decode(codec, errors="replace")))
