"""What holds between a child and one of its guardians, and from when until when.

The history is cut at the days on which something changed: each spell holds from its first day until the day before the
next one's. A change says everything that holds from its day on, so changes can be taken in any order and any number of
times, and end in the same history. Of two changes for one day, the one that was said later counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

Pair = tuple[str, str]
"""A child's id and a guardian's."""


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

    @property
    def pair(self) -> Pair:
        """The child and the guardian."""
        return self.child_id, self.guardian_id

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


def together(kept: Guardianship, others: Sequence[Guardianship]) -> Guardianship:
    """One history of two people, of whom one or both were merged with somebody: what stands under other ids is laid over it.

    What was said of either counts, from its day on. Where they say different things of the same day, what was said later
    counts; and where only enrolments told it, the kept record, but he is told of the child only if all allow it.
    """
    if not others:
        return kept
    spells: dict[date | None, Spell] = {}
    for spell in (spell for record in (kept, *others) for spell in record.spells):
        known = spells.get(spell.valid_from)
        spells[spell.valid_from] = _stronger(known, spell) if known else spell
    return Guardianship(*kept.pair, _cut(spells.values()))


def _stronger(one: Spell, other: Spell) -> Spell:
    if one.said_at and other.said_at:
        return max(one, other, key=lambda spell: (spell.said_at, not spell.terms.contact_allowed))
    if one.said_at or other.said_at:
        return one if one.said_at else other
    both_allow = one.terms.contact_allowed and other.terms.contact_allowed
    return replace(one, terms=replace(one.terms, contact_allowed=both_allow))


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
