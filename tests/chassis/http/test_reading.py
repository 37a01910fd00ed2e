"""What is refused before a route's function sees it: too much, the wrong type, no JSON, unknown parameters."""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from services.chassis.errors import Malformed
from services.chassis.http import Role, reading, wsgi
from services.chassis.http.purposes import PURPOSES
from services.chassis.http.strict import holds_nul
from services.chassis.service import Context
from tests.chassis.http.answers import read


@pytest.fixture
def send(client: Client, token: Callable[..., dict[str, str]]) -> Callable[..., TestResponse]:
    """`send(b"…")`: posts these bytes as a book, by a coordinator."""

    def post(data: bytes, content_type: str | None = "application/json", **options: Any) -> TestResponse:
        headers = token(Role.COORDINATOR) | options.pop("headers", {})
        return client.post("/v1/books", data=data, content_type=content_type, headers=headers, **options)

    return post


def chunked(body: io.IOBase) -> dict[str, Any]:
    """The environment of a request whose body comes in chunks, without a length."""
    return {"wsgi.input": body, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}


def slug(answer: TestResponse) -> tuple[int, str]:
    """The status and the slug of a refusal."""
    return answer.status_code, read(answer)["type"].rpartition("/")[2]


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/xml", "application/json; charset=latin-1", "application/x-www-form-urlencoded"]
)
def test_only_json_is_taken(send: Callable[..., TestResponse], content_type: str | None) -> None:
    """Another type of body is a 415 that says which one is taken."""
    answer = send(b"{}", content_type)
    assert slug(answer) == (415, "unsupported-media-type")
    assert answer.headers["Accept"] == "application/json"


def test_compression_is_not_taken(send: Callable[..., TestResponse]) -> None:
    """A compressed body could hide its size."""
    assert slug(send(b"{}", headers={"Content-Encoding": "gzip"})) == (415, "unsupported-media-type")


def test_a_file_is_taken_as_it_is(client: Client, token: Callable[..., dict[str, str]]) -> None:
    """A route that takes files takes them in its own types and up to a limit of its own, and says which types those are."""

    def send(content: bytes, content_type: str) -> TestResponse:
        return client.post("/v1/catalogue", data=content, content_type=content_type, headers=token(Role.COORDINATOR))

    large = b"\xe6;\x00" * 1_000_000
    assert send(large, "text/csv; charset=windows-1252").text == str(len(large))
    refused = send(b"{}", "application/json")
    assert (*slug(refused), refused.headers["Accept"]) == (415, "unsupported-file-type", "text/csv")


def test_a_charset_may_be_named(send: Callable[..., TestResponse]) -> None:
    """JSON that says it is UTF-8 is JSON."""
    assert slug(send(b"{}", "application/json; charset=UTF-8")) == (422, "invalid")


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"{nope}", 1, 2),
        (b'{"a": 1,\n "b" 2}', 2, 6),
        (b'{"a": 1', 1, 8),
        (b"\xff", 1, 1),
        (b'{"a": NaN}', 1, 7),
        (b'{"a": "R\xf8d"}', 1, 9),
    ],
)
def test_bad_json_says_where(send: Callable[..., TestResponse], body: bytes, line: int, column: int) -> None:
    """What is no JSON is refused with the line and the column."""
    answer = send(body)
    assert slug(answer) == (400, "malformed-json")
    assert f"line {line}, column {column}." in read(answer)["detail"]


@pytest.mark.parametrize("body", [b"1" * 5000, b'{"a": 1e999}', b"[" * 100_000])
def test_json_out_of_reach(send: Callable[..., TestResponse], body: bytes) -> None:
    """Numbers without end and nesting without end are refused as quickly as anything else."""
    assert slug(send(body)) == (400, "json-out-of-reach")


def test_half_a_character_is_no_text(send: Callable[..., TestResponse]) -> None:
    """A lone surrogate is not JSON that can be kept."""
    assert send(b'{"title": "\\ud800"}').status_code == 400


def test_nul_is_no_text(send: Callable[..., TestResponse]) -> None:
    """The one character that PostgreSQL cannot keep is refused at the door."""
    assert slug(send(b'{"title": "a\\u0000b"}')) == (400, "text-with-nul")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"title": "a\\u0000b"}', "/title"),
        (b'{"title": "a", "authors": [{"name": "b"}, {"name": "\\u0000"}]}', "/authors/1/name"),
        (b'{"010170-1234": "\\u0000"}', ""),
        (b'{"title": "\\u0000"', ""),
    ],
)
def test_the_field_that_holds_nul_is_named(send: Callable[..., TestResponse], body: bytes, field: str) -> None:
    """Where the body can be read; a name that may be personal is not repeated."""
    [reason] = send(body).get_json()["errors"]
    assert (reason["slug"], reason["field"]) == ("text-with-nul", field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"title": "a", "title": "b"}', "title"),
        (b'{"authors": [{"name": "a", "name": "a"}]}', "name"),
        (b'{"010170-1234": 1, "010170-1234": 1}', ""),
        (b'{"a": 1, "\\u0061": 1}', "a"),
    ],
)
def test_a_name_stands_once(send: Callable[..., TestResponse], body: bytes, field: str) -> None:
    """Which of two values counts is nobody's guess: the body is refused, at any depth."""
    answer = send(body)
    [reason] = answer.get_json()["errors"]
    assert (answer.status_code, reason["slug"], reason["field"]) == (400, "name-repeated", field)


@given(st.text(max_size=20) | st.from_regex(r"\A(\\|u0000|a){0,12}\Z"))
def test_only_nul_is_taken_for_nul(text: str) -> None:
    """A text is refused for NUL exactly when it holds one; what only looks like its escape is none."""
    assert holds_nul(msgspec.json.encode({"text": text})) == ("\0" in text)


def test_an_empty_body_is_missing(send: Callable[..., TestResponse]) -> None:
    """No body is another mistake than a bad one."""
    assert slug(send(b"")) == (400, "body-missing")


def test_a_large_body_is_refused_unread(send: Callable[..., TestResponse]) -> None:
    """A body over the limit is refused by its length, before a byte of it is read."""
    unread = io.BytesIO(b"x")
    answer = send(b"", environ_overrides={"wsgi.input": unread, "CONTENT_LENGTH": "1048577"})
    assert slug(answer) == (413, "body-too-large")
    assert "1048576 bytes" in read(answer)["detail"]
    assert unread.tell() == 0


class Endless(io.RawIOBase):
    """A chunked body that never ends, and counts what was taken of it."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        """As much as is asked for, and at most a chunk."""
        piece = min(size, 65_536)
        self.taken += piece
        return b" " * piece


def test_an_endless_body_is_cut_off(send: Callable[..., TestResponse]) -> None:
    """A chunked body, whose length nobody knows, is read to the limit and no further."""
    body = Endless()
    answer = send(b"", environ_overrides=chunked(body))
    assert slug(answer) == (413, "body-too-large")
    assert body.taken == 1_048_577


def test_a_chunked_body_is_taken(send: Callable[..., TestResponse]) -> None:
    """A chunked body within the limit is as good as any other."""
    body = io.BytesIO(b'{"title": "Bamse", "copies": 2, "added_on": "2026-03-01"}')
    assert send(b"", environ_overrides=chunked(body)).status_code == 201


def test_a_body_at_the_limit_is_taken(context: Context, token: Callable[..., dict[str, str]]) -> None:
    """The limit is a setting, and a body of exactly that size passes."""
    small = replace(context, settings=replace(context.settings, max_body_bytes=100))
    client = Client(wsgi(small))
    statuses = [
        client.post("/v1/books", data=b" " * size, content_type="application/json", headers=token(Role.COORDINATOR)).status_code
        for size in (100, 101)
    ]
    assert statuses == [400, 413]


def test_a_body_that_breaks_off_is_refused(send: Callable[..., TestResponse]) -> None:
    """A caller who hangs up in the middle has asked for nothing."""
    assert slug(send(b"", environ_overrides={"wsgi.input": io.BytesIO(b'{"title":'), "CONTENT_LENGTH": "50"})) == (400, "body-incomplete")


class Broken(io.RawIOBase):
    """A connection that breaks while it is read."""

    def read(self, _size: int = -1) -> bytes:
        """Never anything."""
        raise OSError("unexpected end of file while parsing chunked data")


def test_a_broken_connection_is_no_fault_of_ours(send: Callable[..., TestResponse]) -> None:
    """What breaks while it is read is a bad request, not a crash."""
    assert slug(send(b"", environ_overrides=chunked(Broken()))) == (400, "body-incomplete")


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "ten"])
def test_a_length_is_a_number(send: Callable[..., TestResponse], length: str) -> None:
    """A Content-Length that is no number is refused."""
    assert slug(send(b"", environ_overrides={"CONTENT_LENGTH": length})) == (400, "content-length-invalid")


def test_every_wrong_field_is_named(send: Callable[..., TestResponse]) -> None:
    """All that is wrong with a body comes back at once: the field, the rule, and the remedy in two languages."""
    answer = send(b'{"title": "", "copies": "3", "authors": [{"born": 1944}], "colour": "red"}')
    assert slug(answer) == (422, "invalid")
    found = {error["field"]: error["slug"] for error in read(answer)["errors"]}
    assert found == {
        "/title": "length-out-of-range",
        "/copies": "wrong-type",
        "/added_on": "field-missing",
        "/authors/0/name": "field-missing",
        "/colour": "unknown-field",
    }


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "word=a&word=b",
        "word=%00",
        "limit=0",
        "limit=201",
        "limit=1_0",
        "limit=0000000019999",
        "limit=5&limit=6",
        "after=x",
        "word=%ff",
    ],
)
def test_a_query_is_strict(client: Client, query: str) -> None:
    """Unknown, repeated and impossible parameters are refused, not ignored."""
    assert client.get(f"/v1/books?{query}").status_code == 400


@pytest.mark.parametrize("query", ["limit=2&limit=3", "after=x&after=y", "word=a&word=b"])
def test_a_parameter_that_is_given_twice_is_told_so(client: Client, query: str) -> None:
    """Neither of the two is chosen, and paging's own say the same as the others."""
    [reason] = client.get(f"/v1/books?{query}").get_json()["errors"]
    assert (reason["slug"], reason["field"]) == ("parameter-repeated", f"/{query.partition('=')[0]}")


def test_a_query_is_utf_8(client: Client) -> None:
    """What is not is refused, instead of asking for other characters."""
    assert slug(client.get("/v1/books?word=%ff")) == (400, "query-not-utf-8")


def test_a_route_without_parameters_takes_none(client: Client, a_book: Callable[..., str]) -> None:
    """A parameter that a route does not know is refused there too."""
    assert slug(client.get(f"/v1/books/{a_book()}?colour=red")) == (400, "invalid-query")


def test_personal_data_need_a_purpose(client: Client, token: Callable[..., dict[str, str]]) -> None:
    """Nobody reads personal data without saying why."""
    assert slug(client.get("/v1/readers", headers=token(Role.COORDINATOR))) == (400, "purpose-missing")


@pytest.mark.parametrize("purpose", ["x", "xx", "Plan-workshop", "plan workshop", "curious", "010170-1234"])
def test_a_purpose_is_one_of_a_list(client: Client, token: Callable[..., dict[str, str]], purpose: str) -> None:
    """Any other is refused with the whole list, so that purposes can be counted and hold no personal data."""
    answer = client.get("/v1/readers", headers=token(Role.COORDINATOR) | {"Deltag-Purpose": purpose})
    assert slug(answer) == (400, "purpose-invalid")
    [reason] = answer.get_json()["errors"]
    assert all(code in text for text in reason["text"].values() for code in PURPOSES)
    assert purpose not in PURPOSES


def test_every_purpose_is_taken(client: Client, token: Callable[..., dict[str, str]]) -> None:
    """What is on the list passes."""
    for purpose in PURPOSES:
        answer = client.get("/v1/readers", headers=token(Role.COORDINATOR) | {"Deltag-Purpose": purpose})
        assert answer.status_code == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_it(send: Callable[..., TestResponse], body: bytes) -> None:
    """Any bytes are answered with a refusal, never with a crash."""
    assert send(body).status_code in (400, 422)


@given(st.binary(max_size=100))
def test_decoding_is_total(content: bytes) -> None:
    """Bytes are JSON or are refused as malformed; there is no third way."""
    with suppress(Malformed):
        reading.decoded(content)
