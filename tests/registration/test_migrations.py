"""What was in the database before a migration is there after it."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from services.chassis.errors import NotFound
from services.chassis.migrating import alembic, migrate
from services.chassis.service import Context
from services.chassis.testing import Door
from services.registration.handlers.programmes import export_programme, load_programme
from tests.registration import test_api
from tests.registration.builders import PROGRAMME


def test_places_keep_their_districts(registration: Context, coordinator: Door) -> None:
    """Institutions that had one district have always lain there, and professionals keep the district that they had."""
    coordinator.post("/v1/professionals", json=test_api.TestProfessionals.BODY)
    with registration.work() as work:
        places, professionals = work.programmes.institutions(), list(work.professionals.stream())
    back_to(registration, "registration_0001")
    migrate(registration.database, registration.service.migrations)
    with registration.work() as work:
        assert (work.programmes.institutions(), list(work.professionals.stream())) == (places, professionals)


NEW_LISTS = ("cohorts", "professional_roles", "questions")
NEW_FIELDS = ("closed", "stil_number", "register_type", "given_by")


def test_a_programme_of_before_is_still_read(registration: Context) -> None:
    """One that was loaded before there were cohorts and questions is shown without them, until its folder is loaded once more."""
    with registration.work() as work:
        (definition,) = work.connection.execute(sa.text("select definition from programme")).scalars()
        old = {key: plainer(value) for key, value in definition.items() if key not in NEW_LISTS}
        work.connection.execute(sa.text("update programme set definition = cast(:old as jsonb)"), {"old": json.dumps(old)})
        work.connection.execute(sa.text("delete from programme_file"))
    with registration.work() as work:
        (before,) = work.programmes.all()
        with pytest.raises(NotFound) as caught:
            export_programme(before.code, work)
        assert (len(before.questions), len(before.tracks), caught.value.slug) == (0, 3, "files-not-kept")
        changed = load_programme(PROGRAMME, work).changes
        assert {change.what.partition("/")[0] for change in changed} >= {*NEW_LISTS, "institution_kinds"}
        assert export_programme(before.code, work)


def plainer(value: Any) -> Any:
    """A list of a definition with entries that have fewer fields."""
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in one.items() if k not in NEW_FIELDS} if isinstance(one, dict) else one for one in value]


def back_to(context: Context, revision: str) -> None:
    """The tables as they were at that revision."""
    config = alembic(context.service.migrations)
    with context.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        assert connection.execute(sa.text("select district from institution where code = 'globen'")).scalar() == "hedegaarden"
