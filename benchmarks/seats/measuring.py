"""The runs: sixteen clients who sign up to one activity, and to 500 at once; what is stored already; and an opening rush."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import quantiles

from benchmarks.machine import Machine, machine
from benchmarks.seats import opening
from benchmarks.seats.clients import RIVALS, Shift, Worked, rush
from benchmarks.seats.rivals import Family, Rival
from benchmarks.wanted import Result, Wanted, tell

CLIENTS = 16
SECONDS = 4.0
A_SECOND = {"deltag": 500}
MOST_A_SECOND = 2_500
"""More sign-ups than anybody makes, so that each client has families enough; of those who must be known, sparingly."""
AT_ONCE = (1, 500)
STORED = (100, 10_000, 1_000_000)
MEASURED = 300
LONG = 600.0
"""Seconds that no number of sign-ups takes."""


@dataclass
class Field:
    """A rival's number, its database, the activities that grow there, and how many families these have."""

    number: int
    url: str
    activities: Sequence[str] = ()
    known: int = 0

    @property
    def rival(self) -> Rival:
        """Whose it is."""
        return RIVALS[self.number]

    def shifts(self, activities: Sequence[str], families: Sequence[Family], clients: int, seconds: float) -> Sequence[Shift]:
        """The families dealt out to the clients."""
        return [Shift(self.number, self.url, activities, families[client::clients], seconds, client) for client in range(clients)]

    def grow(self, to: int) -> None:
        """Store as many families as are missing for that many."""
        if to > self.known:
            self.rival.store(self.url, self.activities, to - self.known)
            self.known = to


def measure(wanted: Wanted) -> Result:
    """The rush and the growth on databases that take in what every run leaves; each opening in a town of its own."""
    with machine() as servers:
        with _fields(servers) as fields:
            runs = [_rush(turn, field, at_once, wanted) for turn in range(wanted.rounds) for at_once in AT_ONCE for field in fields]
        with _fields(servers) as fields:
            growth = list(_growth(servers, fields, wanted))
        openings = [opening.run(turn, servers, wanted) for turn in range(wanted.rounds)]
    sizes = [wanted.of(number) for number in STORED]
    return {"rounds": wanted.rounds, "clients": CLIENTS, "stored": sizes, "runs": [*runs, *growth, *openings]}


@contextmanager
def _fields(servers: Machine) -> Iterator[Sequence[Field]]:
    """One for each rival, with its tables."""
    with ExitStack() as stack:
        grounds = [stack.enter_context(servers.ground("classic", databases=("seats",))) for _ in RIVALS]
        fields = [Field(number, ground.urls["seats"]) for number, ground in enumerate(grounds)]
        for field in fields:
            field.rival.prepare(field.url)
        yield fields


def _rush(turn: int, field: Field, at_once: int, wanted: Wanted) -> Result:
    name, activities = field.rival.name, field.rival.open(field.url, at_once)
    families = field.rival.welcome(field.url, wanted.of(A_SECOND.get(name, MOST_A_SECOND) * SECONDS))
    found = _figures(rush(field.shifts(activities, families, CLIENTS, SECONDS * wanted.scale)))
    stands = field.rival.stands(field.url, activities)
    ok = found["ok"] and all(stand.is_right for stand in stands) and sum(stand.families for stand in stands) == found["signups"]
    rate, p99 = found["signups_per_s"], found["p99_ms"]
    tell(f"{turn + 1} seats {name:15} {at_once:3} at once {rate:7,.0f}/s p99 {p99:,.0f} ms {'ok' if ok else 'WRONG'}")
    return {"round": turn, "name": name, "at_once": at_once, **found, "ok": ok}


def _growth(servers: Machine, fields: Sequence[Field], wanted: Wanted) -> Iterator[Result]:
    """One client; at each size all rivals in each round."""
    for field in fields:
        field.activities = field.rival.open(field.url, AT_ONCE[-1])
    for stored in (wanted.of(number) for number in STORED):
        for field in fields:
            field.grow(stored)
        servers.run("checkpoint")
        yield from (_costs(turn, field, stored, servers, wanted) for turn in range(wanted.rounds) for field in fields)


def _costs(turn: int, field: Field, stored: int, servers: Machine, wanted: Wanted) -> Result:
    name, families = field.rival.name, field.rival.welcome(field.url, wanted.of(MEASURED))
    before = servers.cpu([])["postgres"]
    found = _figures(rush(field.shifts(field.activities, families, 1, LONG)))
    postgres = (servers.cpu([])["postgres"] - before) * 1000 / len(families)
    field.known += len(families)
    both = postgres + found["cpu_python_s_per_1000"]
    ok = found["ok"] and all(stand.is_right for stand in field.rival.stands(field.url, field.activities))
    p50 = found["p50_ms"]
    tell(f"{turn + 1} seats {name:15} {stored:9,} stored {both:6.2f} s/1000, p50 {p50:.1f} ms {'ok' if ok else 'WRONG'}")
    costs = {"cpu_postgres_s_per_1000": postgres, "cpu_both_s_per_1000": both}
    return {"round": turn, "name": name, "stored": stored, **found, **costs, "ok": ok}


def _figures(worked: Sequence[Worked]) -> Result:
    times = [ms for one in worked for ms in one.ms]
    cuts = quantiles(times, n=100)
    errors = [error for one in worked for error in one.errors]
    return {
        "signups": len(times),
        "signups_per_s": len(times) / max(one.s for one in worked),
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "cpu_python_s_per_1000": sum(one.cpu_s for one in worked) * 1000 / len(times),
        "errors": len(errors),
        "ok": not errors,
    }
