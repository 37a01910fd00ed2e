"""What a service does that is told of an erasure: it notes it, erases at once in a transaction of its own, and says what it erased.

Noted in one transaction and carried out in the next, because whoever reads facts shares the lock that erasing needs alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from services.chassis.envelope import Received
from services.chassis.erasure.erasing import erase
from services.chassis.erasure.stand_in import stand_in
from services.chassis.service import Context, Handler, Timer, many
from services.chassis.storage import UnitOfWork

DECIDED: Final = "registration.erasure.decided.v1"
KEY: Final = "registration.erasure.#"
TIMER: Final = "erase"

_NOTE = sa.text(
    "insert into chassis.erasure (erasure_id, ids, told_at) values (cast(:erasure_id as uuid), cast(:ids as jsonb), :now)"
    " on conflict do nothing"
)
_AHEAD = sa.text("select erasure_id::text, ids from chassis.erasure where done_at is null order by told_at limit 1 for update skip locked")
_DONE = sa.text(
    "update chassis.erasure set ids = null, done_at = :now, counts = cast(:counts as jsonb) where erasure_id = cast(:erasure_id as uuid)"
)


class Decided(msgspec.Struct):
    """Whose ids are to be erased."""

    erasure_id: UUID
    erased_ids: Sequence[UUID]


def note(messages: Sequence[Received[Decided]], work: UnitOfWork) -> None:
    """Note what is to be erased; each erasure once."""
    for message in messages:
        ids = msgspec.json.encode(message.data.erased_ids).decode()
        work.connection.execute(_NOTE, {"erasure_id": message.data.erasure_id, "ids": ids, "now": work.now})
    work.wake(TIMER)


READS: Final[Mapping[str, Handler]] = {DECIDED: many(Decided, note, verbatim=True)}
"""What every service that holds something of people reads."""


def carry_out(context: Context) -> None:
    """Erase what is noted; the timer `erase`."""
    while _carry_out_next(context):
        pass


def timer() -> Timer:
    """The clock of it."""
    return Timer(TIMER, every=30.0, run=carry_out)


def _carry_out_next(context: Context) -> bool:
    """Whether there was one."""
    with context.work() as work:
        row = work.connection.execute(_AHEAD).first()
        if row is None:
            return False
        _erase(row.erasure_id, row.ids, work)
    return True


def _erase(erasure_id: str, ids: Sequence[str], work: UnitOfWork) -> None:
    personal = work.context.service.personal
    if personal is None:
        raise TypeError(f"{work.context.service.name} listens to erasures and does not say what it holds")
    counts = erase(work, personal.held, ids)
    cause = _cause(erasure_id)
    personal.afterwards([stand_in(one) for one in ids], work, cause)
    work.connection.execute(_DONE, {"erasure_id": erasure_id, "now": work.now, "counts": msgspec.json.encode(counts).decode()})
    work.emit(personal.answer, subject=erasure_id, data=answer(erasure_id, counts, work), cause=cause)


def answer(erasure_id: str, counts: Mapping[str, int], work: UnitOfWork) -> dict[str, Any]:
    """What a fact says of what was erased: how many of each kind, and of nobody."""
    return {"erasure_id": erasure_id, "erased_at": work.now, "counts": [{"kind": kind, "count": count} for kind, count in counts.items()]}


def _cause(erasure_id: str) -> Received[None]:
    return Received(id=erasure_id, source="", type=DECIDED, subject=erasure_id, data=None)
