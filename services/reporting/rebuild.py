"""The projections, made anew from the log: the same path as live facts take, so the tables are the same in the end."""

from collections.abc import Generator, Iterable

from services.chassis.bus import Delivery
from services.chassis.replay import replay
from services.chassis.service import Context
from services.reporting.service import FACTS


def rebuild(context: Context, messages: Iterable[Delivery], *, resume: bool = False) -> Generator[int, None, None]:
    """Empty the projections and take every fact of the log again; yields the offset reached after each batch.

    Live facts may come in meanwhile: they wait as early ones until the log has reached them. When it was ended half-way,
    call it again with `resume` and the rest of the log, or all of it: what was taken already has no second effect.
    """
    if not resume:
        with context.work() as work:
            work.forget(FACTS.queue)
    yield from (offset for offset, _taken in replay(context, messages))
