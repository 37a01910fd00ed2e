"""A form of a page: what it holds, who may send it, and what somebody at a browser reads when it is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Forbidden, Malformed, TooManyRequests
from services.chassis.http import form, reply
from services.chassis.http.problem import problem
from services.chassis.http.refusal_page import readable
from services.chassis.http.request import Cause

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_every_value_is_read() -> None:
    """Values of one name stand in their order, empty ones too; letters of every language, and lines as a browser breaks them."""
    content = b"name=S%C3%B8ren+Pr%C3%B8ve&day=mon&day=tue&none=&words=one%0D%0Atwo%0Dthree"
    assert form.read(content) == {"name": ["Søren Prøve"], "day": ["mon", "tue"], "none": [""], "words": ["one\ntwo\nthree"]}


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        ("navn=ø".encode(), "form-unreadable"),
        (b"name=%F8", "form-unreadable"),
        (b"a=1&" * 1_001, "form-unreadable"),
        (b"a=%00", "text-with-nul"),
    ],
)
def test_what_no_browser_sends_is_refused(content: bytes, slug: str) -> None:
    """Bytes that are no text, more values than any page has, and the character that cannot be kept."""
    with pytest.raises(Malformed) as refused:
        form.read(content)
    assert refused.value.slug == slug


@given(st.binary(max_size=200))
def test_reading_is_total(content: bytes) -> None:
    """Whatever comes is read or refused."""
    with suppress(Malformed):
        assert all(isinstance(value, str) for values in form.read(content).values() for value in values)


@pytest.mark.parametrize(
    ("site", "is_ours"), [("same-origin", True), ("none", True), (None, True), ("same-site", False), ("cross-site", False)]
)
def test_another_sites_form_is_refused(site: str | None, is_ours: bool) -> None:  # noqa: FBT001 - the row of a table
    """Where the browser says that the form stands elsewhere, be it on a site of the same domain; an old one says nothing."""
    environ = {"HTTP_SEC_FETCH_SITE": site} if site else {}
    if is_ours:
        form.refuse_foreign(environ)
        return
    with pytest.raises(Forbidden):
        form.refuse_foreign(environ)


@pytest.mark.parametrize(
    ("accept", "kind"), [(BROWSER, "text/html"), ("*/*", "application/problem+json"), ("", "application/problem+json")]
)
def test_a_refusal_is_readable(accept: str, kind: str) -> None:
    """Whoever prefers HTML gets a page, with when to come again; everybody else the problem document."""
    told = readable(problem(TooManyRequests(60), "/sign-up/link", Cause("1", "a-correlation")), {"HTTP_ACCEPT": accept})
    headers = dict(told.headers)
    assert (told.status, headers["Content-Type"].partition(";")[0], headers["Retry-After"]) == (429, kind, "60")
    assert b"a-correlation" in told.body


def test_a_pages_own_policy_takes_the_place_of_the_usual_one() -> None:
    """There is one policy on a page, not two."""
    headers: list[Any] = [
        value for name, value in reply.of("text/html", b"", headers={"Content-Security-Policy": "own"}).headers if "Policy" in name
    ]
    assert headers == ["own", "no-referrer"]
