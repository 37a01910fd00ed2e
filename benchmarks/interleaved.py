"""All contestants and both limits, one after the other, round by round, so that a neighbour's load falls on everyone."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import limits
from benchmarks.contestants.field import FIELD
from benchmarks.machine import Machine, machine
from benchmarks.pipeline import Run, failed, latency, throughput
from benchmarks.wanted import QUEUE_TYPES, Result, Wanted, tell

LIMIT_MESSAGES = 20_000
LATENCY_S = 10.0

Step = tuple[str, str, str, Callable[[], Run]]


def measure(wanted: Wanted) -> Result:
    """Every run of every round."""
    with machine() as ground:
        runs = [_run(number, *step) for number in range(wanted.rounds) for step in _steps(ground, wanted)]
    return {"rounds": wanted.rounds, "runs": runs}


def _steps(ground: Machine, wanted: Wanted) -> Iterator[Step]:
    yield "postgres", "", "limit", partial(limits.insert, ground, wanted.of(LIMIT_MESSAGES))
    for queue_type in QUEUE_TYPES:
        yield "rabbitmq", queue_type, "limit", partial(limits.publish, ground, queue_type, wanted.of(LIMIT_MESSAGES))
        for contestant in FIELD:
            yield contestant.name, queue_type, "throughput", partial(throughput, contestant, ground, queue_type, wanted.scale)
        for contestant in FIELD:
            yield contestant.name, queue_type, "latency", partial(latency, contestant, ground, queue_type, LATENCY_S * wanted.scale)


def _run(number: int, name: str, queue_type: str, mode: str, act: Callable[[], Run]) -> Run:
    try:
        run = {"ok": True, **act()}
    except (TimeoutError, LookupError) as error:
        run = failed(error)
    told = ", ".join(f"{figure} {value:,.3f}" for figure, value in run.items() if isinstance(value, float))
    tell(f"{number + 1} {mode:10} {queue_type:8} {name:14} {'ok   ' if run['ok'] else 'WRONG'} {told} {run.get('error', '')}")
    return {"round": number, "name": name, "queue_type": queue_type, "mode": mode, **run}
