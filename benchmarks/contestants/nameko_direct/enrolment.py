"""Takes an application. The event is dispatched before the commit, so that nothing is lost; a second run dispatches it again."""

from typing import Any

from nameko.events import EventDispatcher
from nameko_sqlalchemy.database import Database
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from benchmarks.contestants import wire
from benchmarks.contestants.nameko_direct.entrypoint import handler
from benchmarks.contestants.nameko_direct.schemas import SubmittedSchema
from benchmarks.contestants.tables import Base, Enrolment, Inbox
from benchmarks.job import accepted

_SUBMITTED = SubmittedSchema()


class Service:
    """The service."""

    name = "enrolment"
    database = Database(Base, engine_options={"pool_size": 20})
    dispatch = EventDispatcher()

    @handler(wire.SUBMISSIONS)
    def handle_submitted(self, payload: dict[str, Any]) -> None:
        """Once for each id."""
        event = _SUBMITTED.load(payload)
        with self.database.get_session() as session:
            if _is_new(session, event):
                _enrol(session, event)
                self.dispatch(wire.FACTS.key, accepted(payload["id"], payload["data"]))


def _is_new(session: Session, event: dict[str, Any]) -> bool:
    session.add(Inbox(event_id=event["id"]))
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        return False
    return True


def _enrol(session: Session, event: dict[str, Any]) -> None:
    row = _found_or_new(session, event["data"])
    for name in ("institution_id", "track", "start_date"):
        setattr(row, name, event["data"][name])
    row.status, row.guardian_email, row.last_event_id = "accepted", event["data"]["guardian"]["email"], event["id"]
    row.version += 1
    session.flush()


def _found_or_new(session: Session, data: dict[str, Any]) -> Enrolment:
    key = (data["child_id"], data["programme_id"])
    row = session.get(Enrolment, key, with_for_update=True)
    if row is None:
        row = Enrolment(child_id=key[0], programme_id=key[1], version=0)
        session.add(row)
    return row
