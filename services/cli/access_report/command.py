"""The command: gather what each service holds, note that it was done, and write both files where nobody else can read them."""

import getpass
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
import typer

from services.chassis.access_report import access_report
from services.chassis.errors import Invalid
from services.chassis.files import write_private
from services.chassis.http.audit import record_command
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork
from services.cli.access_report.document import as_html
from services.cli.places import NAMES, place_for
from services.cli.publish.command import Language, Reasons
from services.cli.terminal import console, plainly

FILES: Final = ("access-report.json", "access-report.html")


@plainly
def write_access_report(
    person_id: Annotated[UUID, typer.Argument(help="Deltag's id of a child, a guardian or a professional.")],
    actor: Annotated[str, typer.Option("--as", help="Who does this, for the audit.", default_factory=getpass.getuser)],
    folder: Annotated[
        Path,
        typer.Option(
            "--to",
            help="The folder to write both files into, made where there is none; for the person's eyes alone.",
            file_okay=False,
        ),
    ] = Path(),
    language: Reasons = Language.DA,
) -> None:
    """Write down everything that Deltag holds of somebody (GDPR, article 15), with when and for what purpose it was looked at.

    Hand it to that person alone, by Digital Post or in the hand. Who looked is not in it.
    """
    _make(folder)
    gathered = _gathered(str(person_id), actor)
    for name, content in zip(FILES, (_as_json(gathered), as_html(gathered, language.value)), strict=True):
        write_private(folder / name, content)
    console.print(f"Written: {', '.join(str(folder / name) for name in FILES)}.", highlight=False, soft_wrap=True)


def _make(folder: Path) -> None:
    """Before anything is gathered, so that nothing is noted as handed out that could not be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        text = f"There can be no folder {folder}: something else is there, or you may not write beside it."
        raise Invalid("no-folder", field="--to", da=text, en=text) from None


def _gathered(person_id: str, actor: str) -> dict[str, Any]:
    """Registration knows which other ids are his; the others are asked for all of them."""
    from services.registration.handlers import subject_access  # noqa: PLC0415 - costs the other commands nothing

    with place_for(NAMES[0]).context(NAMES[0]).work() as work:
        ids = subject_access.ids_of(person_id, work)
        parts, at, children = [subject_access.report(ids, work)], work.now, subject_access.children_of(ids[0], work)
        _note(actor, ids, work)
    parts += [_part(place_for(name).context(name), ids, children, actor) for name in NAMES[1:]]
    return {"person_id": person_id, "written_at": at, "services": parts}


def _part(context: Context, ids: Sequence[str], children: Sequence[str], actor: str) -> dict[str, Any]:
    with context.work() as work:
        part = access_report(work, context.service.personal.held if context.service.personal else (), ids, children)
        _note(actor, ids, work)
    return part


def _note(actor: str, ids: Sequence[str], work: UnitOfWork) -> None:
    record_command("deltag access-report", actor, ids[:1], work, purpose="answer-enquiry")


def _as_json(gathered: dict[str, Any]) -> str:
    return json.dumps(msgspec.to_builtins(gathered), ensure_ascii=False, indent=1) + "\n"
