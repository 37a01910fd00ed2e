"""Memory: each of the four services at rest, and two services of the chassis over a million messages."""

from collections.abc import Iterator, Sequence
from itertools import islice
from time import monotonic

import psutil

from benchmarks.contestants.field import DELTAG
from benchmarks.job import Event, events
from benchmarks.machine import machine
from benchmarks.process import answering
from benchmarks.running import Entry, entered
from benchmarks.town import town
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.cli.places import NAMES

SHARES = 10
SHARE = 100_000
WINDOW = 5_000
AHEAD = 15_000
"""How far the sender is ahead at most: nobody waits for him, and the broker never holds much (windows of 5,000 take him 0.3 s)."""
MB = 1_000_000


def at_rest(_wanted: Wanted) -> Result:
    """Resident megabytes of each service's process when it is ready: HTTP door, queues, relay and timers."""
    with machine() as servers, town(servers) as place:
        found = {}
        for name in NAMES:
            with answering(("services.cli", "run", name), place.environment, place.folder) as (_url, process):
                found[name] = process.memory_info().rss / MB
            tell(f"at rest    {name:14} {found[name]:6.1f} MB")
    return {"services": found}


def stream(wanted: Wanted) -> Result:
    """Resident megabytes after each tenth of a million, of the service that writes them down and of the one that takes them."""
    share = wanted.of(SHARE)
    with machine() as servers, servers.ground("quorum") as ground, entered(DELTAG, ground) as entry, entry.working() as processes:
        began = monotonic()
        found = list(_sampled(entry, processes, share))
        rate = SHARES * share / (monotonic() - began)
        counts = entry.counts()
    return {"chunk": share, "megabytes": found, "events_per_s": rate, "ok": set(counts.values()) == {SHARES * share}}


def _sampled(entry: Entry, processes: Sequence[psutil.Process], share: int) -> Iterator[list[float]]:
    coming = events()
    for done in range(share, (SHARES + 1) * share, share):
        _feed(entry, islice(coming, share), done - share)
        _await(entry, done)
        found = [process.memory_info().rss / MB for process in processes]
        tell(f"{done:10,} messages: " + ", ".join(f"{megabytes:.1f} MB" for megabytes in found))
        yield found


def _feed(entry: Entry, coming: Iterator[Event], sent: int) -> None:
    """Window after window, as fast as they are worked off."""
    while window := list(islice(coming, WINDOW)):
        entry.send(window)
        sent += len(window)
        _await(entry, sent - AHEAD)


def _await(entry: Entry, handled: int) -> None:
    until(lambda: entry.handled() >= handled, "the stream stops", every_s=0.1)
