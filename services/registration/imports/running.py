"""Runs the passes, one committed chunk after the other: on the service's clock, or in a command that shows how far it is.

Two who work on the same import take turns at its row, and each chunk begins where the last committed one ended.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import sqlalchemy as sa
import structlog

from services.chassis.callers import CALLERS
from services.chassis.crashpoints import crash_point
from services.chassis.database import is_collision
from services.chassis.errors import Invalid, Reason, TryLater, Unavailable
from services.chassis.service import Context
from services.registration.imports.handlers import TIMER
from services.registration.imports.passes import Passes
from services.registration.imports.record import WORKING, Import, State
from services.registration.imports.texts import reason

log = structlog.get_logger(__name__)

CHUNKS_A_TURN = 4
"""How many chunks the clock does before it lets a stop, or another import, be heard."""

GIVES_WAY_S = 0.25
"""How long, after a chunk, callers of the same process go first: an import goes on, slowly, where there are always some."""

_AFTER_APPLYING = {State.APPLYING, State.UNDO_CHECKING, State.UNDOING}

TRIES = 6
"""How often a chunk is begun that collided with another transaction."""


class Run:
    """The way of one import until it needs a person, or is through; a `shy` one ends where somebody else is at it."""

    def __init__(self, context: Context, import_id: str, *, shy: bool = False) -> None:
        self.context = context
        self.import_id = import_id
        self.shy = shy
        self._passes = Passes()

    def chunks(self) -> Iterator[Import]:
        """Do the next chunk, commit, and say how far it is; ends when there is nothing to do."""
        while imported := self._next():
            crash_point("import.chunk")
            yield imported

    def _next(self) -> Import | None:
        try:
            return self._without_collision()
        except (TryLater, Unavailable):
            raise
        except Invalid as unreadable:
            return self._give_up(unreadable)
        except Exception:
            log.exception("import.failed", import_id=self.import_id)
            return self._give_up([reason("defect")])

    def _without_collision(self) -> Import | None:
        for _ in range(TRIES):
            try:
                return self._step()
            except sa.exc.DBAPIError as error:
                if not is_collision(error):
                    raise
        raise TryLater

    def _step(self) -> Import | None:
        with self.context.work() as work:
            imported: Import | None = work.imports.lock(self.import_id, unless_taken=self.shy)
            if imported is None or imported.state not in WORKING:
                return None
            self._passes.step(imported, work)
            work.imports.save(imported)
            return imported

    def _give_up(self, reasons: Iterable[Reason]) -> Import | None:
        """Say why it cannot go on, and leave it to a person, so that the other imports do; what was done can be undone."""
        with self.context.work() as work:
            imported: Import | None = work.imports.lock(self.import_id)
            if imported is not None:
                imported.state = State.APPLIED if imported.state in _AFTER_APPLYING else State.UNREADABLE
                imported.trouble = [one.as_dict() for one in reasons]
                work.imports.save(imported)
            return imported


class Turns:
    """Does the work that waits, a few chunks a turn, and asks for another turn while there is more."""

    def __init__(self) -> None:
        self._run: Run | None = None

    def __call__(self, context: Context) -> None:
        """One turn."""
        run, self._run = self._run_for(context), None
        chunks = [_courteous(chunk) for chunk in islice(run.chunks(), CHUNKS_A_TURN)] if run else []
        self._run = run if len(chunks) == CHUNKS_A_TURN else None
        if chunks and (wake := context.wakers.get(TIMER)):
            wake()

    def _run_for(self, context: Context) -> Run | None:
        if self._run and self._run.context is context:
            return self._run
        with context.work() as work:
            import_id = work.imports.waiting(WORKING)
        return Run(context, import_id, shy=True) if import_id else None


def _courteous(chunk: Import) -> Import:
    """The chunk is committed, and nothing is locked: who came to a door meanwhile is served before the next one."""
    CALLERS.go_first(GIVES_WAY_S)
    return chunk
