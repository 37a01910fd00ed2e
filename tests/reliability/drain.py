"""What is seen of a backlog while it goes: how fast, at what cost, and how large the process is that works it off.

Other work on the machine makes a rate slower, but not a message dearer. So what a long backlog must not do to the
service is judged by the processor time of the process and of the database that serves it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from time import monotonic

import psutil

from services.chassis.service import Context
from tests.reliability.beside import beside
from tests.reliability.oracle import rows
from tests.reliability.processes import Process

LOOK_S = 0.1
GROWS_AT_MOST_MB = 60
"""What one batch may take, in hand and on its way: however long the backlog is."""
DEARER_AT_MOST = 2
"""So many times what a message costs in a short backlog it may cost in a long one, and in the second half of it what in the first."""
_SERVING = "select pid from pg_stat_activity where datname = current_database() and application_name <> 'test'"


@dataclass(frozen=True)
class Look:
    """One look: how much was left when, what had been spent by then, and how large the process was."""

    left: int
    at: float
    spent_s: float
    megabytes: float


class Drain:
    """All looks at a backlog, of which the first was before it began to shrink."""

    def __init__(self) -> None:
        self.looks: list[Look] = []

    @property
    def rates(self) -> tuple[float, float]:
        """Messages a second, in the first half of the backlog and in the second."""
        first, second = self._halves()
        return _rate(first), _rate(second)

    @property
    def cost_ms(self) -> float:
        """Milliseconds of processor time for each message."""
        return _cost_ms(self.looks)

    @property
    def grown(self) -> float:
        """Megabytes from the first look to the largest."""
        return max(look.megabytes for look in self.looks) - self.looks[0].megabytes

    def told(self) -> str:
        """One line for a person."""
        first, second = self.rates
        size = f"{self.looks[0].megabytes:.0f} MB at first and {self.grown:.0f} MB more at most"
        return f"{first:.0f} and then {second:.0f} messages/s, {self.cost_ms:.2f} ms of processor each, {size}"

    def judge(self, short: "Drain", *, slowest_per_s: float) -> None:
        """Fail when it was slow, grew with the backlog, or did more for each message later on or than in a short backlog."""
        first, second = (_cost_ms(half) for half in self._halves())
        assert second <= DEARER_AT_MOST * first, f"{first:.2f} and then {second:.2f} ms: {self.told()}"
        assert self.cost_ms <= DEARER_AT_MOST * short.cost_ms, f"{self.told()}; in a short backlog {short.told()}"
        assert min(self.rates) >= slowest_per_s, self.told()
        assert self.grown < GROWS_AT_MOST_MB, self.told()

    def _halves(self) -> tuple[Sequence[Look], Sequence[Look]]:
        middle = min(range(len(self.looks)), key=lambda n: abs(self.looks[n].left - self.looks[0].left / 2))
        return self.looks[: middle + 1], self.looks[middle:]


class Spending:
    """The processor time that a process uses, itself and in its database."""

    def __init__(self, process: Process, context: Context) -> None:
        self._pid, self._context = process.pid, context
        self._seconds: dict[int, float] = {}

    def seconds(self) -> float:
        """How much it was until now. What a connection used that has ended is what it had when it was last looked at."""
        for pid in [self._pid, *(row.pid for row in rows(self._context, _SERVING))]:
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                self._seconds[pid] = times.user + times.system
        return sum(self._seconds.values())


@contextmanager
def observed(process: Process, context: Context, left: Callable[[], int], every_s: float = LOOK_S) -> Iterator[Drain]:
    """Look before the block, again and again during it, and after it."""
    drain, spending, size = Drain(), Spending(process, context), psutil.Process(process.pid)

    def look() -> None:
        drain.looks.append(Look(left(), monotonic(), spending.seconds(), size.memory_info().rss / 2**20))

    def watch(stop: Event) -> None:
        while not stop.wait(every_s):
            look()

    look()
    with beside(watch):
        yield drain
    look()


def _rate(looks: Sequence[Look]) -> float:
    return _gone(looks) / max(looks[-1].at - looks[0].at, LOOK_S)


def _cost_ms(looks: Sequence[Look]) -> float:
    return 1_000 * (looks[-1].spent_s - looks[0].spent_s) / max(_gone(looks), 1)


def _gone(looks: Sequence[Look]) -> int:
    return looks[0].left - looks[-1].left
