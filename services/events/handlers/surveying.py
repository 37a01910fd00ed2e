"""Those who came are asked how it was, and answer: nobody can find out who answered what.

The link goes to the contact of each sign-up of whom somebody came, sealed for notifications, who alone know an address; then
nobody knows the token but him. It is spent in a transaction of its own before the answers are kept in another. If the process
ends between the two, the answers are lost: they are never counted twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import PERSONAL, Context
from services.events.domain import survey as rules
from services.events.domain.activity import Activity
from services.events.domain.refusal import Slug
from services.events.domain.session import LOCAL
from services.events.domain.survey import Given, Survey, SurveyQuestion
from services.events.handlers.finding import find_activity
from services.events.resources import Letters

if TYPE_CHECKING:
    from services.events.storage import Work
    from services.events.storage.surveys import Came

SURVEY_LINK_SEALED = "events.survey-link.sealed.v1"


def ask_all(context: Context) -> None:
    """Ask those who came to activities that are over since yesterday or some days ago; the timer `surveys`."""
    with context.work() as work:
        work.surveys.forget_tokens(_today(work.now).date())
        letters = work.resources.surveys
        if letters and rules.asks_now(work.now):
            for activity in work.activities.these(work.surveys.to_ask(work.now, _today(work.now))):
                _ask(activity, letters, work)


def open_survey(token: str, work: "Work") -> tuple[Survey, Activity, Sequence[SurveyQuestion]] | None:
    """What a token is for; None where it is spent or none of ours, or the survey is over."""
    survey = work.surveys.of_token(rules.hashed(token))
    if survey is None or not survey.is_open(work.now):
        return None
    activity = find_activity(survey.activity_id, work)
    return survey, activity, work.surveys.questions(activity.programme, activity.kind)


def answer(token: str, given: Sequence[Given], work: "Work") -> None:
    """Spend the token, and keep the answers apart from it. Raises `NotFound` where the token is not good any more, or `Invalid`."""
    opened = open_survey(token, work) or work.resources.missing(Slug.SURVEY_NOT_FOUND)
    work.resources.refuse(rules.why_not_answer(opened[2], given))
    with work.context.work() as apart:
        if not apart.surveys.spend(rules.hashed(token)):
            work.resources.missing(Slug.SURVEY_NOT_FOUND)
    work.surveys.answer(opened[0].activity_id, given, _today(work.now).date())


def results(activity: Activity, work: "Work") -> dict[str, Any]:
    """What is to be read of an activity's survey: counts and words of questions that enough have answered, when it is over."""
    survey, shown = work.surveys.of_activity(activity.activity_id), {"activity_id": activity.activity_id}
    if survey is None:
        return shown | {"status": "not-asked", "questions": []}
    if survey.is_open(work.now):
        return shown | {"status": "open", "closes_on": survey.closes_on, "questions": []}
    if not survey.may_be_read(work.now):
        return shown | {"status": "too-few", "closes_on": survey.closes_on, "questions": []}
    answered = {"closes_on": survey.closes_on, "answered": survey.answered}
    return shown | {"status": "ready", **answered, "questions": _counted(activity, work)}


def _ask(activity: Activity, letters: Letters, work: "Work") -> None:
    survey = rules.begun(activity.activity_id, work.now)
    if not work.surveys.questions(activity.programme, activity.kind) or not work.surveys.begin(survey):
        return
    tokens = {came: rules.new_token() for came in work.surveys.who_came(activity.activity_id)}
    work.surveys.issue(survey, map(rules.hashed, tokens.values()))
    for came, token in tokens.items():
        data = _letter(came, token, survey, letters)
        programme, subject = activity.programme, data["link_id"]
        work.emit(SURVEY_LINK_SEALED, subject=subject, data=data, programme=programme, exchange=PERSONAL, classification="restricted")


def _letter(came: "Came", token: str, survey: Survey, letters: Letters) -> dict[str, Any]:
    """What notifications gets: whom to write to, and a link that only it can read."""
    link_id = new_id()
    content = msgspec.json.encode({"link": f"{letters.address}/feedback?token={token}"})
    key_id, sealed = seal(letters.public_key, content, link_id.encode())
    ids = {"link_id": link_id, "person_id": came.contact_id, "signup_id": came.signup_id, "activity_id": survey.activity_id}
    return ids | {"closes_on": survey.closes_on, "key_id": key_id, "sealed": sealed}


def _counted(activity: Activity, work: "Work") -> list[dict[str, Any]]:
    counts = {(one.question, one.choice): one.number for one in work.surveys.counts(activity.activity_id)}
    words = work.surveys.words(activity.activity_id)
    found = [_of_question(question, counts, words) for question in work.surveys.questions(activity.programme, activity.kind)]
    return [one for one in found if one["answered"] >= rules.LEAST]


def _of_question(question: SurveyQuestion, counts: Mapping[tuple[str, str], int], words: Sequence[tuple[str, str]]) -> dict[str, Any]:
    numbers = {one.code: counts.get((question.code, one.code), 0) for one in question.options}
    chosen = [{"code": one.code, "text": one.text, "count": numbers[one.code]} for one in question.options]
    said = [text for code, text in words if code == question.code]
    answered = sum(numbers.values()) + len(said)
    return {"code": question.code, "text": question.text, "kind": question.kind, "answered": answered, "counts": chosen, "words": said}


def _today(now: datetime) -> datetime:
    """When the day began, in Denmark."""
    return datetime.combine(now.astimezone(LOCAL).date(), time(), LOCAL)
