"""Papers: a session's list to be ticked by hand, and certificates of attendance. Tagged PDF (PDF/UA-1), with nobody's name."""

from marshmallow import Schema, fields, validate

from services.chassis.http.request import Answer, Request
from services.events.access import ORGANISERS, PARTICIPANTS, must_organise
from services.events.api.door import api
from services.events.documents import LANGUAGES
from services.events.documents.papers import certificate, session_list
from services.events.documents.press import print_pdf
from services.events.domain.activity import Activity
from services.events.handlers.attendance import call_the_roll
from services.events.handlers.certifying import attended_by
from services.events.handlers.finding import find_activity, find_activity_of_session
from services.events.storage import Work

PDF = "application/pdf"


class PaperQuery(Schema):
    language = fields.String(validate=validate.OneOf(LANGUAGES), load_default="da", metadata={"description": "The language of the paper."})


@api.get(
    "/v1/sessions/{id:uuid}/list.pdf",
    summary="A session's list, to be printed",
    roles=ORGANISERS,
    query=PaperQuery(),
    returns={200: PDF},
    errors=(404,),
    personal=True,
)
def printed_list(request: Request, work: Work) -> Answer:
    """Everybody with a seat by his sign-up's code and his role, with boxes to tick, a line for a name, and what is seen to at the door.

    This service knows no names, so who is protected stands there like everybody else.
    """
    activity = find_activity_of_session(request.path["id"], work)
    must_organise(request.caller, activity, work.resources)
    language = request.query["language"]
    needs = _needs(activity, language, work) if activity.needs.kinds else None
    return Answer(print_pdf("list", session_list(call_the_roll(activity, request.path["id"], work), language, needs)))


@api.get(
    "/v1/activities/{id:uuid}/certificates/{person:uuid}.pdf",
    summary="A certificate of attendance",
    roles=(*ORGANISERS, *PARTICIPANTS),
    query=PaperQuery(),
    returns={200: PDF},
    errors=(404,),
    personal=True,
)
def printed_certificate(request: Request, work: Work) -> Answer:
    """The sessions to which the person is recorded as having come, in time or late; the name is written in by hand, or by who knows it.

    Of oneself, and of a child whose sign-up one may see; organisers of everybody. 404 also where nothing is recorded.
    """
    activity = find_activity(request.path["id"], work)
    attended = attended_by(activity, request.path["person"], request.caller, work)
    return Answer(print_pdf("certificate", certificate(activity, attended, request.query["language"], work.now)))


def _needs(activity: Activity, language: str, work: Work) -> dict[str, str]:
    """What each party needs, as far as whoever holds the session must act on it."""
    kinds = {code: kind for code, kind in work.resources.needs.items() if kind.on_list}
    seated = work.needs.of_seated(activity.activity_id)
    return {
        signup_id: "; ".join(kinds[one.need].in_words(one, language) for one in needs if one.need in kinds)
        for signup_id, needs in seated.items()
    }
