"""The shelf's door, open for tests: a real service on a real PostgreSQL, called in process."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from services.chassis.http import Grant, LocalIssuer, Role, wsgi
from services.chassis.ids import new_id
from services.chassis.service import Context
from tests.chassis.http.shelf.service import SERVICE

Token = Callable[..., dict[str, str]]


@pytest.fixture
def context(context_of: Callable[..., Context]) -> Context:
    """The running shelf."""
    return context_of(SERVICE)


@pytest.fixture
def client(context: Context) -> Client:
    """Calls the shelf's door."""
    return Client(wsgi(context))


@pytest.fixture
def token(context: Context) -> Token:
    """`token(Role.LEADER, institutions={…})`: the header of a caller with one role."""
    issuer = LocalIssuer(context.settings, context.clock)

    def header(role: Role, *, subject: str = "caller-1", ttl: timedelta = timedelta(hours=1), **reach: Any) -> dict[str, str]:
        grant = Grant(role, **{"municipality": "0151"} | reach)
        return {"Authorization": f"Bearer {issuer.issue(subject, [grant], ttl)}"}

    return header


@pytest.fixture
def a_book(context: Context) -> Callable[..., str]:
    """`a_book(title="…")`: puts a book on the shelf and returns its id."""

    def add(title: str = "Bamse", copies: int = 2) -> str:
        row = {"id": new_id(), "title": title, "copies": copies}
        with context.work() as work:
            work.connection.execute(sa.text("insert into book values (:id, :title, :copies, '2026-03-01')"), row)
        return str(row["id"])

    return add


@pytest.fixture
def a_reader(context: Context) -> Callable[..., str]:
    """`a_reader(institution="…")`: registers a reader and returns his id."""

    def add(institution: str = "birkegaarden") -> str:
        row = {"id": new_id(), "institution": institution}
        with context.work() as work:
            work.connection.execute(sa.text("insert into reader values (:id, 'Alma Eksempel', :institution)"), row)
        return str(row["id"])

    return add


@pytest.fixture
def rows(context: Context) -> Callable[[str], list[Any]]:
    """`rows("select …")`: what the shelf's database holds."""

    def query(statement: str) -> list[Any]:
        with context.work() as work:
            return list(work.connection.execute(sa.text(statement)).all())

    return query
