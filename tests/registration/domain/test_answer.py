"""What fits a question, which questions are asked after which answers, and the law that a sheet keeps."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.answer import Filled, Giving, How, Said, SheetKey, changes, fill, is_met
from services.registration.domain.fitting import LARGEST, LONGEST, Misfit, Value, fitted
from services.registration.domain.named import Named
from services.registration.domain.origin import DoneBy
from services.registration.domain.question import About, Condition, Question, QuestionKind, Sensitivity
from services.registration.programme_folder import read
from tests.registration.builders import PROGRAMME

QUESTIONS = read(PROGRAMME).programme.questions
TODAY = date(2024, 2, 1)
OPTIONS = ("ice-cream", "cake", "fruit")


def a_question(kind: QuestionKind = QuestionKind.YES_NO, **details: Any) -> Question:
    """A question about a child, with the options that its kind needs."""
    options = tuple(Named(code, {"da": code, "en": code}) for code in OPTIONS) if kind.has_options else ()
    question: dict[str, Any] = {
        "code": "dessert",
        "text": {"da": "Dessert?", "en": "Dessert?"},
        "about": About.CHILD,
        "purpose": "plan-workshop",
    }
    question |= {"retention": "P1Y", "sensitivity": Sensitivity.ORDINARY, "options": options}
    return Question(**question | {"kind": kind} | details)


def says(**answers: Any) -> list[Said]:
    """These answers, hyphens written as underscores."""
    return [Said(code.replace("_", "-"), answer) for code, answer in answers.items()]


def guardian_says(kept: Mapping[str, Value] | None = None, on: date = TODAY, **answers: Any) -> Filled:
    """A guardian's sheet of the sample programme, after he has said this."""
    return fill(QUESTIONS, About.GUARDIAN, kept or {}, says(**answers), on=on)


def broken(filled: Filled) -> list[tuple[str, str]]:
    """The rules that are broken, and where."""
    return [(objection.rule.value, objection.field) for objection in filled.objections]


@pytest.mark.parametrize(
    ("kind", "answer", "kept"),
    [
        (QuestionKind.TEXT, "No nuts,\nplease", "No nuts,\nplease"),
        (QuestionKind.TEXT, "x" * LONGEST, "x" * LONGEST),
        (QuestionKind.TEXT, "ring til 20 00 00 17", "ring til 20 00 00 17"),
        (QuestionKind.CHOICE, "cake", "cake"),
        (QuestionKind.CHOICES, ["fruit", "ice-cream", "fruit"], ("ice-cream", "fruit")),
        (QuestionKind.YES_NO, False, False),
        (QuestionKind.NUMBER, 0, 0),
        (QuestionKind.NUMBER, -3.0, -3),
        (QuestionKind.DATE, "2024-02-29", "2024-02-29"),
    ],
)
def test_what_fits_is_kept(kind: QuestionKind, answer: Any, kept: Value) -> None:
    """Each kind of question has its kind of answer; several options are kept in the question's order, each once."""
    assert fitted(a_question(kind), answer) == kept


@pytest.mark.parametrize(
    ("kind", "rule", "answers"),
    [
        (QuestionKind.TEXT, "answer-no-text", ["", " \n", "a\x00b", "a\x1bb", 7, True, ["x"], {}]),
        (QuestionKind.TEXT, "answer-too-long", ["x" * (LONGEST + 1)]),
        (QuestionKind.TEXT, "answer-holds-cpr-number", ["he is 740522-4015", "7405224015", "740522 4015."]),
        (QuestionKind.CHOICE, "answer-no-option", ["soup", "", 1, True, ["cake"]]),
        (QuestionKind.CHOICES, "answer-no-options", [[], "cake", ["cake", "soup"], [["cake"]], {"cake": True}]),
        (QuestionKind.YES_NO, "answer-no-yes-no", ["yes", 1, 0, "true", [True]]),
        (QuestionKind.NUMBER, "answer-no-number", ["3", 1.5, True, LARGEST + 1, 1e300, [3]]),
        (QuestionKind.DATE, "answer-no-date", ["2023-02-29", "20240229", "29.02.2024", "0001-01-01", "2024-02-29T00:00:00", 20240229]),
    ],
)
def test_what_does_not_fit_is_refused(kind: QuestionKind, rule: str, answers: Sequence[Any]) -> None:
    """JSON is taken at its word, a day is in the calendar, and a CPR number has no place in words."""
    for answer in answers:
        with pytest.raises(Misfit) as caught:
            fitted(a_question(kind), answer)
        assert caught.value.rule.value == rule, answer


def test_an_answer_brings_its_question() -> None:
    """Who needs an interpreter is asked for the language; who needs none is not, and may not answer."""
    assert guardian_says(interpreter=True, interpreter_language="ar").answers == {"interpreter": True, "interpreter-language": "ar"}
    assert broken(guardian_says(interpreter=False, interpreter_language="ar")) == [("answer-not-asked", "/answers/1/question")]
    assert broken(guardian_says(interpreter=False, interpreter_language=None)) == []


def test_an_answer_takes_its_question_away() -> None:
    """Who needs no interpreter any more loses the answer for which language, without saying so; and says it anew if he does again."""
    kept: Mapping[str, Value] = {"interpreter": True, "interpreter-language": "ar", "good-days": ("saturdays",)}
    assert guardian_says(kept, interpreter=False).answers == {"interpreter": False, "good-days": ("saturdays",)}
    assert guardian_says({"interpreter": False}, interpreter=True).answers == {"interpreter": True}


def test_everything_is_told_at_once() -> None:
    """Unknown, about somebody else, twice, unfitting, not asked: all of it in one answer, each at its place."""
    said = [
        *says(interpreter=False, interpreter_language="ar", good_days="saturdays", siblings=2, dessert="cake"),
        *says(interpreter=False),
    ]
    assert broken(fill(QUESTIONS, About.GUARDIAN, {}, said, on=TODAY)) == [
        ("question-for-another", "/answers/3/question"),
        ("unknown-question", "/answers/4/question"),
        ("answered-twice", "/answers/5/question"),
        ("answer-not-asked", "/answers/1/question"),
        ("answer-no-options", "/answers/2/answer"),
    ]


def test_all_that_is_missing_is_told() -> None:
    """What is asked and must be answered, also what an answer in the same breath has brought; taking it back leaves it missing."""
    questions = [
        a_question(code="eats", required=True),
        a_question(QuestionKind.CHOICE, code="dessert", required=True, when=Condition("eats", ("yes",))),
        a_question(code="sleeps", required=True),
        a_question(QuestionKind.NUMBER, code="age"),
    ]

    def missing(kept: Mapping[str, Value], **answers: Any) -> list[str]:
        found = fill(questions, About.CHILD, kept, says(**answers), on=TODAY).objections
        return [str(objection.values["code"]) for objection in found if objection.rule.value == "answer-missing"]

    assert missing({}) == ["eats", "sleeps"]
    assert missing({}, eats=True) == ["dessert", "sleeps"]
    assert missing({}, eats=False, sleeps=True) == []
    assert missing({"eats": False, "sleeps": True}, eats=True, sleeps=None) == ["dessert", "sleeps"]


def test_what_waits_for_an_unfitting_answer_is_left_alone() -> None:
    """Whoever mistypes one answer is not told that the next is not asked."""
    assert broken(guardian_says(interpreter="yes", interpreter_language="ar")) == [("answer-no-yes-no", "/answers/0/answer")]


def test_a_closed_question_is_asked_no_more() -> None:
    """After its last day nobody must answer or may; what was answered stays, may be taken back, and brings what it brought."""
    closed = a_question(code="eats", required=True, closed=date(2024, 1, 31))
    questions = [closed, a_question(QuestionKind.CHOICE, when=Condition("eats", ("yes",)))]

    def after(kept: Mapping[str, Value], on: date = TODAY, **answers: Any) -> Filled:
        return fill(questions, About.CHILD, kept, says(**answers), on=on)

    assert after({}).objections == []
    assert broken(after({}, eats=True)) == [("question-closed", "/answers/0/answer")]
    assert after({}, date(2024, 1, 31), eats=True).answers == {"eats": True}
    assert after({"eats": True}, dessert="cake").answers == {"eats": True, "dessert": "cake"}
    assert after({"eats": True, "dessert": "cake"}, eats=None) == Filled({}, [])


def test_what_happened_to_each_answer() -> None:
    """Given, corrected, taken back, or lapsed with another; what is said again is no news."""
    key, by = SheetKey("p", "1", About.GUARDIAN), DoneBy("guardian", "guardian")
    before: Mapping[str, Value] = {"interpreter": True, "interpreter-language": "ar", "good-days": ("saturdays",)}

    def happens(before: Mapping[str, Value], **answers: Any) -> dict[str, How]:
        giving = Giving(key, says(**answers), by)
        filled = fill(QUESTIONS, About.GUARDIAN, before, giving.said, on=TODAY)
        return {change.question.code: change.how for change in changes(giving, QUESTIONS, before, filled.answers)}

    assert happens({}, interpreter=True) == {"interpreter": How.GIVEN}
    assert happens(before, interpreter=False) == {"interpreter": How.CORRECTED, "interpreter-language": How.LAPSED}
    assert happens(before, good_days=None) == {"good-days": How.TAKEN_BACK}
    assert happens(before, interpreter=True, good_days=["saturdays"]) == {}


def test_nothing_prints_an_answer() -> None:
    """Neither what was said nor what is kept is in any text that a log could hold."""
    giving = Giving(SheetKey("p", "1", About.GUARDIAN), says(good_days=["saturdays"]), DoneBy("g", "guardian"))
    filled = guardian_says(interpreter=True, good_days=["saturdays"])
    [change, *_] = changes(giving, QUESTIONS[2:3], {}, filled.answers)
    assert "saturdays" not in f"{giving!r}{giving.said!r}{filled!r}{change!r}"


# The law: whatever is said in whatever order, what is kept is what the conditions ask for.

KINDS = st.sampled_from([QuestionKind.YES_NO, QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.NUMBER])
FITTING = {
    QuestionKind.YES_NO: st.booleans(),
    QuestionKind.CHOICE: st.sampled_from(OPTIONS),
    QuestionKind.CHOICES: st.lists(st.sampled_from(OPTIONS), min_size=1),
    QuestionKind.NUMBER: st.integers(0, 3),
}
UNFITTING = st.sampled_from(["soup", 1.5, [], {}])


@st.composite
def questionnaires(draw: st.DrawFn, *, required: bool = True) -> list[Question]:
    """Up to six questions, each of which may wait for answers to one before it."""
    questions: list[Question] = []
    for place in range(draw(st.integers(1, 6))):
        earlier = [question for question in questions if question.answers]
        asked = draw(st.none() | st.sampled_from(earlier)) if earlier else None
        when = Condition(asked.code, tuple(draw(st.sets(st.sampled_from(sorted(asked.answers)), min_size=1)))) if asked else None
        must = required and draw(st.booleans())
        questions.append(a_question(draw(KINDS), code=f"q{place}", when=when, required=must))
    return questions


def answers_to(questions: Sequence[Question]) -> st.SearchStrategy[list[Said]]:
    """What somebody may say at once: fitting answers, a few that do not, some taken back."""
    each = [st.tuples(st.just(q.code), FITTING[q.kind] | st.none() | UNFITTING) for q in questions]
    return st.lists(st.one_of(each), max_size=6).map(lambda said: [Said(code, answer) for code, answer in said])


@given(st.data())
def test_a_sheet_holds_exactly_what_its_conditions_ask_for(data: st.DataObject) -> None:
    """Whatever answers are given in whatever order: what was refused changes nothing, no answer is kept that is not asked for, none
    that is required is missing, and each is what was said of it last since it was asked.
    """
    questions = data.draw(questionnaires())
    kept: Mapping[str, Value] = {}
    for said in data.draw(st.lists(answers_to(questions), max_size=6)):
        filled = fill(questions, About.CHILD, kept, said, on=TODAY)
        if not filled.objections:
            _must_be_what_was_said(questions, kept, said, filled.answers)
            kept = filled.answers
    assert all(is_met(question.when, kept) for question in questions if question.code in kept)


def _must_be_what_was_said(
    questions: Sequence[Question], before: Mapping[str, Value], said: Sequence[Said], after: Mapping[str, Value]
) -> None:
    """By the conditions alone, read again from what is kept."""
    told = {one.question: one.answer for one in said}
    for question in questions:
        asked = is_met(question.when, after)
        wanted = fitted(question, told[question.code]) if told.get(question.code) is not None else before.get(question.code)
        taken_back = question.code in told and told[question.code] is None
        assert after.get(question.code) == (wanted if asked and not taken_back else None)
        assert not (asked and question.required and question.code not in after)


@given(st.data())
def test_answers_one_by_one_are_as_good_as_all_at_once(data: st.DataObject) -> None:
    """In whatever order somebody answers that his conditions allow, in as many breaths as he likes, the sheet is the same."""
    questions = data.draw(questionnaires(required=False))
    by_code = {question.code: question for question in questions}
    said = [Said(code, data.draw(FITTING[question.kind])) for code, question in by_code.items()]
    whole = fill(questions, About.CHILD, {}, [], on=TODAY).answers
    for one in said:  # in the programme's order each comes after what it waits for
        whole = {**whole, **fill(questions, About.CHILD, whole, [one], on=TODAY).answers}
    open_, kept = [one for one in said if one.question in whole], dict[str, Value]()
    while open_:
        may_be_said = [one for one in open_ if is_met(by_code[one.question].when, kept)]
        one = data.draw(st.sampled_from(may_be_said))
        open_.remove(one)
        kept = dict(fill(questions, About.CHILD, kept, [one], on=TODAY).answers)
    assert kept == whole
    at_once = fill(questions, About.CHILD, {}, [one for one in said if one.question in whole], on=TODAY)
    assert (at_once.answers, at_once.objections) == (whole, [])
