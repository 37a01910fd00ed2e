"""What a transaction does with each of its messages: take it, let it by as a duplicate, put it aside as early or put off, or park it.

Facts are taken in sequence per aggregate: the *position* (consumer, aggregate) holds the last sequence number taken;
at or below it is a duplicate, one above it is next, further above is early and waits in `chassis.deferred`. The
position rows of a batch are locked in key order for the length of the transaction, so several replicas may share a
queue and still every aggregate's messages are taken in order. A new aggregate has no row to lock: whoever inserts its
position first has won, and the other waits for him and takes his batch again, before a handler has begun. Requests from
outside are taken once per (source, id); the same id with other content is a conflict. One that its handler has put off, because
what it follows may be on its way, is not taken yet.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from services.chassis import deferred, inbox
from services.chassis.errors import Conflict
from services.chassis.inbox import Name, Verdict
from services.chassis.reading import Incoming
from services.chassis.service import Listen
from services.chassis.storage import UnitOfWork
from services.chassis.suspects import name

_encode = msgspec.json.Encoder().encode
"""Keys and rows as one JSON text: the reason, and what it saves, stand in `storage.py`."""

_POSITIONS = sa.text(
    "select key, last from chassis.position where consumer = :consumer"
    " and key = any(array(select json_array_elements_text(cast(:keys as json)))) order by key"
)
_LOCK_POSITIONS = sa.text(f"{_POSITIONS.text} for update")
_BEGIN_POSITIONS = sa.text(
    "insert into chassis.position (consumer, key, last)"
    " select :consumer, k, n from json_to_recordset(cast(:rows as json)) as x(k text, n bigint) order by k on conflict do nothing"
)
_MOVE_POSITIONS = sa.text(
    "update chassis.position as p set last = x.n from json_to_recordset(cast(:rows as json)) as x(k text, n bigint)"
    " where p.consumer = :consumer and p.key = x.k"
)


class Overtaken(Exception):
    """Another replica took the first message of the same aggregate at the same moment."""


@dataclass
class Sorted:
    """What a transaction decided about its messages.

    `held` are the positions that it found and locked, `positions` where they are now. `awaited` are aggregates that have a message
    to be tried again, or before a person: a snapshot must not pass it, since what it would do besides (a mail) is in no snapshot.
    """

    fit: list[Incoming] = field(default_factory=list)
    duplicates: list[Incoming] = field(default_factory=list)
    early: list[Incoming] = field(default_factory=list)
    faulty: list[Incoming] = field(default_factory=list)
    put_off: list[Incoming] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    skipped: int = 0

    @property
    def succeeded(self) -> int:
        """How many a handler has dealt with; what was let by or refused says nothing of what the handlers need."""
        return sum(m.handler is not None and not m.refusals for m in (*self.fit, *self.put_off))

    def untake(self, names: Collection[Name]) -> None:
        """These requests are not taken after all: their handler has put them off."""
        self.put_off = [m for m in self.fit if name(m) in names] if names else []
        self.fit = [m for m in self.fit if name(m) not in names] if names else self.fit


class Sorter:
    """Sorts what came off one queue, which is one consumer's, inside a transaction."""

    def __init__(self, listen: Listen) -> None:
        self.consumer = listen.queue
        self.ordered = listen.ordered

    def sort(self, batch: Sequence[Incoming], work: UnitOfWork) -> Sorted:
        """Decide about each, and note what will have been taken. Raises `Overtaken`."""
        if not self.ordered:
            return self._sort_requests(batch, work)
        verdict = self._sort_facts(batch, work)
        self._move_positions(verdict, work)
        return verdict

    def sifted(self, messages: Sequence[Incoming], work: UnitOfWork) -> tuple[list[Incoming], list[Incoming]]:
        """Those that were taken already, and those that were not; nothing is locked."""
        if self.ordered:
            last = self._positions(work, _POSITIONS, messages)
            taken = [m.sequence is not None and m.sequence <= last.get(m.key, 0) for m in messages]
        else:
            known = inbox.contents(work.connection, self.consumer, map(name, messages))
            taken = [name(m) in known for m in messages]
        pairs = list(zip(messages, taken, strict=True))
        return [m for m, is_taken in pairs if is_taken], [m for m, is_taken in pairs if not is_taken]

    def _positions(self, work: UnitOfWork, query: sa.TextClause, messages: Iterable[Incoming]) -> dict[str, int]:
        keys = _encode([*{m.key for m in messages if m.key}]).decode()
        return dict(work.connection.execute(query, {"consumer": self.consumer, "keys": keys}).all())

    def _sort_facts(self, batch: Sequence[Incoming], work: UnitOfWork) -> Sorted:
        verdict = Sorted(faulty=[m for m in batch if m.sequence is None])
        placed = [m for m in batch if m.sequence is not None]
        if not placed:
            return verdict
        verdict.held = self._positions(work, _LOCK_POSITIONS, placed)
        verdict.positions = {m.key: verdict.held.get(m.key, 0) for m in placed}
        verdict.awaited = deferred.awaited(work, self.consumer, [m.key for m in placed if m.snapshot])
        for message in sorted(placed, key=_by_sequence):
            self._sort_fact(message, verdict)
        return verdict

    def _sort_fact(self, message: Incoming, verdict: Sorted) -> None:
        sequence, position = message.sequence or 0, verdict.positions[message.key]
        if sequence <= position or (message.snapshot and message.key in verdict.awaited):
            verdict.duplicates.append(message)
        elif sequence > position + 1 and not message.snapshot:
            verdict.early.append(message)
        elif message.fault:
            verdict.faulty.append(message)
            verdict.awaited.add(message.key)
        else:
            verdict.fit.append(message)
            verdict.skipped += sequence - position - 1
            verdict.positions[message.key] = sequence

    def _sort_requests(self, batch: Sequence[Incoming], work: UnitOfWork) -> Sorted:
        verdict = Sorted(faulty=[m for m in batch if m.fault])
        requests = [m for m in batch if not m.fault]
        for message, found in zip(requests, self._admitted(requests, work), strict=True):
            self._sort_request(message, found, verdict)
        return verdict

    def _admitted(self, requests: Sequence[Incoming], work: UnitOfWork) -> Sequence[Verdict]:
        return inbox.admit(work.connection, self.consumer, [(name(m), m.content) for m in requests])

    def _sort_request(self, message: Incoming, found: Verdict, verdict: Sorted) -> None:
        if found == "conflict":
            message.fault = _same_id_other_content()
        {"new": verdict.fit, "duplicate": verdict.duplicates, "conflict": verdict.faulty}[found].append(message)

    def _move_positions(self, verdict: Sorted, work: UnitOfWork) -> None:
        moved = {m.key: verdict.positions[m.key] for m in verdict.fit if m.key}
        old = [{"k": key, "n": n} for key, n in moved.items() if key in verdict.held]
        new = [{"k": key, "n": n} for key, n in moved.items() if key not in verdict.held]
        if old:
            self._write(_MOVE_POSITIONS, old, work)
        if new and self._write(_BEGIN_POSITIONS, new, work) < len(new):
            raise Overtaken

    def _write(self, query: sa.TextClause, positions: Sequence[Mapping[str, object]], work: UnitOfWork) -> int:
        parameters = {"consumer": self.consumer, "rows": _encode(positions).decode()}
        return work.connection.execute(query, parameters).rowcount


def _same_id_other_content() -> Conflict:
    """The fault of a request whose name was taken by another."""
    return Conflict(
        "same-id-other-content",
        field="/id",
        da="Samme id er allerede modtaget med et andet indhold. Send det nye indhold under et nyt id.",
        en="The same id was already taken with other content. Send the new content under a new id.",
    )


def _by_sequence(message: Incoming) -> tuple[str, int]:
    return message.key, message.sequence or 0
