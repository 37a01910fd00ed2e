"""The words of the pages on which families sign up, a file a language in `texts/`."""

from pathlib import Path
from typing import Final

from services.chassis.pages.words import Book, Words

_BOOK: Final = Book(Path(__file__).parent / "texts")
LANGUAGES: Final = _BOOK.languages
"""The languages that the pages are written in, in the order in which they are offered."""


def words(language: str) -> Words:
    """The words in that language (BCP 47), or in the one of `LANGUAGES` that is nearest."""
    return _BOOK.words(language)


def chosen_words(language: str, accept_language: str) -> Words:
    """The words in the language that was chosen; where there are none in it, in the one that the browser would rather have."""
    return _BOOK.chosen(language, accept_language)
