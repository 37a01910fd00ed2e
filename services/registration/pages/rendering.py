"""The templates of the pages on which families sign up, in `templates/`."""

from pathlib import Path
from typing import Final

from services.chassis.pages.rendering import Pages
from services.chassis.pages.words import Words
from services.registration.pages.words import LANGUAGES

_PAGES: Final = Pages(Path(__file__).parent / "templates", LANGUAGES)


def page(name: str, words: Words, **values: object) -> str:
    """The page of that name. `t` are its words; what a template needs besides, it names."""
    return _PAGES.page(name, words, **values)
