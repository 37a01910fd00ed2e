"""The HTTP door to what people answer to a programme's questions.

A writer is shown nothing of what was answered before, and a reader only what he needs for his purpose (`need_to_know.py`).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.chassis.errors import Forbidden, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.registration import access, need_to_know
from services.registration.api import answer_schemas as schemas
from services.registration.api.door import api
from services.registration.domain.answer import Giving, Said, SheetKey
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.objection import Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.programme import Programme
from services.registration.domain.question import About, Question
from services.registration.domain.reach import Reach
from services.registration.handlers import answers
from services.registration.storage import Work
from services.registration.texts import reason

_READERS = (*access.STAFF, Role.PROFESSIONAL, Role.GUARDIAN)
_WRITERS = (*access.ENROLLERS, Role.GUARDIAN)
_LEADS = (Role.COORDINATOR, Role.LEADER)
_SHOWN = ("question", "value", "given_at", "role", "erased_on")


@api.get(
    "/v1/enrolments/{id:uuid}/answers",
    summary="What was answered about a child",
    roles=_READERS,
    personal=True,
    returns={200: schemas.SheetSchema()},
    errors=(404,),
)
def childs_answers(request: Request, work: Work) -> Mapping[str, Any]:
    """The answers to questions of the purpose that is named, to whom it is work; a guardian reads all that was answered about his child."""
    reach = need_to_know.reach_of(request)
    return _sheet(_childs(_enrolment(request, work, reach), work), request, work, whole=reach.family_only)


@api.patch(
    "/v1/enrolments/{id:uuid}/answers",
    summary="Answer what is asked about a child",
    roles=_WRITERS,
    body=schemas.SayingSchema(),
    returns={204: None},
    errors=(404,),
    examples={"body": schemas.ABOUT_CHILD},
)
def answer_about_child(request: Request, work: Work) -> None:
    """Given, corrected, or taken back by null; what is left out stays. The same again changes nothing.

    Everything that speaks against it is told at once (422): also what is asked and must be answered, and what is not asked after
    the other answers. An answer whose question goes because of another answer lapses by itself.
    """
    _answer(_childs(_enrolment(request, work, access.reach_of(request.caller)), work), request, work)


@api.get(
    "/v1/programmes/{code}/questions/{question}/answers",
    summary="What was answered to a question",
    roles=(*access.STAFF, Role.PROFESSIONAL),
    personal=True,
    query=schemas.InstitutionQuery(),
    paged=(UUID,),
    returns={200: schemas.PersonsAnswerSchema()},
    errors=(403, 404),
)
def answers_to_question(request: Request, work: Work) -> Answer:
    """By everybody within reach who takes part today, or whose child does; 403 where the question is asked for another purpose.

    With `institution` by those who are there, without who is protected.
    """
    page, question = request.page, _question(request, work)
    narrowed: dict[str, Any] = {"institution": request.query.get("institution"), "on": work.today}
    reach, after = need_to_know.reach_of(request), str(page.after[0]) if page.after else None
    found = work.question_answers.page(request.path["code"], question.code, reach, after=after, limit=page.fetch, **narrowed)
    shown = [{"kept_as": id_, "person_id": whose} | {name: getattr(one, name) for name in _SHOWN} for id_, whose, one in found]
    request.concerns(*(one["person_id"] for one in shown[: page.limit]))
    return page.answer(shown, lambda item: (item["kept_as"],))


@api.get(
    "/v1/enrolments/{id:uuid}/guardians/{guardian_id:uuid}/answers",
    summary="What a guardian answered about himself",
    roles=_READERS,
    personal=True,
    returns={200: schemas.SheetSchema()},
    errors=(404,),
)
def guardians_answers(request: Request, work: Work) -> Mapping[str, Any]:
    """In the enrolment's programme, whichever of his children it is about. A guardian reads his own, and no other guardian's."""
    reach = need_to_know.reach_of(request)
    return _sheet(_guardians(request, work, reach), request, work, whole=reach.family_only)


@api.patch(
    "/v1/enrolments/{id:uuid}/guardians/{guardian_id:uuid}/answers",
    summary="Answer what a guardian is asked",
    roles=_WRITERS,
    body=schemas.SayingSchema(),
    returns={204: None},
    errors=(404,),
    examples={"body": schemas.ABOUT_GUARDIAN},
)
def answer_about_guardian(request: Request, work: Work) -> None:
    """As about a child. A guardian answers for himself alone."""
    _answer(_guardians(request, work, access.reach_of(request.caller)), request, work)


@api.get(
    "/v1/professionals/{id:uuid}/answers",
    summary="What a professional answered",
    roles=(*_LEADS, Role.PROFESSIONAL),
    personal=True,
    returns={200: schemas.SheetSchema()},
    errors=(404,),
)
def professionals_answers(request: Request, work: Work) -> Mapping[str, Any]:
    """The answers to questions of the purpose that is named; a professional reads all of his own."""
    asked_by_himself = _is_himself(request)
    reach = Reach(need_to_know.institutions(request.caller, request.purpose) if request.caller.has(*_LEADS) else frozenset())
    return _sheet(_professionals(request, work, reach), request, work, whole=asked_by_himself)


@api.patch(
    "/v1/professionals/{id:uuid}/answers",
    summary="Answer what a professional is asked",
    roles=(*_LEADS, Role.PROFESSIONAL),
    body=schemas.SayingSchema(),
    returns={204: None},
    errors=(404,),
    examples={"body": schemas.ABOUT_PROFESSIONAL},
)
def answer_about_professional(request: Request, work: Work) -> None:
    """As about a child. A professional answers for himself; a leader for those of her institution."""
    reach = Reach(request.caller.institutions(*_LEADS) if request.caller.has(*_LEADS) else frozenset())
    _answer(_professionals(request, work, reach), request, work)


def _question(request: Request, work: Work) -> Question:
    """The one that the path names, if it is read for the purpose that the caller names, and that is his work."""
    code = request.path["code"]
    programme = work.programmes.of_codes([code]).get(code)
    question = programme.question(request.path["question"]) if programme else None
    if programme is None or question is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_QUESTION if programme else Rule.UNKNOWN_PROGRAMME)])
    if question.code not in need_to_know.readable(programme, request):
        raise Forbidden(reasons=[reason("not-for-this-purpose", "", {"purpose": question.purpose})])
    return question


def _enrolment(request: Request, work: Work, reach: Reach) -> Enrolment:
    """One with a child; the same answer for one who is out of reach as for one whom nobody knows."""
    found = work.enrolments.get(request.path["id"], reach)
    if found is None or found.child_id is None:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_ENROLMENT)])
    return found


def _childs(enrolment: Enrolment, work: Work) -> SheetKey:
    """The kept one's, where the child was merged into another."""
    [child_id] = work.aliases.surviving([str(enrolment.child_id)]).values()
    return SheetKey(str(enrolment.programme), child_id, About.CHILD)


def _guardians(request: Request, work: Work, reach: Reach) -> SheetKey:
    """Those whose child it is; for a guardian he himself alone."""
    childs, own = _childs(_enrolment(request, work, reach), work), work.as_kept(reach)
    [guardian_id] = work.aliases.surviving([request.path["guardian_id"]]).values()
    family = work.families.of_children([childs.person_id]).get(childs.person_id, [])
    theirs = {one.guardian_id for one in family} & ({own.guardian_id} if own.family_only else {guardian_id})
    if guardian_id not in theirs:
        raise NotFound(reasons=[reason(Rule.UNKNOWN_GUARDIAN)])
    return SheetKey(childs.programme, guardian_id, About.GUARDIAN)


def _professionals(request: Request, work: Work, reach: Reach) -> SheetKey:
    found = work.professionals.get(request.path["id"])
    within = found is not None and (reach.everywhere or found.institution in (reach.institutions or ()))
    if found is None or not (within or _is_himself(request)):
        raise NotFound(reasons=[reason(Rule.UNKNOWN_PROFESSIONAL)])
    return SheetKey(found.programme, found.professional_id, About.PROFESSIONAL)


def _is_himself(request: Request) -> bool:
    """A professional's subject is our id of him."""
    return request.caller.has(Role.PROFESSIONAL) and request.caller.subject == request.path["id"]


def _sheet(key: SheetKey, request: Request, work: Work, *, whole: bool) -> Mapping[str, Any]:
    """What of a sheet the caller may know; `whole` for who is told everything that was answered about himself."""
    programme = _programme(key, request, work)
    questions = frozenset(question.code for question in programme.questions) if whole else need_to_know.readable(programme, request)
    found, history = work.question_answers.of(key, questions), work.question_answers.history(key, questions)
    return {"programme": key.programme, "person_id": key.person_id, "about": key.about, "items": found, "history": history}


def _answer(key: SheetKey, request: Request, work: Work) -> None:
    said = [Said(one["question"], one["answer"]) for one in request.body["answers"]]
    answers.answer(Giving(key, said, _by(request)), _programme(key, request, work), work)


def _programme(key: SheetKey, request: Request, work: Work) -> Programme:
    """The one whose questions these are; that somebody asked is noted of the person, too."""
    if key.person_id not in request.path.values():
        request.concerns(key.person_id)
    return work.programmes.of_codes([key.programme])[key.programme]


def _by(request: Request) -> DoneBy:
    caller = request.caller
    role = Role.SYSTEM if caller.has(Role.SYSTEM) else Role.GUARDIAN
    subject = access.source_of(caller) if role is Role.SYSTEM else caller.subject
    return access.done_by(caller) or DoneBy(subject, role)
