"""One row by its key, on the chassis: with its checks, its metrics, its correlation id and its unit of work."""

# ruff: noqa: E402 - what could block is imported after the patch

import sys
from collections.abc import Mapping
from typing import Any

from services.chassis.hosting import green

green.patch()

import sqlalchemy as sa
from marshmallow import Schema, fields

from benchmarks.doors import rows
from services.chassis import settings
from services.chassis.http import Api
from services.chassis.http.request import Request
from services.chassis.runtime import context_for
from services.chassis.service import Service
from services.chassis.storage import UnitOfWork
from services.cli.places import Place, bus_of
from services.cli.serve import serve

_ONE = sa.text(rows.ONE)

api = Api("door", title="Door", description="One row by its key.")


class RowSchema(Schema):
    """The row."""

    event_id = fields.Str(required=True)
    received_at = fields.Str(required=True)


@api.get("/rows/{id:uuid}", summary="A row", public=True, returns={200: RowSchema()})
def row(request: Request, work: UnitOfWork) -> Mapping[str, Any]:
    """The row with this id."""
    return dict(work.connection.execute(_ONE, {"id": request.path["id"]}).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name


if __name__ == "__main__":
    service = Service(name="door", work=UnitOfWork, migrations=rows.MIGRATIONS, api=api)
    known = settings.read("door")
    sys.exit(0 if serve(Place({"door": known}, bus_of(known), {"door": context_for(service, known)}), only="http") else 1)
