"""Which activities are dates of one: the same thing on different days, between which a party keeps its place in line.

They are known by what they are and not by a mark: copies have it in common, and so has what is opened twice by one template.
"""

from services.events.domain.activity import Activity


def are_dates_of_one(one: Activity, other: Activity) -> bool:
    """Whether they are of one programme and kind, with one title, in one district and institution."""
    return _what_and_where(one) == _what_and_where(other)


def _what_and_where(of: Activity) -> tuple[object, ...]:
    return of.programme, of.kind, dict(of.title), of.district, of.institution
