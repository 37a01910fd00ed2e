"""A survey as somebody has it before him: the questions as fields, and what he filled in as answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.chassis.pages.fields import Field, Option
from services.chassis.pages.words import Said, Words
from services.events.domain.survey import Given, SurveyKind, SurveyQuestion

Typed = Mapping[str, Sequence[str]]
"""The values of each name of the form."""

_AT = "question/"
_FIELDS = {SurveyKind.CHOICE: "radios", SurveyKind.WORDS: "long"}


@dataclass(frozen=True)
class Sheet:
    """The questions, in the words of a language, with what was typed."""

    questions: Sequence[SurveyQuestion]
    words: Words
    typed: Typed

    def fields(self, problems: Mapping[str, Sequence[Said]] | None = None) -> list[Field]:
        """What is filled in; `problems` by the code of the question."""
        return [self._field(question, (problems or {}).get(question.code, ())) for question in self.questions]

    def given(self) -> list[Given]:
        """What was answered; of a question that was left out, nothing."""
        return list(self._given())

    def _given(self) -> Iterator[Given]:
        for question in self.questions:
            if text := first(self.typed, _AT + question.code):
                is_choice = question.kind == SurveyKind.CHOICE
                yield Given(question.code, choice=text if is_choice else None, words=None if is_choice else text)

    def _field(self, question: SurveyQuestion, problems: Iterable[Said]) -> Field:
        kind, name = SurveyKind(question.kind), _AT + question.code
        options = [Option(one.code, self.words.named(one.text)) for one in question.options]
        hint = self.words["words-hint"] if kind is SurveyKind.WORDS else ""
        label, typed = self.words.named(question.text), self.typed.get(name, ())
        return Field(name, _FIELDS[kind], label, typed, options, hint, optional=True, is_question=True, problems=[*problems])


def first(typed: Typed, name: str) -> str:
    """What stands in a field of one value, without the spaces around it."""
    return next(iter(typed.get(name, ())), "").strip()
