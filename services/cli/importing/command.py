"""The command itself; what it needs is imported when it runs, so that other commands start as quickly as before."""

import getpass
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from services.chassis.errors import DeltagError
from services.cli.places import place_for
from services.cli.publish.command import Language, print_reasons


class About(StrEnum):
    """What the lines of a file are about."""

    FAMILIES = "families"
    PROFESSIONALS = "professionals"
    INSTITUTIONS = "institutions"
    DISTRICTS = "districts"


File = Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX, as a program or a person wrote it.")]
KindOption = Annotated[About | None, typer.Option("--kind", help="What the lines are about.")]
Programme = Annotated[str, typer.Option(help="The programme's code.")]
Values = Annotated[
    list[str] | None, typer.Option("--value", metavar="FIELD=TEXT", help="One value for all lines, as track=A; may be repeated.")
]
Columns = Annotated[
    list[str] | None, typer.Option("--column", metavar="NAME=FIELD", help="Which field a column is; without a field it is not read.")
]
Sender = Annotated[str, typer.Option(help="Whose file it is: the columns of his next one are remembered.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only the report; do not ask whether to apply it.")]
ConfirmId = Annotated[
    UUID | None, typer.Option("--confirm", metavar="ID", help="Apply this import, or take it back: whatever the report said that was read.")
]
UndoId = Annotated[
    UUID | None, typer.Option("--undo", metavar="ID", help="Say what taking this import back would do; then, on a yes, do it.")
]
ReportFile = Annotated[
    Path | None, typer.Option("--report", dir_okay=False, help="Write the whole report here: .csv or .xlsx. It holds personal data.")
]
Reasons = Annotated[Language, typer.Option(help="The language of the report.")]
Actor = Annotated[str, typer.Option("--as", help="Who does this, for the audit.", default_factory=getpass.getuser)]


def import_(
    actor: Actor,
    *,
    file: File = None,
    kind: KindOption = None,
    programme: Programme = "",
    value: Values = None,
    column: Columns = None,
    sender: Sender = "deltag import",
    dry_run: DryRun = False,
    confirm: ConfirmId = None,
    undo: UndoId = None,
    report: ReportFile = None,
    language: Reasons = Language.EN,
) -> None:
    """Read families, professionals, institutions or districts from a file: a report first, then, on a yes, what it says.

    A run that was broken off goes on where it was: call it again with --confirm ID or --undo ID. An undo, too, is a report first.

    Status 0: done, or nothing speaks against doing it. 1: lines were refused or left. 2: the file could not be taken.
    """
    from services.cli.importing.desk import Desk  # noqa: PLC0415 - costs the other commands nothing

    desk = Desk(place_for("registration").context("registration"), Console(soft_wrap=True, highlight=False), actor, language)
    try:
        if undo:
            well = desk.undo(str(undo), report) and (dry_run or desk.ask_to_undo(str(undo)))
        elif confirm:
            well = desk.confirm(str(confirm), file)
        else:
            imported = desk.dry_run(_content(file), _kind(kind), sender, {**_pairs(value), "programme": programme}, _pairs(column))
            well = desk.say(imported, report) and (dry_run or desk.ask(imported))
    except DeltagError as error:
        print_reasons(Console(stderr=True, soft_wrap=True, highlight=False), error, language)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if well else 1)


def _content(file: Path | None) -> bytes:
    if file is None:
        raise typer.BadParameter("Say which file; or --confirm ID or --undo ID.")
    return file.read_bytes()


def _kind(kind: About | None) -> str:
    if kind is None:
        raise typer.BadParameter("Say --kind families, professionals, institutions or districts.")
    return kind


def _pairs(given: Sequence[str] | None) -> Mapping[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    return {name.strip(): value.strip() for name, _, value in pairs}
