"""Clients of a rush: processes of their own, each with its own connection, who sign families up one after the other."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from time import monotonic, process_time
from typing import Any

from benchmarks.seats.advisory_locks import AdvisoryLocks
from benchmarks.seats.deltag import Deltag
from benchmarks.seats.rivals import Family, Rival
from benchmarks.seats.row_lock import RowLock

RIVALS: tuple[Rival, ...] = (Deltag(), RowLock(), AdvisoryLocks())
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
_STARTS: list[Any] = []


@dataclass(frozen=True)
class Shift:
    """What one client does: it signs these families up to activities that it chooses by chance, until the time is over."""

    rival: int
    url: str
    activities: Sequence[str]
    families: Sequence[Family]
    seconds: float
    seed: int


@dataclass(frozen=True)
class Worked:
    """How long each sign-up took, what went wrong, and the seconds of this process and on the clock."""

    ms: Sequence[float]
    errors: Sequence[str]
    cpu_s: float
    s: float


def rush(shifts: Sequence[Shift]) -> Sequence[Worked]:
    """All at once, from a common start."""
    start = FORKS.Barrier(len(shifts))
    with FORKS.Pool(len(shifts), initializer=_remember, initargs=(start,)) as processes:
        return processes.map(work, shifts, chunksize=1)


def work(shift: Shift) -> Worked:
    """One client's part of it."""
    chance = random.Random(shift.seed)  # noqa: S311 - variety that can be had again
    times: list[float] = []
    errors: list[str] = []
    with RIVALS[shift.rival].desk(shift.url) as sign_up:
        _STARTS[0].wait(timeout=60)
        began, used = monotonic(), process_time()
        for family in shift.families:
            if (since := monotonic()) - began > shift.seconds:
                break
            try:
                sign_up(chance.choice(shift.activities), family)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                errors.append(type(error).__name__)
            times.append((monotonic() - since) * 1000)
        return Worked(times, errors, process_time() - used, monotonic() - began)


def _remember(start: Any) -> None:
    _STARTS.append(start)
