"""A survey after an activity (evaluering): what is asked, for how long, and from when on its answers may be read.

Anonymous by design. Whoever came gets a token of his own, which is kept as a hash beside the activity and nothing else, and
goes when it is spent. An answer has a question, an activity and a day, and no key that anything else has: not even two
answers of one person belong together. It is read when the time for answers is over, all at once, so that nobody sees whose
answer came last; and only where at least `LEAST` answered, so that a number is nobody's.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256

from services.events.domain.refusal import Refusal, Slug
from services.events.domain.session import LOCAL

LEAST = 5
"""Fewer than these are not asked, and fewer answers than these are not shown."""
OPEN_DAYS = 14
ASKED_WITHIN = timedelta(days=7)
"""Who came may be recorded so late; after that nobody is asked any more."""
ASKS_FROM, ASKS_UNTIL = time(10), time(20)
"""People are written to in the daytime, by the clock in Denmark."""
MOST_CHARACTERS = 500


class SurveyKind(StrEnum):
    """What an answer is: one of the question's options, or words of one's own."""

    CHOICE = "choice"
    WORDS = "words"


KINDS = frozenset(kind.value for kind in SurveyKind)


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen; `text` by language."""

    code: str
    text: Mapping[str, str]


@dataclass(frozen=True)
class SurveyQuestion:
    """One question of a programme's; it is asked after these kinds of activity, and after all where it names none."""

    code: str
    text: Mapping[str, str]
    kind: str
    options: Sequence[Option] = ()
    activity_kinds: Sequence[str] = ()

    def is_asked_after(self, kind: str) -> bool:
        """Whether it is asked after an activity of that kind, and can be: a later version may know more kinds of answers."""
        return self.kind in KINDS and (not self.activity_kinds or kind in self.activity_kinds)


@dataclass(frozen=True)
class Survey:
    """Those who came to an activity are asked until the end of `closes_on`; `answered` counts who did."""

    activity_id: str
    closes_on: date
    answered: int = 0

    def is_open(self, now: datetime) -> bool:
        """Whether answers are taken."""
        return now.astimezone(LOCAL).date() <= self.closes_on

    def may_be_read(self, now: datetime) -> bool:
        """Whether its answers may be shown: it is over, and enough have answered."""
        return not self.is_open(now) and self.answered >= LEAST


@dataclass(frozen=True)
class Given:
    """One answer to one question: the code of an option, or words."""

    question: str
    choice: str | None = None
    words: str | None = None


def asks_now(now: datetime) -> bool:
    """Whether it is a time of day at which people are written to."""
    return ASKS_FROM <= now.astimezone(LOCAL).time() < ASKS_UNTIL


def begun(activity_id: str, now: datetime) -> Survey:
    """A survey that begins now."""
    return Survey(activity_id, now.astimezone(LOCAL).date() + timedelta(days=OPEN_DAYS))


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)


def hashed(token: str) -> str:
    """As what it is kept."""
    return sha256(token.encode()).hexdigest()


def why_not_answer(questions: Sequence[SurveyQuestion], given: Sequence[Given]) -> Iterator[Refusal]:
    """What is wrong with answers, by the code of the question. Each question may be left out, but not all of them."""
    if not given:
        yield Refusal(Slug.NOTHING_ANSWERED, "")
    known = {question.code: {option.code for option in question.options} for question in questions}
    for answer in given:
        if answer.choice is not None and answer.choice not in known.get(answer.question, ()):
            yield Refusal(Slug.OPTION_NOT_KNOWN, answer.question)
        if len(answer.words or "") > MOST_CHARACTERS:
            yield Refusal(Slug.WORDS_TOO_LONG, answer.question, {"most": MOST_CHARACTERS})
