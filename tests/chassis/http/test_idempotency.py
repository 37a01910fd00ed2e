"""The same command sent twice is done once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from services.chassis.http import Api, Request, Role, wsgi
from services.chassis.http.idempotency import forget_expired
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork
from services.chassis.testing import FakeClock
from tests.chassis.http.answers import read
from tests.chassis.http.shelf.api import BookBody, BookSchema, add_book

BOOK = {"title": "Bamse", "copies": 2, "added_on": "2026-03-01"}
KEY = {"Idempotency-Key": "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d"}

Post = Callable[..., TestResponse]


@pytest.fixture
def post(client: Client, token: Callable[..., dict[str, str]]) -> Post:
    """`post(BOOK)`: adds a book under one and the same key."""

    def send(book: dict[str, Any] = BOOK, *, subject: str = "caller-1", key: dict[str, str] = KEY, path: str = "/v1/books") -> TestResponse:
        return client.post(path, json=book, headers=token(Role.COORDINATOR, subject=subject) | key)

    return send


def slug(answer: TestResponse) -> tuple[int, str]:
    """The status and the slug of a refusal."""
    return answer.status_code, read(answer)["type"].rpartition("/")[2]


def test_a_repeated_command_gets_the_first_answer(post: Post, rows: Callable[..., list[Any]]) -> None:
    """Sent again under its key, a command is answered as before, marked as a replay, and not done again."""
    first, second = post(), post()
    assert (second.status_code, second.data, second.headers["Location"]) == (201, first.data, first.headers["Location"])
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert [len(rows(f"select * from {table}")) for table in ("book", "chassis.outbox", "chassis.audit")] == [1, 1, 1]


def test_the_order_of_members_is_no_other_command(post: Post) -> None:
    """The same JSON written differently is the same command."""
    post()
    assert post(dict(reversed(BOOK.items()))).headers["Idempotent-Replayed"] == "true"


def test_a_key_belongs_to_one_command(post: Post, rows: Callable[..., list[Any]]) -> None:
    """The same key with another body is refused, and changes nothing."""
    post()
    assert slug(post(BOOK | {"copies": 3})) == (422, "idempotency-key-reused")
    assert len(rows("select * from book")) == 1


def test_a_key_belongs_to_one_caller(post: Post, rows: Callable[..., list[Any]]) -> None:
    """Nobody is given an answer that was another's."""
    post()
    assert "Idempotent-Replayed" not in post(subject="caller-2").headers
    assert len(rows("select * from book")) == 2


def test_a_key_belongs_to_one_object(client: Client, token: Callable[..., dict[str, str]], a_book: Callable[..., str]) -> None:
    """The same key at another object's address is another command."""
    headers = token(Role.PROFESSIONAL) | KEY
    assert client.post(f"/v1/books/{a_book()}/loans", headers=headers).status_code == 204
    assert slug(client.post(f"/v1/books/{a_book()}/loans", headers=headers)) == (422, "idempotency-key-reused")


def test_an_empty_answer_is_replayed(client: Client, token: Callable[..., dict[str, str]], a_book: Callable[..., str]) -> None:
    """An answer without a body is an answer, too."""
    book, headers = a_book(copies=3), token(Role.PROFESSIONAL) | KEY
    answers = [client.post(f"/v1/books/{book}/loans", headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.headers.get("Idempotent-Replayed")) for answer in answers] == [(204, None), (204, "true")]
    assert read(client.get(f"/v1/books/{book}"))["copies"] == 2


def test_without_a_key_each_command_is_its_own(post: Post, rows: Callable[..., list[Any]]) -> None:
    """Keys are offered, not demanded."""
    assert [post(key={}).status_code, post(key={}).status_code] == [201, 201]
    assert len(rows("select * from book")) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "æ", "k" * 201])
def test_a_key_is_visible_ascii(post: Post, key: str) -> None:
    """A key that could not be told from another one is refused."""
    assert slug(post(key={"Idempotency-Key": key})) == (400, "idempotency-key-invalid")


def test_a_refusal_is_not_stored(
    client: Client, token: Callable[..., dict[str, str]], a_book: Callable[..., str], rows: Callable[..., Any]
) -> None:
    """A refused command did nothing, so its key may be used again when the reason is gone."""
    book, headers = a_book(copies=1), token(Role.PROFESSIONAL) | KEY
    assert slug(client.post(f"/v1/books/{book}/loans", headers=headers)) == (409, "last-copy")
    assert rows("select * from chassis.idempotency") == []
    rows(f"update book set copies = 2 where id = '{book}' returning id")
    assert client.post(f"/v1/books/{book}/loans", headers=headers).status_code == 204


def test_an_answer_is_kept_for_a_day(post: Post, context: Context, rows: Callable[..., list[Any]]) -> None:
    """A day later the key is forgotten, swept up or not."""
    post()
    clock = context.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(hours=23, minutes=59))
    assert post().headers["Idempotent-Replayed"] == "true"
    clock.advance(timedelta(minutes=1))
    assert "Idempotent-Replayed" not in post().headers
    assert len(rows("select * from chassis.idempotency")) == 1


def test_expired_answers_are_forgotten(post: Post, context: Context, rows: Callable[..., list[Any]]) -> None:
    """The sweep deletes what has expired and nothing else."""
    post()
    clock = context.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(hours=12))
    post(key={"Idempotency-Key": "another"})
    clock.advance(timedelta(hours=12))
    forget_expired(context)
    assert rows("select key from chassis.idempotency") == [("another",)]


class Slow:
    """A shelf whose books are added slowly: `begun` when the first is under way, finished when `go` is set."""

    def __init__(self, context: Context) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        api = Api("shelf", title="Slow", description="Adds books slowly.")
        declared = api.post(
            "/v1/books", summary="Add a book", roles=(Role.COORDINATOR,), body=BookBody(), returns={201: BookSchema()}, idempotent=True
        )
        declared(self.add_book)
        self.door = wsgi(replace(context, service=replace(context.service, api=api)))
        self.fails = False

    def add_book(self, request: Request, work: UnitOfWork) -> Any:
        """Add it, and wait before the end."""
        answer = add_book(request, work)
        self.begun.set()
        assert self.go.wait(20)
        if self.fails:
            raise RuntimeError("died before the end")
        return answer

    def post(self, headers: dict[str, str]) -> TestResponse:
        """One request."""
        return Client(self.door).post("/v1/books", json=BOOK, headers=headers | KEY)


@pytest.fixture
def slow(context: Context) -> Slow:
    """The slow shelf."""
    return Slow(context)


def race(slow: Slow, headers: dict[str, str]) -> tuple[TestResponse, TestResponse]:
    """The answer of a request that takes long, and of its repetition in the meantime."""
    answers: list[TestResponse] = []
    first = threading.Thread(target=lambda: answers.append(slow.post(headers)))
    first.start()
    assert slow.begun.wait(20)
    second = slow.post(headers)
    slow.go.set()
    first.join(20)
    return answers[0], second


def test_a_command_that_still_runs_is_not_begun_again(
    slow: Slow, token: Callable[..., dict[str, str]], rows: Callable[..., list[Any]]
) -> None:
    """While the first request runs, its repetition is told so at once; afterwards it gets the answer."""
    headers = token(Role.COORDINATOR)
    first, second = race(slow, headers)
    assert (first.status_code, slug(second)) == (201, (409, "idempotency-in-progress"))
    assert slow.post(headers).data == first.data
    assert len(rows("select * from book")) == 1


def test_a_command_that_died_can_be_sent_again(slow: Slow, token: Callable[..., dict[str, str]], rows: Callable[..., list[Any]]) -> None:
    """A fault of ours is not stored: what died left nothing, and its repetition does the work."""
    headers = token(Role.COORDINATOR)
    slow.fails = True
    first, _ = race(slow, headers)
    slow.fails = False
    assert (first.status_code, slow.post(headers).status_code) == (500, 201)
    assert len(rows("select * from book")) == 1


def test_twenty_at_once_do_it_once(
    client: Client, context: Context, token: Callable[..., dict[str, str]], rows: Callable[..., list[Any]]
) -> None:
    """However many send the same command at once, it is done once, and nobody gets another answer than the one or a wait."""
    headers, answers = token(Role.COORDINATOR) | KEY, []
    start = threading.Barrier(20)

    def send() -> None:
        start.wait(20)
        answers.append(client.post("/v1/books", json=BOOK, headers=headers))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status_code for answer in answers} <= {201, 409, 503}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert len(rows("select * from book")) == 1
    assert context.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool's


def test_the_answer_and_the_effect_are_one(
    client: Client, token: Callable[..., dict[str, str]], context: Context, rows: Callable[..., Any]
) -> None:
    """When the answer cannot be stored, the effect is undone with it."""
    with context.work() as work:
        work.connection.execute(sa.text("alter table chassis.idempotency add constraint full_up check (false)"))
    assert client.post("/v1/books", json=BOOK, headers=token(Role.COORDINATOR) | KEY).status_code == 500
    assert rows("select * from book") == []
