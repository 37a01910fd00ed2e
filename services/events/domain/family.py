"""Who may be told of a child (kontakttilladelse) on a day, as registration last told it.

What registration tells of a child's family is the whole of it: all guardians that the child has, had or is to have, each
with the times for which he may be told of it. Where it is known, it alone says whose child it is: a guardian who may not be
told of the child today is today none of its guardians, and one whom the enrolment does not name may be.

Facts of an enrolment and facts of a family come in any order. Until a family has been heard of, its child's guardians are
those whom the enrolment names. Registration tells of a family and of the enrolment that brought it in one transaction, the
family first; so that lasts for moments, or until `deltag refresh registration` where an earlier version did not listen. A
family that comes before its enrolment waits: alone it gives no right. What counts is what is known when something is asked,
never what came first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.events.domain.eligibility import Enrolment, Known


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a guardian may be told of a child from a day (None: since ever) until before another (None: until further notice)."""

    guardian_id: str
    contact_allowed: bool
    valid_from: date | None = None
    valid_until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is this that counts on that day."""
        return (self.valid_from or date.min) <= day and (self.valid_until is None or day < self.valid_until)


Families = Mapping[str, Sequence[Permission]]
"""What has been heard of families, by child; a child of whose family nothing has been heard is missing."""


def on(day: date, known: Known, families: Families) -> Known:
    """The same on that day: each child's guardians are those who may be told of it, and who may not is barred."""
    told = {child_id: _told(family, day) for child_id, family in families.items()}
    enrolments = [replace(one, guardian_ids=told.get(one.child_id, one.guardian_ids)) for one in known.enrolments]
    barred = {(child_id, guardian_id) for child_id, named in _named(known.enrolments, families) for guardian_id in named - told[child_id]}
    return replace(known, enrolments=enrolments, barred=frozenset(barred))


def _told(family: Iterable[Permission], day: date) -> frozenset[str]:
    """Where two guardians turned out to be one, both records must allow it."""
    today = [one for one in family if one.holds(day)]
    return frozenset(one.guardian_id for one in today) - {one.guardian_id for one in today if not one.contact_allowed}


def _named(enrolments: Iterable[Enrolment], families: Families) -> Iterator[tuple[str, frozenset[str]]]:
    """The children of known families, each with all who were ever named as its guardians."""
    for one in enrolments:
        if (family := families.get(one.child_id)) is not None:
            yield one.child_id, one.guardian_ids | {permission.guardian_id for permission in family}
