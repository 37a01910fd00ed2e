"""What goes through the door to erasures, in and out."""

from typing import Final

from marshmallow import Schema, fields, validate

from services.registration.domain.erasure import HoldReason, Why
from services.registration.domain.protection import PersonKind
from services.registration.schemas import ReasonTextSchema

ERASURE: Final = {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "digest": "0f343b0931126a20f133d67c2b018a3b"}
HOLD: Final = {"person_id": "018d0c3d-e740-7c40-8f2e-3d9a51c7e102", "reason": "complaint", "until": "2028-01-01"}
_KIND: Final = validate.OneOf([kind.value for kind in PersonKind])
_REASON: Final = validate.OneOf([reason.value for reason in HoldReason])
_DIGEST: Final = validate.Regexp(r"^[0-9a-f]{32}(?!\n)$")


class ObstacleSchema(Schema):
    """What stands against erasing somebody, and on whom it lies."""

    slug = fields.String(required=True)
    person_id = fields.UUID(required=True)
    text = fields.Nested(ReasonTextSchema, required=True)


class CountSchema(Schema):
    kind = fields.String(required=True)
    count = fields.Integer(required=True)


class GoingSchema(Schema):
    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)


class PlanSchema(Schema):
    """What would be erased. `people` are all who would go: with a child, its guardians who have no other child."""

    digest = fields.String(required=True, validate=_DIGEST, metadata={"description": "To be quoted where the plan is confirmed."})
    people = fields.List(fields.Nested(GoingSchema), required=True)
    counts = fields.List(fields.Nested(CountSchema), required=True, metadata={"description": "Rows in registration, by kind."})
    obstacles = fields.List(fields.Nested(ObstacleSchema), required=True)


class ErasingSchema(Schema):
    person_id = fields.UUID(required=True)
    digest = fields.String(required=True, validate=_DIGEST)


class ServiceSchema(Schema):
    service = fields.String(required=True)
    erased_at = fields.AwareDateTime(required=True)
    counts = fields.List(fields.Nested(CountSchema), required=True)


class ReceiptSchema(Schema):
    """Nobody is named in it. It is open until all services have answered: `awaited` are those that have not."""

    erasure_id = fields.UUID(required=True)
    why = fields.String(required=True, validate=validate.OneOf([why.value for why in Why]))
    programme = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    people = fields.List(fields.Nested(CountSchema), required=True)
    services = fields.List(fields.Nested(ServiceSchema), required=True)
    awaited = fields.List(fields.String(), required=True)


class ReceiptQuery(Schema):
    """`open`: those alone that are open, or all."""

    only_open = fields.Boolean(data_key="open", load_default=False)


class HoldingSchema(Schema):
    """`until` is the first day without it; it is lifted where that is left out."""

    person_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_REASON)
    until = fields.Date(load_default=None)


class HoldSchema(Schema):
    hold_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    reason = fields.String(required=True, validate=_REASON)
    placed_at = fields.AwareDateTime(required=True)
    until = fields.Date(required=True, allow_none=True)
    lifted_at = fields.AwareDateTime(required=True, allow_none=True)


class NightQuery(Schema):
    """`on`: that night; tonight where it is left out."""

    on = fields.Date()


class DueSchema(Schema):
    """Somebody whose time is up. `goes`: nothing stands against it; else his rule rests (`on_hold`), or a legal hold lies on him."""

    kind = fields.String(required=True, validate=_KIND)
    person_id = fields.UUID(required=True)
    programme = fields.String(required=True)
    rule = fields.String(required=True)
    due_on = fields.Date(required=True)
    people = fields.List(fields.Nested(GoingSchema), required=True)
    goes = fields.Boolean(required=True)
    on_hold = fields.Boolean(required=True)
    held = fields.Boolean(required=True)


class SectionSchema(Schema):
    """All rows of one kind, each with the names of its columns."""

    kind = fields.String(required=True)
    rows = fields.List(fields.Dict(keys=fields.String()), required=True)


class LookSchema(Schema):
    """Somebody looked at it, or changed it. `purpose` is null where no purpose is asked for."""

    at = fields.AwareDateTime(required=True)
    purpose = fields.String(required=True, allow_none=True)
    what = fields.String(required=True, validate=validate.OneOf(["read", "changed"]))


class AccessReportSchema(Schema):
    service = fields.String(required=True)
    holds = fields.List(fields.Nested(SectionSchema), required=True)
    looked_at = fields.List(fields.Nested(LookSchema), required=True)
