"""The page about the door can be read by a person, without anything from elsewhere."""

import re
from html.parser import HTMLParser

import pytest
from werkzeug.test import Client

from services.chassis.http import Api, Contract, Role
from services.chassis.http.docs import page
from services.chassis.http.openapi import document


class Outline(HTMLParser):
    """Headings, ids, links and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []


@pytest.fixture
def html(client: Client) -> str:
    """The page of the shelf."""
    answer = client.get("/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    return answer.text


def test_every_route_has_its_place(html: str) -> None:
    """Each operation has a heading that can be linked to, and the list at the top leads there."""
    outline = Outline(html)
    operations = {"books", "book", "add_book", "remove_book", "lend_book", "books_as_csv", "shelf", "readers", "reader"}
    assert operations <= set(outline.ids)
    assert {f"#{name}" for name in operations} <= set(outline.links)
    assert len(outline.ids) == len(set(outline.ids))


@pytest.mark.parametrize(
    "text",
    [
        "authors[].name",
        "at least 1 characters",
        "Deltag-Purpose",
        "Idempotency-Key",
        "cardboard, paper",
        "&#34;Bamse&#34;",
        "Roles: coordinator, system.",
        "Feltet mangler. Det skal udfyldes.",
    ],
)
def test_fields_rules_and_examples_are_on_it(html: str, text: str) -> None:
    """A reader finds the fields inside of lists, their rules, the headers, the example, and who may call."""
    assert text in html


def test_nothing_comes_from_elsewhere(html: str) -> None:
    """No script, no font, no picture and no style from any other address."""
    outline = Outline(html)
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert all(link.startswith(("#", "/")) for link in outline.links)
    assert not re.search(r"url\(|@import", html)


def test_it_links_to_the_document_where_it_is_mounted(client: Client) -> None:
    """Behind a reverse proxy the link leads to the same service's document."""
    html = client.get("/docs", environ_overrides={"SCRIPT_NAME": "/shelf"}).text
    assert "/shelf/openapi.json" in Outline(html).links


def test_what_is_wide_scrolls_in_its_own_box(html: str) -> None:
    """Every table and example can be scrolled by keyboard, and a reader of screens hears what it is."""
    boxes = re.findall(r'<(?:pre|div class="table")( [^>]*)?>', html)
    assert len(boxes) == html.count("<pre") + html.count("<table")
    assert all('tabindex="0"' in box and 'role="region"' in box and 'aria-label="' in box for box in boxes)
    assert html.count("overflow-x: auto") == 2


def test_a_column_without_a_text_is_left_out(html: str) -> None:
    """A table has columns for what its fields say, and none that is empty from top to bottom."""
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    assert tables
    for table in tables:
        rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(any(column) for column in zip(*rows[1:], strict=True))


def test_texts_are_escaped() -> None:
    """What an API says of itself is text, never markup."""
    api = Api("x", title="<script>", description="a < b & c")
    html = page(document(api))
    assert "<script>" not in html
    assert "a &lt; b &amp; c" in html


def test_a_contract_is_laid_out() -> None:
    """A body by contract is shown with its inner fields and the contract's example."""
    api = Api("bound", title="Bound", description="Bodies by contract.")
    api.post("/v1/requests", summary="Request", roles=(Role.SYSTEM,), body=Contract("enrolment.requested/v1"), returns={204: None})(
        requests
    )
    html = page(document(api))
    assert "child.birth_date" in html
    assert "guardians[].language" in html


def requests(_request: object, _work: object) -> None:
    """Take a request."""
