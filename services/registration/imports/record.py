"""What an import and each of its lines know of themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from services.registration.imports.columns import Kind


class State(StrEnum):
    """Where an import stands; the package's docstring has the picture."""

    RECEIVED = "received"
    MAPPING = "mapping"
    READING = "reading"
    GROUPING = "grouping"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDO_CHECKING = "undo-checking"
    UNDO_CHECKED = "undo-checked"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"


WORKING = (State.RECEIVED, State.READING, State.GROUPING, State.CHECKING, State.APPLYING, State.UNDO_CHECKING, State.UNDOING)
"""The states in which there is something to do that needs no person."""


class Status(StrEnum):
    """What an import would do with a line: what is compared is the line and what is stored."""

    UNREAD = "unread"
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Deed(StrEnum):
    """What it did with it: nothing, if what is stored had `moved` since the dry run. `kept`: it changed since, so it is not undone."""

    APPLIED = "applied"
    MOVED = "moved"
    UNDONE = "undone"
    KEPT = "kept"


class Undoing(StrEnum):
    """What taking it back would do with a line: undo it, or leave something of it."""

    WOULD_GO = "would-be-undone"
    WOULD_STAY = "would-be-kept"


class Issue(msgspec.Struct, frozen=True):
    """A rule that a line met: an error keeps it out, anything else is for the reader's eyes."""

    rule: str
    field: str
    da: str
    en: str
    error: bool = True


class Change(msgspec.Struct, frozen=True):
    """A field, as it is stored and as it will be."""

    field: str
    before: str | None
    after: str | None


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who is stored already and may be the one in the line, and why: a person decides. `score` is how alike they are, of 100."""

    field: str
    id: str
    reasons: list[str]
    score: int | None = None


class Reading(msgspec.Struct):
    """A line as it was read: what stood there (numbers of people masked), and what was made of it, by field."""

    read: dict[str, str]
    values: dict[str, str]
    issues: list[Issue] = []

    @property
    def sound(self) -> bool:
        """Whether nothing keeps it out so far."""
        return not any(issue.error for issue in self.issues)


class Outcome(msgspec.Struct):
    """What a line leads to. `otherwise` is what is stored otherwise than in the line and left so; `undo` is for taking it back.

    `stays` is what taking it back would leave, and why (None: nobody asked yet). `about` are the ids of those who are stored and of
    whom it tells. `hidden` names who in the line is protected: `child`, `guardian1`, or, of a professional, the empty text.
    """

    status: Status
    changes: list[Change] = []
    issues: list[Issue] = []
    otherwise: list[Change] = []
    candidates: list[Candidate] = []
    undo: dict[str, Any] = {}
    hidden: list[str] = []
    about: list[str] = []
    stays: list[Issue] | None = None

    @property
    def fingerprint(self) -> bytes:
        """What was promised: the same outcome has the same one, whatever ids it led to, and in whatever order its parts were found."""
        changes = sorted(self.changes, key=lambda change: (change.field, change.before or "", change.after or ""))
        told = [self.status, changes, [(issue.rule, issue.field) for issue in self.issues if issue.error]]
        return blake2b(msgspec.json.encode(told), digest_size=16).digest()

    @property
    def undoing(self) -> bytes:
        """The same of its undoing: what would be left of it."""
        return blake2b(msgspec.json.encode([(left.rule, left.field) for left in self.stays or ()]), digest_size=16).digest()

    @property
    def people(self) -> list[str]:
        """The ids of everybody whom taking it back would meet."""
        undo, professionals = self.undo, (self.undo.get("before"), self.undo.get("after"))
        ids = [undo[name] for name in ("child_id",) if name in undo] + [*undo.get("terms", ())]
        return [*ids, *dict.fromkeys(one["professional_id"] for one in professionals if one and "professional_id" in one)]

    @property
    def added(self) -> set[str]:
        """Of them those who come in by the line."""
        undo, after = self.undo, self.undo.get("after") or {}
        ids = {id_ for id_, (was, _) in undo.get("guardians", {}).items() if was is None}
        ids |= {undo["child_id"] for change in self.changes if change.field == "child.birth_date" and change.before is None}
        return ids | {after[name] for name in ("professional_id",) if name in after and undo["before"] is None}


@dataclass(slots=True)
class Row:
    """A line of the file, by its number there. `family` is the least number among the lines that name the same people.

    `crowd`: too many lines named the same people for that to be meant.
    """

    number: int
    family: int
    reading: Reading
    crowd: bool = False
    outcome: Outcome | None = None
    fingerprint: bytes | None = None
    deed: Deed | None = None


@dataclass(slots=True)
class Import:
    """One file on its way. `constants` stand for columns that it has not; `columns` say which column holds which field."""

    import_id: str
    kind: Kind
    state: State
    sender: str
    file_hash: str
    constants: dict[str, str]
    created_at: datetime
    expires_at: datetime
    header: Sequence[str] = ()
    columns: dict[int, str] | None = None
    header_line: int = 0
    cursor: int = 0
    done: int = 0
    total: int = 0
    report: str | None = None
    trouble: Sequence[dict[str, Any]] = ()

    @property
    def programme(self) -> str:
        """The code of the programme that the file is about."""
        return self.constants["programme"]

    @property
    def is_tried(self) -> bool:
        """Whether it is in its dry run."""
        return self.state is State.CHECKING
