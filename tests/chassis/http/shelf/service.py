"""The shelf's service: its unit of work, and everything the door needs to know."""

from pathlib import Path

from services.chassis.service import Service
from services.chassis.storage import UnitOfWork
from tests.chassis.http.shelf.api import api

SERVICE = Service(name="shelf", work=UnitOfWork, migrations=Path(__file__).parent / "migrations", api=api)
