"""The same on nameko's own HTTP entrypoint: the row with the driver that is named, and enrolments in one ORM transaction each."""

# ruff: noqa: E402 - what could block is imported after the patch

import os
import sys

import eventlet

eventlet.monkey_patch()
os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"  # psycopg 3 would block every green thread otherwise

import json
from typing import Any

import sqlalchemy as sa
from nameko.runners import ServiceRunner
from nameko.web.handlers import http
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug import Request

from benchmarks.contestants import wire
from benchmarks.contestants.nameko_direct.schemas import SubmittedSchema
from benchmarks.contestants.tables import Enrolment, Inbox, Outbox
from benchmarks.doors import rows
from benchmarks.job import accepted

POOL = 20
MAX_WORKERS = 16

Answer = tuple[int, dict[str, str], str]

_JSON = {"Content-Type": "application/json"}
_ONE = sa.text(rows.ONE)
_SUBMITTED = SubmittedSchema()
_engine = sa.create_engine(wire.database_url("door", sys.argv[1] if len(sys.argv) > 1 else "psycopg2"), pool_size=POOL)


class Service:
    """The service."""

    name = "door"

    @http("GET", "/alive")
    def alive(self, _request: Request) -> str:
        """Whether it is up."""
        return "yes"

    @http("GET", "/rows/<string:id>")
    def row(self, _request: Request, id: str) -> Answer:
        """The row with this id."""
        with _engine.connect() as connection:
            found = connection.execute(_ONE, {"id": id}).one()
        return 200, _JSON, json.dumps(dict(found._mapping))  # noqa: SLF001 - SQLAlchemy's public name

    @http("POST", "/enrolments")
    def enrol(self, request: Request) -> Answer:
        """One, in a transaction."""
        return 200, _JSON, json.dumps(_enrolled(json.loads(request.get_data())))

    @http("POST", "/enrolments/bulk")
    def enrol_all(self, request: Request) -> Answer:
        """Each in a transaction of its own, so that what is wrong with one is nothing to the others."""
        return 200, _JSON, json.dumps([_enrolled(payload) for payload in json.loads(request.get_data())["requests"]])


def _enrolled(payload: dict[str, Any]) -> dict[str, str]:
    event = _SUBMITTED.load(payload)
    try:
        with Session(_engine) as session, session.begin():
            session.add(Inbox(event_id=event["id"]))
            session.flush()
            session.merge(_row(event))
            session.add(Outbox(event_id=event["id"], type="accepted", payload=json.dumps(accepted(payload["id"], payload["data"]))))
    except IntegrityError:
        return {"status": "known"}
    return {"status": "accepted"}


def _row(event: dict[str, Any]) -> Enrolment:
    kept = {name: event["data"][name] for name in ("child_id", "programme_id", "institution_id", "track", "start_date")}
    email = event["data"]["guardian"]["email"]
    return Enrolment(**kept, status="accepted", guardian_email=email, version=1, last_event_id=event["id"])


if __name__ == "__main__":
    config = {"AMQP_URI": wire.amqp_url(), "WEB_SERVER_ADDRESS": os.environ["DELTAG_HTTP_ADDRESS"], "max_workers": MAX_WORKERS}
    runner = ServiceRunner(config)
    runner.add_service(Service)
    runner.start()
    runner.wait()
