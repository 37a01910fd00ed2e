"""Staff cover (normering): how many of one institution's staff may be away at the same time, so that the children there are looked after.

A rule is data of the programme: for certain institutions, or for each. Where it is *hard* it works like a quota of an activity
that is shared by all activities at the same time: a party that would be one too many waits, and others of other institutions
go before it. Where it is *soft* the answer warns, and the party comes. Who is away: everybody with a seat, or an offer of one, at
a session that overlaps with one of the activity's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.events.domain.quota import Quota
from services.events.domain.rule import EVERYBODY


@dataclass(frozen=True)
class CoverRule:
    """At most `most_away` of one institution at a time; of these institutions, or of each where none is named."""

    code: str
    most_away: int
    institutions: Sequence[str] = ()
    hard: bool = True


@dataclass(frozen=True)
class Cover:
    """How it stands for an institution while an activity meets: `away` are away then already. Where nobody knows just now, it is full."""

    institution: str
    most: int
    away: int
    hard: bool = True

    @property
    def is_over(self) -> bool:
        """Whether more are away than may be."""
        return self.away > self.most

    def lacks(self, more: int) -> bool:
        """Whether so many more would be too many."""
        return more > 0 and self.away + more > self.most

    def as_quota(self) -> Quota:
        """As a limit of the activity. Who is too many already (the rule came later) takes nothing from anybody."""
        return Quota(code_of(self.institution), EVERYBODY, self.most, taken=self.away)


def rule_of(institution: str, rules: Iterable[CoverRule]) -> CoverRule | None:
    """The rule for an institution: the first that names it, else the first that is for each."""
    known = list(rules)
    naming = [rule for rule in known if institution in rule.institutions]
    return next(iter([*naming, *(rule for rule in known if not rule.institutions)]), None)


def code_of(institution: str) -> str:
    """As what an institution's limit is counted; no quota of an activity has such a code."""
    return f"cover/{institution}"
