"""The door as a whole: what every request gets, whatever becomes of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from werkzeug.test import Client

from services.chassis.database import Database
from services.chassis.errors import Forbidden, TooManyRequests, TryLater
from services.chassis.http import Answer, Api, Request, Role, wsgi
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork
from tests.chassis.http.answers import read

SECRET = "010170-1234"

faults = Api("shelf", title="Faults", description="Everything that can go wrong inside.")


@faults.post("/v1/crash", summary="Crash", public=True, returns={204: None})
def crash(_request: Request, work: UnitOfWork) -> None:
    """Write a row, then fail in a way that nobody foresaw."""
    work.connection.execute(sa.text("insert into book values (gen_random_uuid(), 'Spøgelse', 1, '2026-03-01')"))
    raise RuntimeError(SECRET)


@faults.get("/v1/undeclared", summary="Undeclared", public=True, returns={200: None})
def undeclared(_request: Request, _work: UnitOfWork) -> Answer:
    """Answer with a status that the route does not declare."""
    return Answer(None, 202)


@faults.get("/v1/passing", summary="Passing", public=True, returns={204: None})
def passing(_request: Request, _work: UnitOfWork) -> None:
    """Fail for a while."""
    raise TryLater


@faults.post("/v1/too-often", summary="Too often", public=True, returns={204: None}, errors=(429,))
def too_often(_request: Request, _work: UnitOfWork) -> None:
    """Ask to wait for a minute and a half."""
    raise TooManyRequests(90)


@faults.post("/v1/wrong-try", summary="Wrong try", public=True, returns={204: None}, errors=(403,))
def wrong_try(_request: Request, work: UnitOfWork) -> Forbidden:
    """Write a row, then refuse by returning."""
    work.connection.execute(sa.text("insert into book values (gen_random_uuid(), 'Forsøg', 1, '2026-03-01')"))
    return Forbidden()


@faults.get("/v1/network", summary="Network", public=True, returns={200: "text/plain"})
def network(request: Request, _work: UnitOfWork) -> str:
    """Say from where the caller calls."""
    return request.network


@faults.get("/v1/collision", summary="Collision", public=True, returns={204: None})
def collision(request: Request, work: UnitOfWork) -> None:
    """Collide with another transaction, the first time."""
    collisions.append(request.cause.id)
    if len(collisions) == 1:
        work.connection.execute(sa.text("do $$ begin raise exception using errcode = '40001'; end $$"))


collisions: list[str] = []


def began_together(_request: Request, work: UnitOfWork) -> str:
    """Whether two statements belong to one transaction, which has one beginning."""
    first, second = (work.connection.scalar(sa.text("select now()::text")) for _ in range(2))
    return str(first == second)


faults.get("/v1/read", summary="Read", public=True, returns={200: "text/plain"})(began_together)
faults.get("/v1/personal", summary="Read", roles=(Role.READER,), personal=True, returns={200: "text/plain"})(began_together)
faults.post("/v1/write", summary="Write", public=True, returns={200: "text/plain"})(began_together)


@pytest.fixture
def faulty(context: Context) -> Client:
    """The door of a service in which everything goes wrong."""
    return Client(wsgi(replace(context, service=replace(context.service, api=faults))))


def test_an_unknown_path_is_a_problem(client: Client) -> None:
    """An address that does not exist gets a problem document with a slug, in Danish and English."""
    answer = client.get("/v1/toys")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert read(answer)["type"] == "https://deltag.dk/problems/not-found"
    assert set(read(answer)["errors"][0]["text"]) == {"da", "en"}


@pytest.mark.parametrize("path", ["/v1/books/not-a-uuid", "/v1/books/", "//v1/books", "/v1/books/%00", "/v1/b%ff", "/v1/books/../books"])
def test_a_path_that_is_nearly_right_is_unknown(client: Client, path: str) -> None:
    """Nothing is redirected or guessed."""
    assert client.get(path).status_code == 404


def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    """405 says which methods the path takes."""
    answer = client.put("/v1/books")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert read(answer)["type"].endswith("/method-not-allowed")


def test_options_names_the_methods(client: Client) -> None:
    """OPTIONS is answered for every path that exists, with nothing but the methods."""
    answer = client.options("/v1/books")
    assert (answer.status_code, answer.headers["Allow"], answer.data) == (204, "GET, HEAD, POST, OPTIONS", b"")
    assert "Content-Length" not in answer.headers


def test_head_is_get_without_the_body(client: Client) -> None:
    """HEAD has the headers of GET, its length too."""
    got, head = client.get("/v1/books"), client.head("/v1/books")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


def test_a_correlation_id_is_carried(client: Client) -> None:
    """A caller's own correlation id comes back."""
    mine = "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d"
    assert client.get("/v1/books", headers={"X-Correlation-Id": mine}).headers["X-Correlation-Id"] == mine


@pytest.mark.parametrize("given", [None, "", SECRET, "a" * 200, "alma eksempel", "0198c7a0\nInjected: yes"])
def test_a_correlation_id_is_made(client: Client, given: str | None) -> None:
    """Without a sane correlation id the request gets a new UUIDv7, and nothing of what was sent is kept."""
    environ = {} if given is None else {"HTTP_X_CORRELATION_ID": given}
    made = client.get("/v1/books", environ_overrides=environ).headers["X-Correlation-Id"]
    assert UUID(made).version == 7


def test_the_cause_is_carried_into_facts(client: Client, token: Callable[..., Any], rows: Callable[..., Any]) -> None:
    """A fact tells which request led to it, by correlation id and W3C trace."""
    ids = {"X-Correlation-Id": "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    client.post("/v1/books", json={"title": "Bamse", "copies": 1, "added_on": "2026-03-01"}, headers=token(Role.COORDINATOR) | ids)
    ((fact,),) = rows("select body::json from chassis.outbox")
    assert (fact["correlationid"], fact["traceparent"]) == (ids["X-Correlation-Id"], ids["traceparent"])


def test_a_crash_says_nothing_but_the_correlation_id(faulty: Client) -> None:
    """A fault of ours gets a 500 without any detail of it; the log tells where, and not what was in it."""
    with capture_logs() as log:
        answer = faulty.post("/v1/crash")
    assert answer.status_code == 500
    assert read(answer)["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert SECRET not in answer.text + repr(log)
    assert "RuntimeError" in repr(log)


def test_a_refusal_is_one_line_in_the_log(client: Client) -> None:
    """A correlation id that a caller quotes leads to the route, the method, the status and the slug; nothing that was sent is there."""
    mine = "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d"
    with capture_logs() as log:
        client.delete(f"/v1/books/{mine}?name={SECRET}", headers={"X-Correlation-Id": mine})
    assert log == [
        {
            "event": "http.refused", "log_level": "info", "correlation_id": mine,
            "route": "/v1/books/{id}", "method": "DELETE", "status": 401, "slug": "token-missing",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "logged"), [("PUT", "PUT"), (f"X{SECRET}", "other")])
def test_what_is_made_up_is_not_logged(client: Client, method: str, logged: str) -> None:
    """An address or a method that does not exist may hold anything, so its line names neither."""
    with capture_logs() as log:
        client.open(f"/v1/{SECRET}", method=method)
    assert [(line["route"], line["method"], line["slug"]) for line in log] == [("unmatched", logged, "not-found")]
    assert SECRET not in repr(log)


def test_a_crash_is_one_line_in_the_log(faulty: Client) -> None:
    """A fault of ours is an error in the log, with what a refusal has and where it happened."""
    with capture_logs() as log:
        answer = faulty.post("/v1/crash")
    (line,) = log
    assert (line["event"], line["log_level"], line["status"], line["slug"]) == ("http.failed", "error", 500, "internal-error")
    assert (line["route"], line["correlation_id"]) == ("/v1/crash", answer.headers["X-Correlation-Id"])


def test_a_success_is_not_logged(client: Client) -> None:
    """What went well is counted, not logged."""
    with capture_logs() as log:
        client.get("/v1/books")
        client.options("/v1/books")
    assert log == []


def test_a_problem_names_the_address_that_was_used(client: Client) -> None:
    """Behind a prefix `instance` has it too, written as in an address."""
    answer = client.get("/v1/børn og bøger", environ_overrides={"SCRIPT_NAME": "/shelf"})
    assert read(answer)["instance"] == "/shelf/v1/b%C3%B8rn%20og%20b%C3%B8ger"


def test_a_missing_role_is_named(client: Client, token: Callable[..., Any]) -> None:
    """403 says which roles the route is open to, in both languages."""
    answer = client.post("/v1/books", headers=token(Role.GUARDIAN))
    (reason,) = read(answer)["errors"]
    assert (answer.status_code, reason["slug"], read(answer)["type"]) == (403, "forbidden", "https://deltag.dk/problems/forbidden")
    assert all("coordinator, system" in reason["text"][language] for language in ("da", "en"))


def test_a_crash_leaves_nothing_behind(faulty: Client, rows: Callable[..., Any]) -> None:
    """What a request did before it failed is undone."""
    faulty.post("/v1/crash")
    assert rows("select * from book") == []
    assert rows("select * from chassis.audit") == []


def test_an_undeclared_status_is_a_fault(faulty: Client) -> None:
    """A route cannot answer with a status that its document does not name."""
    assert faulty.get("/v1/undeclared").status_code == 500


def test_a_passing_fault_says_when_to_try_again(faulty: Client) -> None:
    """503 comes with Retry-After."""
    answer = faulty.get("/v1/passing")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_too_often_says_for_how_long_to_wait(faulty: Client) -> None:
    """429 comes with Retry-After, in seconds, and says in both languages what to do."""
    answer = faulty.post("/v1/too-often")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "90")
    [reason] = read(answer)["errors"]
    assert (reason["slug"], "Retry-After" in reason["text"]["da"]) == ("too-many-requests", True)


def test_a_refusal_that_is_returned_keeps_what_was_done(faulty: Client, rows: Callable[..., Any]) -> None:
    """A wrong try is refused like any other request, and counted all the same; as a refusal it is in the log, not in the audit."""
    refused = faulty.post("/v1/wrong-try")
    assert (refused.status_code, read(refused)["type"]) == (403, "https://deltag.dk/problems/forbidden")
    assert [row.title for row in rows("select title from book")] == ["Forsøg"]
    assert rows("select * from chassis.audit") == []


def test_a_public_route_knows_from_where_it_is_called(faulty: Client) -> None:
    """It counts by the address of whoever is connected; what he writes into a header counts for nothing."""
    headers = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    assert faulty.get("/v1/network", headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).text == "203.0.113.9"


def test_an_ordinary_read_needs_no_transaction(faulty: Client, token: Callable[..., Any]) -> None:
    """Writes and audited reads are one transaction; an ordinary read spares itself its beginning and its end."""
    headers = token(Role.READER) | {"Deltag-Purpose": "plan-workshop"}
    assert faulty.post("/v1/write").text == "True"
    assert faulty.get("/v1/personal", headers=headers).text == "True"
    assert faulty.get("/v1/read").text == "False"
    assert faulty.post("/v1/write").text == "True"


def test_a_collision_is_tried_again(faulty: Client) -> None:
    """A request whose transaction collided with another one is run anew, unseen by the caller."""
    collisions.clear()
    assert faulty.get("/v1/collision").status_code == 204
    assert len(collisions) == 2


def test_a_database_that_is_away(context: Context) -> None:
    """Without its database the door still answers: unavailable, try again."""
    away = Database("postgresql://nobody@127.0.0.1:9/nothing")
    answer = Client(wsgi(replace(context, database=away))).get("/v1/books")
    assert (answer.status_code, read(answer)["type"], answer.headers["Retry-After"]) == (503, "https://deltag.dk/problems/unavailable", "5")


def test_what_somebody_has_locked(context: Context) -> None:
    """Who asks for what another transaction holds is not kept waiting for it: unavailable, try again."""
    impatient = Database(context.database.url, lock_s=0.05)
    with context.work() as somebody:
        somebody.connection.exec_driver_sql("lock table book in access exclusive mode")
        answer = Client(wsgi(replace(context, database=impatient))).get("/v1/books")
    impatient.close()
    assert (answer.status_code, read(answer)["type"], answer.headers["Retry-After"]) == (503, "https://deltag.dk/problems/held-up", "5")


def test_requests_are_counted_by_template(client: Client, a_book: Callable[..., str]) -> None:
    """Metrics name the route and never the path, so no id and no made-up address becomes a label."""
    labels = {"service": "shelf", "method": "GET"}
    routes = {"/v1/books/{id}": "200", "unmatched": "404"}
    before = {route: sample(labels | {"route": route, "status": status}) for route, status in routes.items()}
    client.get(f"/v1/books/{a_book()}")
    client.get("/v1/something/else")
    assert {
        route: sample(labels | {"route": route, "status": status}) - before[route] for route, status in routes.items()
    } == dict.fromkeys(routes, 1)


def test_a_made_up_method_is_no_label(client: Client) -> None:
    """Methods outside HTTP's usual ones are counted together."""
    before = sample({"service": "shelf", "method": "other", "route": "unmatched", "status": "405"})
    client.open("/v1/books", method="BREW")
    assert sample({"service": "shelf", "method": "other", "route": "unmatched", "status": "405"}) == before + 1


def test_a_page_is_html_with_a_policy(client: Client) -> None:
    """Pages for people allow no script and nothing from elsewhere."""
    answer = client.get("/shelf")
    assert answer.content_type == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_table_is_csv(client: Client, a_book: Callable[..., str]) -> None:
    """A route can answer with another media type than JSON."""
    a_book("Ællingen")
    answer = client.get("/v1/books.csv")
    assert (answer.content_type, answer.text) == ("text/csv; charset=utf-8", "title\nÆllingen\n")


def test_answers_are_not_kept_by_others(client: Client) -> None:
    """No cache on the way may keep an answer."""
    assert client.get("/v1/books").headers["Cache-Control"] == "no-store"


def test_who_has_the_answer_gets_no_other(client: Client, a_book: Callable[..., str]) -> None:
    """What a route gives an ETag is 304 without a body for who has it, and sent to who has another one."""
    a_book("Ællingen")
    first = client.get("/v1/books.csv")
    known, other = (client.get("/v1/books.csv", headers={"If-None-Match": etag}) for etag in (first.headers["ETag"], '"another"'))
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert not {"Content-Type", "Content-Length"} & set(known.headers.keys())
    assert (other.status_code, other.data) == (200, first.data)


def test_a_route_may_say_how_long_its_answer_holds(client: Client) -> None:
    """Where a route says who may keep its answer, that is said, and nothing against it."""
    assert client.get("/v1/books.csv").headers.getlist("Cache-Control") == ["private, max-age=60"]


def sample(labels: dict[str, str]) -> float:
    """A counter's present value."""
    return REGISTRY.get_sample_value("deltag_http_requests_total", labels) or 0.0
