"""The language that a person is written to in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.language import readable


@pytest.mark.parametrize(
    ("wanted", "written", "read"),
    [
        ("da", {"da", "en"}, "da"),
        ("da-DK", {"da", "en"}, "da"),
        ("EN", {"da", "en"}, "en"),
        ("uk-UA", {"da", "en", "uk"}, "uk"),
        ("uk", {"da", "en"}, "en"),
        ("uk", {"da"}, "da"),
        (None, {"da", "en"}, "en"),
    ],
)
def test_the_fallback_order(wanted: str | None, written: set[str], read: str) -> None:
    """A person is written to in his language, with its region or without, else in English, else in Danish."""
    assert readable(wanted, written) == read


@given(st.none() | st.text())
def test_there_is_always_a_language(wanted: str | None) -> None:
    """Whatever a card says, there is a language to write in."""
    assert readable(wanted, ("da", "en")) in {"da", "en"}
