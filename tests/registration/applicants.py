"""People without an account: what they ask for, what reaches them, and what they do with it."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa

from services.chassis.ids import new_id
from services.chassis.keys import open_sealed
from services.chassis.service import Context
from services.chassis.testing import Door, published, run_timer
from tests.registration.builders import a_guardian, a_request
from tests.settings import NOTIFICATIONS_PRIVATE_KEY

LINKS = "/v1/sign-up-links"
SESSIONS = "/v1/sign-up-sessions"
REQUESTS = "/v1/sign-up-requests"
SEALED = "registration.sign-up-link.sealed.v1"
SARA = "sara@example.org"
PHONE = "20 00 00 17"

Json = dict[str, Any]


def asks(door: Door, **details: Any) -> Any:
    """Somebody asks for a link (Sara, unless it says who), or for a code."""
    address = {} if {"email", "phone"} & details.keys() else {"email": SARA}
    options = {name: details.pop(name) for name in ("environ_overrides",) if name in details}
    return door.post(LINKS, json={"programme": "sammen-om-boern", **address, **details}, **options)


def letters(context: Context) -> list[Json]:
    """What notifications alone can read, in the order in which it was asked for."""
    sealed = [message for message in published(context) if message["type"] == SEALED]
    return [json.loads(open_sealed(NOTIFICATIONS_PRIVATE_KEY, m["data"]["sealed"], m["subject"].encode())) for m in sealed]


def token_of(context: Context) -> str:
    """What the latest link holds."""
    return token_in(letters(context)[-1]["link"])


def token_in(link: str) -> str:
    """What a link holds."""
    return parse_qs(urlsplit(link).query)["token"][0]


def code_of(context: Context) -> str:
    """The latest code."""
    return str(letters(context)[-1]["code"])


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def applicant(door: Door, context: Context, email: str = SARA) -> Door:
    """The door for somebody who has proved that address."""
    assert asks(door, email=email).status_code == 202
    answer = door.post(SESSIONS, json={"token": token_of(context)})
    assert answer.status_code == 201, answer.get_json()
    return door.bearing(answer.get_json()["access_token"])


def a_family(**details: Any) -> Json:
    """A request of Sara's for a child whom nobody knows."""
    return a_request(**{"guardians": [a_guardian(given_name="Sara", email=SARA)]} | details)


def sends(door: Door, data: Any, id: str | None = None) -> Any:
    """An applicant asks for an enrolment."""
    return door.post(REQUESTS, json={"id": id or new_id(), "data": data})


def clock_runs(context: Context) -> None:
    """The timer that takes what applicants ask for."""
    run_timer(context, "sign-ups")


def rows(context: Context, statement: str) -> list[Any]:
    """What the database holds."""
    with context.work() as work:
        return list(work.connection.execute(sa.text(statement)).all())


def everything(context: Context) -> str:
    """Every row of every table of the service, as one text."""
    tables = rows(context, "select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'chassis')")
    return "\n".join(str(row) for table in tables for row in rows(context, f"select t::text from {table.name} t"))


def told(answer: Any) -> tuple[int, Any, Json]:
    """What an answer tells: all of it but the id under which it is found in the logs, and its own time."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Correlation-Id"}
    body = {name: value for name, value in answer.get_json().items() if name not in {"correlation_id", "received_at", "request_id"}}
    return answer.status_code, headers, body
