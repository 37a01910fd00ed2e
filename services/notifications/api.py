"""The HTTP door of notifications: the send ledger, trying again, and what letters look like.

The ledger shows ids and states. Addresses and texts are in no answer.
"""

from collections.abc import Sequence
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.chassis.errors import NotFound
from services.chassis.http import Answer, Api, Request, Role
from services.notifications import handlers
from services.notifications.domain.mail import Kind, Mail, Status
from services.notifications.storage import Work
from services.notifications.texts import reason

api = Api("notifications", title="Notifications", description="The mails that Deltag sends: where each stands, and what they look like.")

_STATUS = validate.OneOf([status.value for status in Status])
_READERS = (Role.COORDINATOR, Role.OPERATOR)


class MailSchema(Schema):
    """A row of the send ledger: ids and states."""

    mail_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in Kind]))
    status = fields.String(required=True, validate=_STATUS)
    person_id = fields.UUID(required=True, metadata={"description": "Whom it is for."})
    activity_id = fields.UUID(required=True)
    signup_id = fields.UUID(required=True)
    session_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The session that a reminder is about."})
    language = fields.String(required=True, allow_none=True, metadata={"description": "The language it was written in, once it was."})
    attempts = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it stands where it does, as a code."})
    queued_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "When it is looked at next; null at its end."})


class MailFilter(Schema):
    """Which mails to list."""

    status = fields.String(load_default=None, validate=_STATUS)
    activity = fields.UUID(load_default=None)


@api.get("/v1/mails", summary="The mails, oldest first", roles=_READERS, query=MailFilter(), paged=(UUID,), returns={200: MailSchema()})
def mails(request: Request, work: Work) -> Answer:
    page = request.page
    after = page.after[0] if page.after else None
    rows = work.mails.page(request.query["status"], request.query["activity"], after, page.fetch)
    return page.answer(rows, lambda mail: (mail.mail_id,))


@api.get("/v1/mails/{id:uuid}", summary="One mail", roles=_READERS, returns={200: MailSchema()}, errors=(404,))
def mail(request: Request, work: Work) -> Mail:
    return work.mails.get(request.path["id"])


@api.post(
    "/v1/mails/{id:uuid}/retry",
    summary="Send a failed mail again",
    roles=(Role.OPERATOR,),
    returns={200: MailSchema()},
    errors=(404, 409),
    idempotent=True,
)
def retry(request: Request, work: Work) -> Mail:
    return handlers.retry(request.path["id"], work)


@api.page("/v1/previews/{kind}/{language}", summary="A letter as a page, with made-up people", roles=_READERS, errors=(404,))
def preview(request: Request, work: Work) -> str:
    letters = work.resources.letters
    kind, language = request.path["kind"], request.path["language"]
    _check("no-such-kind", "kind", kind, list(Kind))
    _check("no-such-language", "language", language, letters.languages)
    return letters.preview(Kind(kind), language)


def _check(slug: str, field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise NotFound(slug, reasons=[reason(slug, field, known=", ".join(known))])
