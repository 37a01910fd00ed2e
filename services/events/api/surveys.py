"""The doors of surveys: the page on which somebody says how it was, and what an organiser reads of it.

Whoever has the link is somebody who came; nothing else is asked about him, no cookie is set, and no answer is ever joined to him.
"""

from collections.abc import Mapping
from typing import Any

from services.chassis.errors import Invalid, NotFound
from services.chassis.http import Role
from services.chassis.http.form import Form
from services.chassis.http.request import Answer, Request
from services.chassis.pages.rendering import HEADERS
from services.chassis.pages.words import Said, Words
from services.events.access import must_organise
from services.events.api import survey_schemas as schemas
from services.events.api.door import api
from services.events.domain.survey import MOST_CHARACTERS
from services.events.handlers import surveying
from services.events.handlers.finding import find_activity
from services.events.pages.sheet import Sheet, Typed, first
from services.events.pages.words import BOOK, PAGES
from services.events.storage import Work

HTML = "text/html"
_GONE = 410


@api.page("/feedback", summary="The page that asks how it was", public=True, query=schemas.TokenQuery(), returns={200: HTML, 410: HTML})
def survey_page(request: Request, work: Work) -> Answer:
    """For whoever has a link from a mail. Looking at it spends nothing, so that a mail filter may."""
    return _form(request.query["token"], {}, _words(request), work)


@api.post("/feedback", summary="Say how it was", public=True, body=Form(), returns={303: None, 200: HTML, 410: HTML, 422: HTML})
def answer_survey(request: Request, work: Work) -> Answer:
    """Each question may be left out, but not all. The link is spent by it."""
    typed, read = request.body, _words(request)
    token = first(typed, "token")
    if first(typed, "do") != "send":
        return _form(token, typed, read, work)
    opened = surveying.open_survey(token, work)
    if opened is None:
        return _message("gone", read, _GONE)
    try:
        surveying.answer(token, Sheet(opened[2], read, typed).given(), work)
    except Invalid as refused:
        return _form(token, typed, read, work, refused)
    except NotFound:
        return _message("gone", read, _GONE)
    return Answer(None, 303, {"Location": f"feedback/thanks?lang={read.language}"})


@api.page("/feedback/thanks", summary="The page that thanks for answers", public=True, query=schemas.LanguageQuery())
def thanks_page(request: Request, _work: Work) -> Answer:
    """The same for everybody."""
    return _message("thanks", _words(request), 200)


@api.get(
    "/v1/activities/{id:uuid}/feedback",
    summary="What those who came say of it",
    roles=(Role.COORDINATOR, Role.LEADER),
    returns={200: schemas.ResultsSchema()},
    errors=(404,),
    personal=True,
)
def feedback(request: Request, work: Work) -> dict[str, Any]:
    """Counts and words, when nobody can answer any more and at least five have. Words may name people although they are not to."""
    activity = find_activity(request.path["id"], work)
    must_organise(request.caller, activity, work.resources)
    return surveying.results(activity, work)


def _form(token: str, typed: Typed, read: Words, work: Work, refused: Invalid | None = None) -> Answer:
    opened = surveying.open_survey(token, work)
    if opened is None:
        return _message("gone", read, _GONE)
    survey, activity, questions = opened
    problems = _problems(refused, read)
    asked, loose = Sheet(questions, read, typed).fields(problems), problems.get("", [])
    shown = {"asked": asked, "loose": loose, "wrong": bool(refused), "token": token, "closes_on": survey.closes_on}
    return _html("survey", read, 422 if refused else 200, title=read.named(activity.title), **shown)


def _problems(refused: Invalid | None, read: Words) -> Mapping[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for one in refused or ():
        found.setdefault(one.field, []).append(read.problem(one.slug, "", {"most": MOST_CHARACTERS}, {"da": one.da, "en": one.en}))
    return found


def _words(request: Request) -> Words:
    """In the language that was just chosen, else in the page's, else in the one that the browser would rather have."""
    typed = request.body or {}
    chosen = first(typed, "do").partition("language:")[2] or first(typed, "lang") or request.query.get("lang")
    return BOOK.chosen(str(chosen or ""), request.accept_language)


def _message(about: str, read: Words, status: int) -> Answer:
    return _html("message", read, status, about=about)


def _html(name: str, read: Words, status: int, **values: object) -> Answer:
    return Answer(PAGES.page(name, read, **values), status, HEADERS)
