"""What a programme asks of those who take part, beyond what every enrolment asks: questions (spørgsmål) that are data.

A question says what its answer is for, how long it may be kept and how it must be guarded; answers are in `answer.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.registration.domain.named import Named, Text


class QuestionKind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes-no"
    NUMBER = "number"
    DATE = "date"

    @property
    def has_options(self) -> bool:
        """Whether the answers are chosen from a list of the question's own."""
        return self in {QuestionKind.CHOICE, QuestionKind.CHOICES}


class About(StrEnum):
    """Whom a question is about."""

    CHILD = "child"
    GUARDIAN = "guardian"
    PROFESSIONAL = "professional"


class Sensitivity(StrEnum):
    """How an answer must be guarded: ordinary, confidential (fortrolig) or sensitive (følsom, GDPR article 9) personal data."""

    ORDINARY = "ordinary"
    CONFIDENTIAL = "confidential"
    SENSITIVE = "sensitive"


class KeptFrom(StrEnum):
    """From when the retention of an answer is counted: from the answer itself, or from the end of taking part."""

    ANSWER = "answer"
    END = "end"


YES_OR_NO = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Condition:
    """A question is asked only where another one was answered with one of these (codes of options, or yes and no)."""

    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `text` by language; `purpose` is a purpose for which personal data may be read; `retention` ISO 8601.

    `closed` is the last day on which it is asked. Where `kept_from` is the end, `retention` begins on the day on which the last
    enrolment concerned ended, or the programme did; but never before the answer was given.
    """

    code: str
    text: Text
    kind: QuestionKind
    about: About
    purpose: str
    retention: str
    sensitivity: Sensitivity
    required: bool = False
    options: tuple[Named, ...] = ()
    when: Condition | None = None
    closed: date | None = None
    kept_from: KeptFrom = KeptFrom.ANSWER

    @property
    def guarded(self) -> bool:
        """Whether its answers are kept sealed, apart from the others."""
        return self.sensitivity is not Sensitivity.ORDINARY

    def is_open_on(self, day: date) -> bool:
        """Whether it is asked that day."""
        return self.closed is None or day <= self.closed

    @property
    def answers(self) -> Sequence[str]:
        """The codes of everything that may be answered; empty where answers are free."""
        if self.kind is QuestionKind.YES_NO:
            return YES_OR_NO
        return [option.code for option in self.options]


def depends_on_another(question: Question, earlier: Mapping[str, Question]) -> bool:
    """Whether it waits for what somebody else is asked: a child has several guardians, who may answer differently."""
    asked = earlier.get(question.when.question) if question.when else None
    return asked is not None and asked.about is not question.about


def depends_wrongly(question: Question, earlier: Mapping[str, Question]) -> bool:
    """Whether it waits for an answer that cannot be given before it: of no earlier question, or none of that one's."""
    if question.when is None:
        return False
    asked = earlier.get(question.when.question)
    return asked is None or not set(question.when.answers) <= set(asked.answers)
