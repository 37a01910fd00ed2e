"""Who an activity is for, as rules that are data: conditions on a person, combined by all and any.

A condition may ask for several things at once, and holds when all of them do. A rule holds when all of its `all` hold and,
where it has any, one of its `any`. A rule without conditions holds for everybody. The same rules say who counts in a quota,
for whom seats are reserved, and who may sign up first.

What nobody may tell us (a protected child's place and month of birth) is unknown: it keeps nobody out, and counts in no quota.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from services.events.domain.refusal import Slug
from services.events.domain.signup import PartyRole
from services.events.domain.traits import Traits

ASKED_OF_TRAITS = {
    "programmes": Slug.RULE_PROGRAMMES,
    "tracks": Slug.RULE_TRACKS,
    "districts": Slug.RULE_DISTRICTS,
    "institutions": Slug.RULE_INSTITUTIONS,
    "professions": Slug.RULE_PROFESSIONS,
}
"""The conditions that hold when a person has one of several codes, each with its rule's name."""


class AgeUnit(StrEnum):
    """In what an age is counted: whole months or whole years."""

    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True)
class Ages:
    """An age on the day of the first session, both ends included.

    A child's day of birth is told to nobody: it turns a month older on the first of each month.
    """

    unit: AgeUnit
    at_least: int = 0
    at_most: int = 216

    def include(self, birth_month: str, day: date) -> bool:
        """Whether a child born in that month (YYYY-MM) is of these ages that day."""
        year, month = map(int, birth_month.split("-"))
        months = (day.year - year) * 12 + day.month - month
        return self.at_least <= (months // 12 if self.unit is AgeUnit.YEARS else months) <= self.at_most


@dataclass(frozen=True)
class Answer:
    """What became of one thing that was asked of somebody; `known` is false where nobody could tell, which keeps nobody out."""

    slug: Slug
    met: bool
    known: bool = True
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def lets_in(self) -> bool:
        return self.met or not self.known


@dataclass(frozen=True)
class Condition:
    """What is asked of one person: everything that is named here. Attendance is his own, or as a guardian that of his children too."""

    roles: tuple[PartyRole, ...] = ()
    programmes: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    ages: Ages | None = None
    attended: tuple[str, ...] = ()
    not_attended: tuple[str, ...] = ()
    never_reached: bool = False

    @property
    def asks_for_attendance(self) -> bool:
        return bool(self.attended or self.not_attended or self.never_reached)

    def answers(self, traits: Traits, day: date) -> Iterator[Answer]:
        """One for each thing asked, on that day, in the order of the fields."""
        if self.roles:
            yield Answer(Slug.RULE_ROLES, traits.role in self.roles, values=_listed(self.roles))
        for name, slug in ASKED_OF_TRAITS.items():
            if wanted := getattr(self, name):
                yield _one_of(slug, wanted, getattr(traits, name))
        if self.ages:
            yield self._age(self.ages, traits.birth_months, day)
        yield from self._attendance(traits)

    @staticmethod
    def _age(ages: Ages, birth_months: Collection[str | None], day: date) -> Answer:
        slug = Slug.RULE_AGE_IN_YEARS if ages.unit is AgeUnit.YEARS else Slug.RULE_AGE_IN_MONTHS
        met = any(ages.include(month, day) for month in birth_months if month)
        return Answer(slug, met, met or None not in birth_months, {"at_least": ages.at_least, "at_most": ages.at_most})

    def _attendance(self, traits: Traits) -> Iterator[Answer]:
        kinds = traits.attended
        if self.attended:
            yield Answer(Slug.RULE_ATTENDED, not kinds.isdisjoint(self.attended), values=_listed(self.attended))
        if self.not_attended:
            yield Answer(Slug.RULE_NOT_ATTENDED, kinds.isdisjoint(self.not_attended), values=_listed(self.not_attended))
        if self.never_reached:
            yield Answer(Slug.RULE_NEVER_REACHED, not traits.reached)


@dataclass(frozen=True)
class Rule:
    """All of `all`, and one of `any` where there is one."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @property
    def conditions(self) -> Sequence[Condition]:
        return [*self.all, *self.any]

    @property
    def asks_for_attendance(self) -> bool:
        """Whether it cannot be answered without knowing who came to what."""
        return any(condition.asks_for_attendance for condition in self.conditions)

    def answers(self, traits: Traits, day: date) -> Sequence[Answer]:
        """Why, or why not: of several alternatives the first that lets in, or else each with what it asks."""
        required = [answer for condition in self.all for answer in condition.answers(traits, day)]
        return [*required, *_of_alternatives([list(condition.answers(traits, day)) for condition in self.any])]

    def lets_in(self, traits: Traits, day: date) -> bool:
        """Whether nothing known speaks against it."""
        return all(answer.lets_in for answer in self.answers(traits, day))

    def counts(self, traits: Traits, day: date) -> bool:
        """Whether everything asked is known to be so."""
        alternatives = [all(answer.met for answer in condition.answers(traits, day)) for condition in self.any]
        return all(answer.met for condition in self.all for answer in condition.answers(traits, day)) and any(alternatives or [True])


EVERYBODY = Rule()
"""The rule without conditions."""


def _of_alternatives(alternatives: Sequence[Sequence[Answer]]) -> Sequence[Answer]:
    if not alternatives:
        return ()
    letting_in = (answers for answers in alternatives if all(answer.lets_in for answer in answers))
    none = [Answer(Slug.RULE_NONE_OF, met=False), *(answer for answers in alternatives for answer in answers if not answer.lets_in)]
    return next(letting_in, none)


def _one_of(slug: Slug, wanted: Sequence[str], theirs: Collection[str | None]) -> Answer:
    met = any(code in wanted for code in theirs)
    return Answer(slug, met, met or None not in theirs, _listed(wanted))


def _listed(codes: Iterable[str]) -> Mapping[str, object]:
    return {"wanted": ", ".join(codes)}
