"""What fits a question: each kind of answer as it is sent, in JSON, and as it is kept."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from services.registration.domain.cpr_number import names_somebody
from services.registration.domain.objection import Rule
from services.registration.domain.question import Question, QuestionKind

Value = str | int | tuple[str, ...]
"""An answer as it is kept: words, an option's code or a day (ISO 8601) as text; a whole number; yes and no as true and false;
several options by their codes, in the question's order."""

LONGEST: Final = 1_000
"""Characters of an answer in words."""
LARGEST: Final = 1_000_000_000

_DAY = re.compile(r"[12]\d{3}-\d\d-\d\d", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Misfit(ValueError):
    """An answer that does not fit; its text is the rule's, and repeats nothing of the answer."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value)
        self.rule = rule


def fitted(question: Question, answer: Any) -> Value:
    """The answer as it is kept. Raises `Misfit` where it does not fit the question."""
    return _READERS[question.kind](question, answer)


def _text(_question: Question, answer: Any) -> Value:
    """Lines of words; no CPR number, which has a place of its own."""
    if not isinstance(answer, str) or not answer.strip() or _UNSEEN.search(answer):
        raise Misfit(Rule.ANSWER_NO_TEXT)
    if len(answer) > LONGEST:
        raise Misfit(Rule.ANSWER_TOO_LONG)
    if names_somebody(answer):
        raise Misfit(Rule.ANSWER_HOLDS_CPR_NUMBER)
    return answer


def _option(question: Question, answer: Any) -> Value:
    if not isinstance(answer, str) or answer not in question.answers:
        raise Misfit(Rule.ANSWER_NO_OPTION)
    return answer


def _options(question: Question, answer: Any) -> Value:
    if not isinstance(answer, list) or not answer or not all(one in question.answers for one in answer):
        raise Misfit(Rule.ANSWER_NO_OPTIONS)
    return tuple(code for code in question.answers if code in answer)


def _yes_no(_question: Question, answer: Any) -> Value:
    if not isinstance(answer, bool):
        raise Misfit(Rule.ANSWER_NO_YES_NO)
    return answer


def _number(_question: Question, answer: Any) -> Value:
    """To JSON 3 and 3.0 are the same number."""
    if isinstance(answer, bool) or not isinstance(answer, int | float) or abs(answer) > LARGEST or answer != int(answer):
        raise Misfit(Rule.ANSWER_NO_NUMBER)
    return int(answer)


def _day(_question: Question, answer: Any) -> Value:
    if not isinstance(answer, str) or not _DAY.fullmatch(answer) or not _is_in_calendar(answer):
        raise Misfit(Rule.ANSWER_NO_DATE)
    return answer


def _is_in_calendar(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_READERS: Final[Mapping[QuestionKind, Callable[[Question, Any], Value]]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.CHOICE: _option,
    QuestionKind.CHOICES: _options,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _day,
}
