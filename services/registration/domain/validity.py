"""From when until when something is so, with either end open: what has begun may go on, and what was stays findable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Validity:
    """From the first day to the last, both included. No `start`: since ever; no `end`: until further notice."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def first(self) -> date:
        """The first day; the first of the calendar where it is open."""
        return self.start or date.min

    @property
    def last(self) -> date:
        """The last day; the last of the calendar where it is open."""
        return self.end or date.max

    @property
    def reversed(self) -> bool:
        """Whether it ends before it starts, and so holds no day."""
        return self.last < self.first

    def covers(self, other: "Validity") -> bool:
        """Whether every day of the other is a day of this one."""
        return self.first <= other.first and other.last <= self.last

    def overlaps(self, other: "Validity") -> bool:
        """Whether they share a day."""
        return self.first <= other.last and other.first <= self.last

    def meets(self, later: "Validity") -> bool:
        """Whether the later one starts on the day after this one's last."""
        return self.end is not None and self.end < date.max and self.end + _A_DAY == later.first

    def nearest(self, day: date) -> date:
        """The day itself, or the one of these that is closest to it."""
        return min(max(day, self.first), self.last)


ALWAYS = Validity()
"""Since ever and until further notice."""


class Valid(Protocol):
    """Something that is so for a time."""

    @property
    def valid(self) -> Validity: ...


T = TypeVar("T", bound=Valid)


def valid_on(day: date, history: Iterable[T]) -> T | None:
    """What holds on that day: one or nothing, where the history does not overlap."""
    return next((state for state in history if day in state.valid), None)


def in_order(history: Iterable[T]) -> list[T]:
    """The earliest first."""
    return sorted(history, key=lambda state: state.valid.first)


def overlapping(history: Iterable[T]) -> list[T]:
    """Those that begin before the one before them has ended."""
    return [later for earlier, later in pairwise(in_order(history)) if earlier.valid.overlaps(later.valid)]


def after_a_gap(history: Iterable[T]) -> list[T]:
    """Those that begin later than on the day after the one before them."""
    pairs = pairwise(in_order(history))
    return [later for earlier, later in pairs if not earlier.valid.meets(later.valid) and not earlier.valid.overlaps(later.valid)]


def span(history: Iterable[T]) -> Validity:
    """From the start of the first to the end of the last. Raises ValueError for an empty history."""
    ordered = in_order(history)
    return Validity(ordered[0].valid.start, ordered[-1].valid.end)
