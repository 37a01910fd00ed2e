"""Every read of personal data and every write leaves a row: when, who, why, which objects. Nothing more."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from services.chassis.http import Role
from services.chassis.service import Context
from tests.chassis.http.answers import read

BOOK = {"title": "Bamse", "copies": 2, "added_on": "2026-03-01"}
WHY = {"Deltag-Purpose": "plan-workshop"}

AUDIT = "select at, subject, roles, purpose, route, objects, correlation_id from chassis.audit"


@pytest.fixture
def audit(rows: Callable[[str], list[Any]]) -> Callable[[], list[dict[str, Any]]]:
    """What was audited, in order."""
    return lambda: [dict(row._mapping) for row in rows(f"{AUDIT} order by id")]  # noqa: SLF001 - SQLAlchemy's public name


def test_a_read_of_personal_data_is_audited(
    client: Client, context: Context, token: Callable[..., Any], a_reader: Callable[..., str], audit: Callable[[], Any]
) -> None:
    """The row says when, who in which role, for what purpose, and whose data."""
    reader = a_reader()
    answer = client.get(f"/v1/readers/{reader}", headers=token(Role.COORDINATOR, subject="person-9") | WHY)
    assert audit() == [
        {
            "at": context.clock(),
            "subject": "person-9",
            "roles": ["coordinator"],
            "purpose": "plan-workshop",
            "route": "GET /v1/readers/{id}",
            "objects": [reader],
            "correlation_id": answer.headers["X-Correlation-Id"],
        }
    ]


def test_a_list_of_personal_data_names_everyone_on_it(
    client: Client, token: Callable[..., Any], a_reader: Callable[..., str], audit: Callable[[], Any]
) -> None:
    """Whoever was on the page that was read can see it later; who was not, was not read."""
    readers = sorted(a_reader() for _ in range(3))
    client.get("/v1/readers?limit=2", headers=token(Role.COORDINATOR) | WHY)
    assert [row["objects"] for row in audit()] == [readers[:2]]


def test_a_write_is_audited(client: Client, token: Callable[..., Any], a_book: Callable[..., str], audit: Callable[[], Any]) -> None:
    """Whatever is changed leaves a row, with the ids of the path and those that came to be."""
    removed = a_book()
    added = read(client.post("/v1/books", json=BOOK, headers=token(Role.COORDINATOR)))["id"]
    client.delete(f"/v1/books/{removed}", headers=token(Role.COORDINATOR))
    assert [(row["route"], row["objects"]) for row in audit()] == [("POST /v1/books", [added]), ("DELETE /v1/books/{id}", [removed])]


def test_an_ordinary_read_is_not_audited(client: Client, a_book: Callable[..., str], audit: Callable[[], Any]) -> None:
    """Data about no person may be read by anyone without a trace."""
    client.get(f"/v1/books/{a_book()}")
    assert audit() == []


def test_what_was_refused_did_not_happen(client: Client, token: Callable[..., Any], audit: Callable[[], Any]) -> None:
    """A refused request read nothing and changed nothing."""
    client.get("/v1/readers/0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d", headers=token(Role.COORDINATOR) | WHY)
    client.post("/v1/books", json={}, headers=token(Role.COORDINATOR))
    assert audit() == []


def test_the_audit_holds_no_personal_data(
    client: Client, token: Callable[..., Any], a_reader: Callable[..., str], rows: Callable[[str], list[Any]]
) -> None:
    """A name that was read is not in the audit of the read."""
    answer = client.get(f"/v1/readers/{a_reader()}", headers=token(Role.COORDINATOR) | WHY)
    assert read(answer)["name"] == "Alma Eksempel"
    assert "Alma" not in repr(rows("select * from chassis.audit"))
