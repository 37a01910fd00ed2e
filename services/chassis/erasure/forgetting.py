"""Reading facts so that an erased id is never read again: a stand-in is read in its place, in whatever order facts come.

A fact of an aggregate that was itself erased (a card, an enrolment) has no effect any more, unless its handler asks for
such facts: figures stay what they were. It counts as taken, under its stand-in.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import sqlalchemy as sa

from services.chassis.erasure.stand_in import ids_in, replaced, stand_in
from services.chassis.reading import Incoming, Reader
from services.chassis.storage import UnitOfWork

LOCK: Final = "hashtext('deltag erasure')"
"""Who reads facts shares it from before he looks who was erased to his commit; who erases has it alone."""

_SHARE = sa.text(f"select pg_advisory_xact_lock_shared({LOCK})")
_NEWER = sa.text("select number, stand_in from chassis.erased where number > :last order by number")
"""A statement of its own, after the lock: so it sees what was committed before the lock was had."""

_OURS = frozenset({"row", "attempts", "hurried"})
"""What a message that is read anew keeps of itself."""


class Forgetting:
    """What one queue knows of who was erased; it looks for newer ones in each transaction."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stand_ins: set[str] = set()
        self._last = 0

    def read(self, batch: Sequence[Incoming], work: UnitOfWork) -> None:
        """Read those of these facts anew that name somebody who was erased."""
        work.connection.execute(_SHARE)
        for number, found in work.connection.execute(_NEWER, {"last": self._last}):
            self._stand_ins.add(found)
            self._last = number
        for message in batch if self._stand_ins else ():
            self._read(message)

    def _read(self, message: Incoming) -> None:
        if message.handler and message.handler.verbatim:
            return
        body = message.delivery.body
        if erased := {one: other for one in ids_in(body) if (other := stand_in(one)) in self._stand_ins}:
            message.delivery.body = replaced(body, erased)
            _become(message, self._reader.read(message.delivery))
        if message.key.rpartition("/")[2] in self._stand_ins and not (message.handler and message.handler.of_erased):
            message.handler, message.fault, message.refusals = None, None, ()


def _become(message: Incoming, other: Incoming) -> None:
    for field in fields(Incoming):
        if field.name not in _OURS:
            setattr(message, field.name, getattr(other, field.name))
