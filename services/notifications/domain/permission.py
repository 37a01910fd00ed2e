"""Whether a guardian may be told what concerns a child, as registration last told it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Permission:
    """For a time: from a day (None: since ever) until before another (None: until further notice)."""

    guardian_id: str
    contact_allowed: bool
    valid_from: date | None = None
    valid_until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is this that counts on that day."""
        return (self.valid_from or date.min) <= day and (self.valid_until is None or day < self.valid_until)


def may_be_told(person_id: str, families: Iterable[Sequence[Permission]], day: date) -> bool:
    """Whether this person may be told of every one of these children; `families` holds what is known of each.

    Who is not among a known family's guardians may not.
    """
    return all(_allowed(person_id, family, day) for family in families)


def _allowed(person_id: str, family: Sequence[Permission], day: date) -> bool:
    """Where two guardians turned out to be one, both records must allow it."""
    own = [one.contact_allowed for one in family if one.guardian_id == person_id and one.holds(day)]
    return bool(own) and all(own)
