"""How far a long command has come: a bar on a terminal; elsewhere a line now and then, which a file or a pipe can keep."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic

from rich.console import Console
from rich.progress import Progress

SILENCE_S = 10.0
"""Seconds between two lines where there is no terminal."""


def told(console: Console, what: str, steps: Iterable[int], total: int | None = None) -> Iterator[int]:
    """The same steps, each of which says how far it has come, while `console` shows it."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        say = _now_and_then(console, what)
        for done in steps:
            progress.update(task, completed=done)
            say(done)
            yield done


def _now_and_then(console: Console, what: str) -> Callable[[int], None]:
    last = monotonic()

    def say(done: int) -> None:
        nonlocal last
        if not console.is_terminal and monotonic() - last >= SILENCE_S:
            last = monotonic()
            console.print(f"{what}: {done}")

    return say
