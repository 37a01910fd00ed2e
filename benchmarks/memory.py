"""Memory: each of the four services at rest, and two services of the chassis over a long stream."""

from itertools import islice

from benchmarks.contestants.field import DELTAG
from benchmarks.job import events
from benchmarks.machine import Machine, machine
from benchmarks.process import answering
from benchmarks.running import entered
from benchmarks.town import town
from benchmarks.waiting import until
from benchmarks.wanted import Result, Wanted, tell
from services.cli.places import NAMES

CHUNK = 20_000
CHUNKS = 10
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
    """Resident megabytes after every twenty thousand messages, of the service that takes them and of the one that writes them down."""
    with machine() as servers:
        return {"chunk": wanted.of(CHUNK), "megabytes": _streamed(servers, wanted.of(CHUNK))}


def _streamed(servers: Machine, chunk: int) -> list[list[float]]:
    coming, found = events(), []
    with servers.ground("quorum") as ground, entered(DELTAG, ground) as entry, entry.working() as processes:
        for number in range(1, CHUNKS + 1):
            entry.send(list(islice(coming, chunk)))
            until(lambda number=number: entry.facts() >= number * chunk, "the stream stops", every_s=0.5)  # type: ignore[misc]
            found.append([process.memory_info().rss / MB for process in processes])
            tell(f"{number * chunk:10,} messages: " + ", ".join(f"{megabytes:.1f} MB" for megabytes in found[-1]))
    return found
