"""The words of the survey's pages, a file a language in `texts/`."""

from pathlib import Path
from typing import Final

from services.chassis.pages.rendering import Pages
from services.chassis.pages.words import Book

BOOK: Final = Book(Path(__file__).parent / "texts")
PAGES: Final = Pages(Path(__file__).parent / "templates", BOOK.languages)
