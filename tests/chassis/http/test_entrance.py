"""The root of an address that several services share refuses like every door."""

import pytest
from structlog.testing import capture_logs
from werkzeug.test import Client

from services.chassis.http import entrance
from tests.chassis.http.answers import read

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def root() -> Client:
    """The root, with its page."""
    return Client(entrance("<!doctype html><title>Velkommen</title>", "0151"))


def test_the_page_is_at_the_root(root: Client) -> None:
    """The page is HTML with the policy of all pages."""
    answer = root.get("/")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert "Velkommen" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_head_is_get_without_its_body(root: Client, path: str) -> None:
    """HEAD has the status and the length of GET, and no body."""
    got, head = root.get(path), root.head(path)
    assert (head.status_code, head.data) == (got.status_code, b"")
    assert head.content_type == got.content_type
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html;q=0.5, application/problem+json"])
def test_an_unknown_address_is_a_problem(root: Client, accept: str | None) -> None:
    """What is nowhere is a problem document with the address, and one line in the log."""
    with capture_logs() as log:
        answer = root.get("/nothing", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert (read(answer)["instance"], read(answer)["correlation_id"]) == ("/nothing", answer.headers["X-Correlation-Id"])
    assert [(line["event"], line["slug"]) for line in log] == [("http.refused", "not-found")]


def test_a_browser_gets_a_page(root: Client) -> None:
    """Whoever prefers HTML is told on a page, in both languages, with the correlation id."""
    answer = root.get("/nothing", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "It does not exist" in answer.text
    assert "Det findes ikke" in answer.text
    assert answer.headers["X-Correlation-Id"] in answer.text


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_the_root_only_reads(root: Client, accept: str) -> None:
    """Other methods are refused with those that the root takes, and OPTIONS names them too."""
    answer = root.post("/", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert root.options("/").headers["Allow"] == "GET, HEAD, OPTIONS"
