"""Answers (svar) to a programme's questions: what fits a question, and which questions are asked after which answers.

What somebody has answered in a programme is a sheet (svarark). Whatever was said in whatever order, a sheet holds exactly what
its questions' conditions ask for: an answer that no question waits for any more falls away with the answer that brought it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from services.registration.domain.fitting import Misfit, Value, fitted
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.question import About, Condition, Question


class SheetKey(NamedTuple):
    """Whose answers, in which programme."""

    programme: str
    person_id: str
    about: About


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """One answer as somebody sends it: a question's code, and whatever JSON he answered; None takes an answer back."""

    question: str
    answer: Any


@dataclass(frozen=True, slots=True, repr=False)
class Giving:
    """What somebody says at once on one sheet."""

    key: SheetKey
    said: Sequence[Said]
    by: DoneBy


class How(StrEnum):
    """What happened to an answer; it lapsed where another answer made its question go."""

    GIVEN = "given"
    CORRECTED = "corrected"
    TAKEN_BACK = "taken-back"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What happened to one answer of a sheet; `value` is None where there is none any more."""

    key: SheetKey
    question: Question
    how: How
    value: Value | None
    by: DoneBy


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """One that is kept: when it was given or corrected last, in which role, and on which day it is to be erased as things stand."""

    question: str
    value: Value
    given_at: datetime
    role: str
    erased_on: date


@dataclass(frozen=True, slots=True)
class Changed:
    """That an answer was given, corrected or taken back, when, and in which role: never what it was."""

    question: str
    how: How
    at: datetime
    role: str


@dataclass(frozen=True, slots=True)
class Due:
    """An answer, or what is left of one that was taken back, whose retention has run out."""

    programme: str
    person_id: str
    question: str
    about: About
    since: date


@dataclass(frozen=True, slots=True, repr=False)
class Filled:
    """What a sheet holds after somebody has said something, by question, and everything that speaks against it."""

    answers: Mapping[str, Value]
    objections: Sequence[Objection]


def fill(
    questions: Sequence[Question], about: About, kept: Mapping[str, Value], said: Sequence[Said], *, on: date, at: str = "/answers"
) -> Filled:
    """The sheet of somebody who has answered `kept` and now says this; `at` is where the answers stand in what he sent.

    What he leaves out stays. The questions are the programme's, in its order: a question waits for earlier ones only.
    """
    filling = _Filling(kept, said, on, at)
    for question in questions:
        if question.about is about:
            filling.ask(question)
    against = [*_out_of_place({question.code: question for question in questions}, about, said, at), *filling.objections]
    return Filled(filling.answers, against)


def is_met(condition: Condition | None, answers: Mapping[str, Value]) -> bool:
    """Whether a question with this condition is asked after these answers."""
    if condition is None:
        return True
    return not set(condition.answers).isdisjoint(_codes(answers.get(condition.question)))


def changes(giving: Giving, questions: Iterable[Question], before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    """What of a sheet is another after somebody has said something, question by question."""
    taken_back = {one.question for one in giving.said if one.answer is None}
    for question in questions:
        old, new = before.get(question.code), after.get(question.code)
        if old != new:
            gone = How.TAKEN_BACK if question.code in taken_back else How.LAPSED
            how = gone if new is None else How.GIVEN if old is None else How.CORRECTED
            yield Change(giving.key, question, how, new, giving.by)


@dataclass(slots=True)
class _Filling:
    """A sheet on its way through the questions. A question that waits for an answer that does not fit is left alone: `in_doubt`."""

    kept: Mapping[str, Value]
    said: Sequence[Said]
    on: date
    at: str
    answers: dict[str, Value] = field(default_factory=dict)
    objections: list[Objection] = field(default_factory=list)
    in_doubt: set[str] = field(default_factory=set)

    def ask(self, question: Question) -> None:
        place = next((place for place, one in enumerate(self.said) if one.question == question.code), None)
        if question.when and question.when.question in self.in_doubt:
            self.in_doubt.add(question.code)
        elif not is_met(question.when, self.answers):
            self._refuse_unasked(question, place)
        else:
            self._take(question, place)

    def _refuse_unasked(self, question: Question, place: int | None) -> None:
        if place is not None and self.said[place].answer is not None:
            self._object(Rule.ANSWER_NOT_ASKED, question, f"{self.at}/{place}/question")

    def _take(self, question: Question, place: int | None) -> None:
        try:
            value = self.kept.get(question.code) if place is None else self._said(question, self.said[place].answer)
        except Misfit as misfit:
            self.in_doubt.add(question.code)
            self._object(misfit.rule, question, f"{self.at}/{place}/answer")
            return
        if value is not None:
            self.answers[question.code] = value
        elif question.required and question.is_open_on(self.on):
            self._object(Rule.ANSWER_MISSING, question, self.at)

    def _said(self, question: Question, answer: Any) -> Value | None:
        if answer is None:
            return None
        if not question.is_open_on(self.on):
            raise Misfit(Rule.QUESTION_CLOSED)
        return fitted(question, answer)

    def _object(self, rule: Rule, question: Question, at: str) -> None:
        names = {"question": question.text, "code": question.code, "known": ", ".join(question.answers)}
        self.objections.append(Objection(rule, at, names))


def _out_of_place(questions: Mapping[str, Question], about: About, said: Sequence[Said], at: str) -> Iterator[Objection]:
    """Answers to no question of the programme, to one about somebody else, or to one that is answered above."""
    seen: set[str] = set()
    for place, one in enumerate(said):
        question = questions.get(one.question)
        if question is None:
            yield Objection(Rule.UNKNOWN_QUESTION, f"{at}/{place}/question")
        elif question.about is not about:
            yield Objection(Rule.QUESTION_FOR_ANOTHER, f"{at}/{place}/question", {"question": question.text, "code": question.code})
        elif question.code in seen:
            yield Objection(Rule.ANSWERED_TWICE, f"{at}/{place}/question", {"question": question.text, "code": question.code})
        seen.add(one.question)


def _codes(value: Value | None) -> Sequence[str]:
    """An answer by the codes that conditions name."""
    match value:
        case bool():
            return ("yes",) if value else ("no",)
        case str():
            return (value,)
        case tuple():
            return value
        case _:
            return ()
