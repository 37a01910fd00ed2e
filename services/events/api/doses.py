"""Doses (dosis): how much of a programme each institution's staff has had, from who came to what."""

from typing import Any

from marshmallow import Schema, fields

from services.chassis.http import Role
from services.chassis.http.request import Request
from services.events.api.door import api
from services.events.schemas import code
from services.events.storage import Work


class DoseQuery(Schema):
    programme = code("The programme.", required=True)


class DoseSchema(Schema):
    institution = fields.String()
    professionals = fields.Integer(metadata={"description": "How many of its staff came to anything."})
    sessions_attended = fields.Integer(metadata={"description": "To how many sessions they came, all counted together."})
    hours = fields.Float(metadata={"description": "Hours of these sessions, all counted together."})


class DosesSchema(Schema):
    items = fields.List(fields.Nested(DoseSchema))


@api.get(
    "/v1/institutions/doses",
    summary="How much of a programme each institution's staff has had",
    roles=(Role.COORDINATOR, Role.LEADER),
    query=DoseQuery(),
    returns={200: DosesSchema()},
)
def doses(request: Request, work: Work) -> dict[str, Any]:
    """Present or late, at sessions for professionals; by the institution in which they work now. A leader reads of his own alone."""
    within = request.caller.institutions(Role.COORDINATOR, Role.LEADER)
    return {"items": work.covering.dose(request.query["programme"], within)}
