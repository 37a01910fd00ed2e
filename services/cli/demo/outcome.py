"""What came of the demo, as numbers in groups: the same shape for what must be and for what is, so that they can be compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Counts = Mapping[str, Mapping[str, int | None]]
"""Numbers by group and name: `{"requests": {"accepted": 1007, …}, "rejected": {"child-too-old": 14, …}, …}`.

None is a number that the report hides because it is, or would give away, one about fewer than five people.
"""


ABOUT_EVERYBODY = frozenset({"report", "parked"})
"""The groups in which whoever else uses this Deltag is counted too."""


@dataclass(frozen=True)
class Number:
    """One number as it must be and as it is. With `may_be_more`, what must be at all may be more."""

    expected: int | None
    found: int | None
    may_be_more: bool = False

    @property
    def is_right(self) -> bool:
        if self.found is None or self.found == self.expected:
            return True
        return self.may_be_more and 0 < (self.expected or 0) < self.found


@dataclass(frozen=True)
class Difference:
    """A number that is not what it must be."""

    group: str
    name: str
    expected: int | None
    found: int | None


@dataclass(frozen=True)
class Outcome:
    """What the doors say at the end. `reminders` come by the clock, so no file can say how many there are.

    `shared` says that somebody else has used this Deltag too: the report and what is parked may then be about more.
    """

    counts: Counts
    reminders: int = 0
    shared: bool = False


def differences(expected: Counts, outcome: Outcome) -> Iterator[Difference]:
    """Every number that differs; one that is named on one side only counts as 0 on the other. A hidden one does not differ."""
    for group in sorted(expected.keys() | outcome.counts.keys()):
        wanted, found = expected.get(group, {}), outcome.counts.get(group, {})
        for name in sorted(wanted.keys() | found.keys()):
            number = Number(wanted.get(name, 0), found.get(name, 0), may_be_more=outcome.shared and group in ABOUT_EVERYBODY)
            if not number.is_right:
                yield Difference(group, name, number.expected, number.found)
