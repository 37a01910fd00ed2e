"""What the demo says at its end, for somebody who sees Deltag for the first time: what happened, whether it is right, where to look."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from services.cli.demo.file import FOLDER, REQUESTS, DemoFile
from services.cli.demo.outcome import Counts, Difference, Outcome, differences
from services.cli.demo.world import World

_EXAMPLE = "contracts/enrolment.requested/v1.example.json"

WIDTH = 40
"""Of one group of numbers; as many stand side by side as the terminal has room for."""

_GROUPS: Sequence[tuple[str, str, str]] = (
    ("requests", "Enrolment requests", "{lines:,} messages from other systems"),
    ("rejected", "Rejected, by reason", "one with several is told them all"),
    ("parked", "Parked, by reason", "put aside unchanged, for a person"),
    ("sign-ups", "Sign-ups", "to {activities} activities, in strict order"),
    ("mails", "Mails delivered, by kind", "in the language that a person reads"),
    ("attendance", "Attendance", "at today's activities"),
    ("report", "The report", "from facts; small numbers are hidden"),
)


def show(console: Console, world: World, file: DemoFile, expected: Counts, outcome: Outcome) -> bool:
    """Print it all; returns whether every number is what it must be."""
    wrong = list(differences(expected, outcome))
    console.print()
    console.print(Columns(_groups(file, expected, outcome), width=WIDTH))
    console.print("The report is one programme's. Requests that break their contract are rejected unread and count for no programme.\n")
    if outcome.shared:
        console.print("Somebody else has used this Deltag too: the report, and what is parked, are about more than the demo.\n")
    console.print("[bold]Where to look[/]")
    console.print(Padding(_grid(_places(world, outcome)), (0, 0, 1, 2)), highlight=False)
    console.print("[bold]Try next[/]")
    for number, advice in enumerate(_advice(world), start=1):
        console.print(f"  {number}. {advice}", highlight=False, soft_wrap=True)
    console.print()
    _verdict(console, wrong)
    return not wrong


def _groups(file: DemoFile, expected: Counts, outcome: Outcome) -> Iterator[RenderableType]:
    facts = {"lines": len(file.lines), "activities": outcome.counts["activities"]["open"]}
    wrong = {(one.group, one.name): one for one in differences(expected, outcome)}
    for group, title, about in _GROUPS:
        numbers = dict.fromkeys(expected[group], 0) | dict(outcome.counts[group])
        largest_first = sorted(numbers.items(), key=lambda item: -(item[1] or 0))
        rows = (_number(name, count, wrong.get((group, name))) for name, count in largest_first)
        yield Group(f"[bold]{title}[/]", f"[dim]{about.format_map(facts)}[/]", _grid(rows, right=True), "")


def _number(name: str, count: int | None, wrong: Difference | None) -> tuple[str, str]:
    """A number and its name; one that is not what it must be is red, and says so."""
    if count is None:
        return "-", f"{name} (hidden)"
    return (f"[red]{count:,}[/]", f"[red]{name}: must be {wrong.expected}[/]") if wrong else (f"{count:,}", name)


def _grid(rows: Iterable[tuple[str, str]], *, right: bool = False) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _places(world: World, outcome: Outcome) -> Iterator[tuple[str, str]]:
    for name, address in world.base.items():
        yield f"the API of {name}", f"{address}/docs"
    yield "the report", f"{world.base['reporting']}/report"
    yield "metrics", "  ".join(f"{address}/metrics" for address in world.metrics)
    yield "mails", _mails(world.mail_folder)
    yield "reminders", _reminders(outcome.reminders)
    yield "everything else", str(world.data_folder)


def _mails(folder: Path | None) -> str:
    if folder is None:
        return "at the mail server of DELTAG_SMTP_URL"
    return f"{len(list(folder.glob('*.eml')))} .eml files in {folder}: any mail program opens them"


def _reminders(sent: int) -> str:
    when = "two days before a session, to those who had their seats by then"
    return f"{sent} more mails, {when}" if sent else f"none yet: they go out {when}"


def _deltag() -> str:
    """The command as it can be pasted: its name where it is on the PATH, else the file beside this Python."""
    own = Path(sys.executable).with_name("deltag")
    if shutil.which("deltag") or not own.exists():
        return "deltag"
    return str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)


def _advice(world: World) -> Iterator[str]:
    deltag = _deltag()
    yield f"Read the report as the funder would: {world.base['reporting']}/report"
    yield f"See what nobody could read, and why: {deltag} parked list registration"
    door = f"--http {world.base['registration']}/v1 --token $({deltag} token system)"
    yield f"Ask for an enrolment yourself: {deltag} publish {_EXAMPLE} {door}"


def _verdict(console: Console, wrong: Sequence[Difference]) -> None:
    if not wrong:
        right = f"[green]Every number is what {FOLDER.name}/{REQUESTS} says it must be.[/]"
        console.print(f"{right} Play it again: nothing happens twice.", highlight=False)
        return
    console.print(f"[red]{len(wrong)} numbers are not what {FOLDER.name}/{REQUESTS} says they must be:[/]")
    for one in wrong:
        console.print(f"  [red]{one.group}: {one.name} is {one.found}, and must be {one.expected}[/]", highlight=False)
    if any(one.group == "sign-ups" for one in wrong):
        console.print(
            "  Where sign-ups are missing, an earlier run was broken off and its activities have begun since."
            " A new data folder (DELTAG_DATA_DIR) begins anew."
        )
