"""Lists come in pages that lose nothing and repeat nothing."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from services.chassis.errors import Malformed
from services.chassis.http.paging import Page, Paging, encode_cursor
from tests.chassis.http.answers import read

PAGING = Paging((datetime, UUID))
KEYS = st.tuples(st.datetimes(timezones=st.just(UTC)), st.uuids())


def walk(client: Client, start: str) -> list[list[str]]:
    """The titles on every page, from the first to the last, by the link that each gives to the next."""
    pages, address = [], start
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        pages.append([item["title"] for item in read(answer)["items"]])
        assert (read(answer)["next"] is None) == ("Link" not in answer.headers)
        address = "/v1/books" + answer.headers["Link"].split(">")[0][1:] if "Link" in answer.headers else ""
    return pages


def test_pages_together_are_the_list(client: Client, a_book: Callable[..., str]) -> None:
    """Following the links gives every book once, in order, whatever the size of the page."""
    titles = [f"Bog {number:02}" for number in range(7)]
    for title in reversed(titles):
        a_book(title)
    assert walk(client, "/v1/books?limit=3") == [titles[:3], titles[3:6], titles[6:]]
    assert walk(client, "/v1/books?limit=7") == [titles]
    assert walk(client, "/v1/books") == [titles]


def test_a_page_stays_in_place_while_books_come_and_go(client: Client, a_book: Callable[..., str]) -> None:
    """What is added before the cursor moves nothing: no book is shown twice and none is skipped."""
    for title in ("Bamse", "Cykel", "Drage"):
        a_book(title)
    first = read(client.get("/v1/books?limit=2"))
    a_book("Abe")
    second = read(client.get(f"/v1/books?limit=2&after={first['next']}"))
    assert [item["title"] for item in second["items"]] == ["Drage"]


def test_the_link_keeps_the_question(client: Client, a_book: Callable[..., str]) -> None:
    """The link to the next page asks for the same selection."""
    for title in ("Bamse på tur", "Bamse hjemme", "Cykel"):
        a_book(title)
    assert walk(client, "/v1/books?word=Bamse&limit=1") == [["Bamse hjemme"], ["Bamse på tur"]]


def test_equal_titles_are_told_apart(client: Client, a_book: Callable[..., str]) -> None:
    """Rows that sort alike are kept apart by their ids."""
    for _ in range(3):
        a_book("Bamse")
    assert walk(client, "/v1/books?limit=1") == [["Bamse"]] * 3


@given(KEYS)
def test_a_cursor_comes_back_as_it_was(key: tuple[Any, ...]) -> None:
    """A cursor is read as exactly the key that it was made of."""
    page, _ = PAGING.read([("after", encode_cursor(key))])
    assert page.after == key


@given(st.text(max_size=40) | st.binary(max_size=30).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_a_made_up_cursor_is_refused(text: str) -> None:
    """Whatever is sent as a cursor is one of ours or is refused; it never reaches the database."""
    with pytest.raises(Malformed):
        PAGING.read([("after", text)])


@pytest.mark.parametrize(
    "key", [[], ["2026-03-01T00:00:00Z"], ["2026-03-01T00:00:00Z", "x"], [1, 2], {}, None, ["2026-03-01T00:00:00Z", str(UUID(int=1)), 1]]
)
def test_a_cursor_of_another_list_is_refused(key: Any) -> None:
    """A cursor must hold the types that the list is sorted by, and as many."""
    with pytest.raises(Malformed):
        PAGING.read([("after", encode_cursor(key))])


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**20])
def test_a_cursor_holds_no_number_out_of_reach(number: int) -> None:
    """A number that PostgreSQL cannot compare with is no key of ours."""
    with pytest.raises(Malformed):
        Paging((int,)).read([("after", urlsafe_b64encode(f"[{number}]".encode()).decode().rstrip("="))])


def test_a_cursor_holds_no_nul() -> None:
    """Nor does a cursor smuggle in the character that PostgreSQL cannot keep."""
    with pytest.raises(Malformed):
        Paging((str,)).read([("after", encode_cursor(("a\0b",)))])


@given(st.integers(min_value=1, max_value=200), st.integers(min_value=0, max_value=201))
def test_a_page_knows_whether_it_is_the_last(limit: int, rows: int) -> None:
    """There is a next page exactly when more rows were found than are shown."""
    page = Page(limit)
    found = list(range(min(rows, page.fetch)))
    answer = page.answer(found, key=lambda row: (row,)).data
    assert answer["items"] == found[:limit]
    assert (answer["next"] is not None) == (rows > limit)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """A bad limit and a bad cursor are named together."""
    with pytest.raises(Malformed) as refused:
        PAGING.read([("limit", "many"), ("after", "there")])
    assert [reason.field for reason in refused.value] == ["/limit", "/after"]
