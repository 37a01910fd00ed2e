"""Writes down every accepted enrolment."""

from typing import Any

from nameko_sqlalchemy.database import Database
from sqlalchemy.dialects.postgresql import insert

from benchmarks.contestants import wire
from benchmarks.contestants.nameko_direct.entrypoint import handler
from benchmarks.contestants.nameko_direct.schemas import AcceptedSchema
from benchmarks.contestants.tables import Base, EnrolmentFact

_ACCEPTED = AcceptedSchema()


class Service:
    """The service."""

    name = "insight"
    database = Database(Base, engine_options={"pool_size": 20})

    @handler(wire.FACTS)
    def handle_accepted(self, payload: dict[str, Any]) -> None:
        """Once for each id."""
        event = _ACCEPTED.load(payload)
        with self.database.get_session() as session:
            session.execute(insert(EnrolmentFact).values(event_id=event["id"], **event["data"]).on_conflict_do_nothing())
