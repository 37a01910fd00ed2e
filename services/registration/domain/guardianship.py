"""What holds between a child and one of its guardians, and from when until when.

The history is cut at the days on which something changed: each spell holds from its first day until the day before the
next one's. A change says everything that holds from its day on, so changes can be taken in any order and any number of
times, and end in the same history. Of two changes for one day, the one that was said later counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True, order=True)
class Terms:
    """What holds for a time. `contact_allowed`: he may be told and shown what concerns the child. `residence`: it lives with him."""

    relation: str
    custody: bool
    contact_allowed: bool
    residence: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What an enrolment tells of a guardianship. What is None is left as it is; for one that is new, see `as_new`."""

    custody: bool
    relation: str | None = None
    contact_allowed: bool | None = None
    residence: bool | None = None

    def over(self, earlier: "Told | None") -> "Told":
        """The two together; where both say something, this one counts."""
        if earlier is None:
            return self
        return Told(
            self.custody,
            self.relation or earlier.relation,
            _first(self.contact_allowed, earlier.contact_allowed),
            _first(self.residence, earlier.residence),
        )

    @property
    def as_new(self) -> Terms:
        """What holds where nothing was known: who has custody is who the child lives with, and may be told of it."""
        residence = self.custody if self.residence is None else self.residence
        return Terms(self.relation or "other", self.custody, self.contact_allowed is not False, residence)


@dataclass(frozen=True, slots=True)
class Spell:
    """Terms from a day (None: since ever) until before another (None: until further notice).

    `said_at` is when a change was asked for; None for what an enrolment told, which any change overrules.
    """

    valid_from: date | None
    valid_until: date | None
    terms: Terms
    said_at: datetime | None = None

    def __contains__(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(slots=True)
class Guardianship:
    """One child and one guardian (samvær og forældremyndighed). The spells do not overlap, the earliest first."""

    child_id: str
    guardian_id: str
    spells: Sequence[Spell] = ()

    def on(self, day: date) -> Terms | None:
        """What holds on that day, if anything."""
        return next((spell.terms for spell in self.spells if day in spell), None)

    def change(self, day: date, terms: Terms, said_at: datetime) -> bool:
        """Let these terms hold from that day until the next change; whether that changed anything."""
        before = {spell.valid_from: spell for spell in self.spells}
        if not _is_news(before.get(day), terms, said_at):
            return False
        self.spells = _cut([*(before | {day: Spell(day, None, terms, said_at)}).values()])
        return True


def _first(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - two of the same kind
    return other if one is None else one


def _is_news(known: Spell | None, terms: Terms, said_at: datetime) -> bool:
    """Of two changes said at the same moment one must count, the same whichever came first."""
    return known is None or known.said_at is None or (known.said_at, known.terms) < (said_at, terms)


def _cut(spells: Iterable[Spell]) -> list[Spell]:
    """Each until the next one begins."""
    ordered = sorted(spells, key=lambda spell: spell.valid_from or date.min)
    ends = [*(spell.valid_from for spell in ordered[1:]), None]
    return [replace(spell, valid_until=end) for spell, end in zip(ordered, ends, strict=True)]
