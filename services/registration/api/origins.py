"""The HTTP door to who asked for an enrolment, and for whom."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from services.chassis.errors import NotFound
from services.chassis.http.request import Request
from services.registration import access
from services.registration.api.door import api
from services.registration.domain.objection import Rule
from services.registration.domain.origin import How, Origin
from services.registration.storage import Work
from services.registration.texts import reason


class DoneBySchema(Schema):
    subject = fields.String(required=True, allow_none=True, metadata={"description": "Who, by his id at the issuer of his token."})
    role = fields.String(required=True, metadata={"description": "In which role: that of a caller, or system."})


class OnBehalfOfSchema(Schema):
    guardian_id = fields.UUID(required=True)
    how = fields.String(required=True, validate=validate.OneOf([how.value for how in How]))
    filled_at = fields.AwareDateTime(required=True)


class OriginSchema(Schema):
    """Who asked for an enrolment; `on_behalf_of` is null where nobody acted for a guardian."""

    enrolment_id = fields.UUID(required=True)
    done_by = fields.Nested(DoneBySchema, required=True)
    on_behalf_of = fields.Nested(OnBehalfOfSchema, required=True, allow_none=True)


@api.get(
    "/v1/enrolments/{id:uuid}/origin",
    summary="Who asked for an enrolment, and for whom",
    roles=access.ENROLMENT_READERS,
    returns={200: OriginSchema()},
    errors=(404,),
)
def origin(request: Request, work: Work) -> Mapping[str, Any]:
    """A guardian is told in which role it was done, and how, but not by whom."""
    enrolment = work.enrolments.get(request.path["id"], access.reach_of(request.caller))
    if enrolment is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_ENROLMENT)])
    found = work.origins.of(enrolment.enrolment_id)
    if found is None:
        raise NotFound(reasons=[reason("no-origin")])
    return _origin(found, hidden=access.reach_of(request.caller).family_only)


def _origin(found: Origin, *, hidden: bool) -> Mapping[str, Any]:
    behalf = {name: getattr(found, name) for name in ("guardian_id", "how", "filled_at")}
    return {
        "enrolment_id": found.enrolment_id,
        "done_by": {"subject": None if hidden else found.done_by.subject, "role": found.done_by.role},
        "on_behalf_of": behalf if found.how else None,
    }
