"""What a party needs besides its seats (behov): an interpreter in a language, childcare, transport, food, access.

What there is to ask is data (`needs.toml`), and an activity says which of it is asked, until when. Answers are codes and numbers
only, and say how many of the party they are for, not who. They are seen by the party's contact and by organisers; what leads to a
booking is the demand of a session, in which nobody is named. Nothing of it is told in a fact about people, and all is
forgotten `KEPT_FOR` after the last session.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.events.domain.moment import Moment
from services.events.domain.refusal import Refusal, Slug

KEPT_FOR = timedelta(days=14)
"""How long after an activity's last session needs are kept: as long as bills for them come in."""


@dataclass(frozen=True)
class NeedKind:
    """Something that can be needed: for at most so many people, in one of its options where it has any; `on_list` is seen at the door."""

    code: str
    most: int
    on_list: bool
    title: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def in_words(self, need: "Need", language: str) -> str:
        """What is needed, as it is read."""
        words = self.options.get(need.option or "")
        option = f": {words[language]}" if words else ""
        times = f" ({need.people})" if need.people > 1 else ""
        return f"{self.title[language]}{option}{times}"


@dataclass(frozen=True)
class Asking:
    """What an activity asks: the codes of kinds, and until when answers can be changed (None: until the first session)."""

    kinds: tuple[str, ...] = ()
    until: Moment | None = None

    def closes_at(self, first: datetime) -> datetime:
        """For a first session that starts then."""
        return min(first, self.until.before(first)) if self.until else first


NOTHING = Asking()
"""No question is asked."""


@dataclass(frozen=True)
class Need:
    """One answer: what, in which option (none: where there are none), for how many."""

    need: str
    option: str | None = None
    people: int = 1


@dataclass(frozen=True)
class Demand:
    """How much of something is needed at a session: by those with seats, and by those who wait. Whose it is, is not said."""

    need: str
    option: str | None
    people: int
    waiting: int


def why_not_ask(asked: Asking, kinds: Mapping[str, NeedKind], first: datetime) -> Iterator[Refusal]:
    """Every reason why an activity that begins then cannot ask so."""
    for index, code in enumerate(asked.kinds):
        if code not in kinds:
            yield Refusal(Slug.NEED_NOT_KNOWN, f"/needs/kinds/{index}", {"known": ", ".join(sorted(kinds))})
        elif code in asked.kinds[:index]:
            yield Refusal(Slug.NEED_TWICE, f"/needs/kinds/{index}")
    if asked.until and asked.until.before(first) > first:
        yield Refusal(Slug.WINDOW_AFTER_START, "/needs/until")


def why_not_need(needs: Sequence[Need], asked: Asking, kinds: Mapping[str, NeedKind]) -> Iterator[Refusal]:
    """Every reason why a party cannot answer so."""
    times = Counter((one.need, one.option) for one in needs)
    for index, one in enumerate(needs):
        kind = kinds.get(one.need)
        if kind is None or one.need not in asked.kinds:
            yield Refusal(Slug.NEED_NOT_ASKED, f"/needs/{index}/need", {"asked": ", ".join(asked.kinds)})
        else:
            yield from _wrong_answer(one, kind, f"/needs/{index}")
        if times[one.need, one.option] > 1:
            yield Refusal(Slug.NEED_TWICE, f"/needs/{index}")


def why_not_now(asked: Asking, first: datetime, now: datetime) -> Iterator[Refusal]:
    """Whether it is too late for the party itself to say what it needs."""
    if now >= asked.closes_at(first):
        yield Refusal(Slug.NEEDS_CLOSED, "/needs")


def _wrong_answer(need: Need, kind: NeedKind, at: str) -> Iterator[Refusal]:
    if kind.options and need.option not in kind.options:
        yield Refusal(Slug.NEED_OPTION_NOT_KNOWN, f"{at}/option", {"known": ", ".join(kind.options)})
    if not kind.options and need.option is not None:
        yield Refusal(Slug.NEED_OPTION_NOT_KNOWN, f"{at}/option", {"known": "null"})
    if need.people > kind.most:
        yield Refusal(Slug.NEED_FOR_TOO_MANY, f"{at}/people", {"most": kind.most})
