"""Two records of one person become one, and two again when that was a mistake.

Nothing is moved: both records stay, and the id of the one that is merged stands for the one that is kept. Of the details
in which they differ, a person says which are taken over from the merged one; what stood there before is remembered, and
comes back when the merge is undone, unless somebody has said something newer since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.registration.domain.person import Kind

FIELDS: Final[Mapping[Kind, Sequence[str]]] = {
    Kind.CHILD: ("given_name", "family_name"),
    Kind.GUARDIAN: ("given_name", "family_name", "email", "phone", "language", "spoken_language"),
}
"""What may be taken over. A birth date and a CPR number stay with their record: the one with the right ones is the one to keep."""

Details = Mapping[str, Any]
"""The fields of somebody, by name."""


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """Merge one into another; `take` names the fields whose value the kept one takes over."""

    kind: Kind
    merged_id: str
    into_id: str
    take: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Merge:
    """What was merged, by whom, and whether it was undone. `before` and `after` are the fields that were taken over."""

    merge_id: str
    kind: Kind
    merged_id: str
    into_id: str
    before: Details
    after: Details
    merged_at: datetime
    merged_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether the two are one now."""
        return self.undone_at is None

    def undo(self, at: datetime, by: str) -> None:
        """They are two again."""
        self.undone_at, self.undone_by = at, by

    def restored(self, now: Details, later: Sequence["Merge"] = ()) -> Details:
        """The taken fields as they are to be afterwards; one that says something newer than the merge stays.

        Where a later merge into the same one, still in force, has taken a field over since, it is that merge which will
        bring back what stood there before this one: its `before` is changed so.
        """
        return {name: self._restored(name, now[name], later) for name in self.after}

    def _restored(self, name: str, now: Any, later: Sequence["Merge"]) -> Any:
        heir = next((merge for merge in later if name in merge.after), None)
        if heir is None:
            return self.before[name] if now == self.after[name] else now
        if heir.before[name] == self.after[name]:
            heir.before = {**heir.before, name: self.before[name]}
        return now


def conflicts(kind: Kind, one: Details, other: Details) -> list[str]:
    """The fields in which both say something, and not the same."""
    return [name for name in FIELDS[kind] if one[name] and other[name] and one[name] != other[name]]


def made(merge_id: str, request: MergeRequest, details: Mapping[str, Details], at: datetime, by: str) -> Merge:
    """The merge that was asked for; `details` are both people's, by id. What is the same or missing in the merged one is not taken."""
    kept, merged = details[request.into_id], details[request.merged_id]
    names = [name for name in FIELDS[request.kind] if name in request.take and merged[name] and merged[name] != kept[name]]
    return Merge(
        merge_id=merge_id,
        kind=request.kind,
        merged_id=request.merged_id,
        into_id=request.into_id,
        before={name: kept[name] for name in names},
        after={name: merged[name] for name in names},
        merged_at=at,
        merged_by=by,
    )
