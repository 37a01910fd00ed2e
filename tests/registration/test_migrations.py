"""What was in the database before a migration is there after it."""

import sqlalchemy as sa
from alembic import command

from services.chassis.migrating import _alembic, migrate
from services.chassis.service import Context
from services.chassis.testing import Door
from tests.registration import test_api


def test_places_keep_their_districts(registration: Context, coordinator: Door) -> None:
    """Institutions that had one district have always lain there, and professionals keep the district that they had."""
    coordinator.post("/v1/professionals", json=test_api.TestProfessionals.BODY)
    with registration.work() as work:
        places, professionals = work.programmes.institutions(), list(work.professionals.stream())
    back_to(registration, "registration_0001")
    migrate(registration.database, registration.service.migrations)
    with registration.work() as work:
        assert (work.programmes.institutions(), list(work.professionals.stream())) == (places, professionals)


def back_to(context: Context, revision: str) -> None:
    """The tables as they were at that revision."""
    config = _alembic(context.service.migrations)
    with context.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        assert connection.execute(sa.text("select district from institution where code = 'globen'")).scalar() == "hedegaarden"
