"""How the demo says what it is doing: a line for each step, and a bar while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

Note = Callable[[int, str], None]
"""Called with how far a step has come, and what is to be said about it."""


class Teller(Protocol):
    """Hears of every step."""

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Note]:
        """A step with so many parts; call what it yields as often as there is something new."""
        ...


class Silent:
    """Says nothing."""

    @contextmanager
    def step(self, _title: str, _total: int) -> Iterator[Note]:
        """See `Teller.step`."""
        yield lambda _done, _note: None


class OnConsole:
    """Shows the present step as a bar, and each finished one as a line; without a terminal, the lines alone."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Note]:
        """See `Teller.step`."""
        columns = (TextColumn("  {task.description:<34}"), BarColumn(24), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
        said = [""]
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(title, total=total, note="")

            def note(done: int, text: str) -> None:
                said[0] = text
                progress.update(task, completed=done, note=text)

            yield note
        self._console.print(f"  [green]✓[/] {title:<34} {said[0]}", highlight=False, soft_wrap=True)
