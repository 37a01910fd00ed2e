"""`deltag programme`: a programme is a folder of data, which is checked, compared, loaded and written out again, always whole."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.text import Text

from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.cli.places import place_for
from services.cli.publish.command import Language, Reasons
from services.cli.terminal import console, errors, plainly

if TYPE_CHECKING:
    from services.registration.programme_folder.difference import Change

SIGNS = {"added": "+", "changed": "~", "removed": "-"}

app = typer.Typer(no_args_is_help=True, help="Programmes are data: folders that are checked, compared, loaded and written out whole.")

Folder = Annotated[Path, typer.Argument(help="A programme's folder, such as programmes/sammen-om-boern.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON list of {how, what, field, old, new}.")]
Shared = Annotated[bool, typer.Option("--shared", help="Change institutions that other programmes refer to as well: seen, and meant.")]
WithDatabase = Annotated[bool, typer.Option("--database", help="Compare it with what is loaded too, and say what `load` would say.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]


@app.command()
@plainly
def check(folder: Folder, *, with_database: WithDatabase = False, shared: Shared = False, language: Reasons = Language.EN) -> None:
    """Check a programme's folder, and name every mistake in it: file, line, rule, and what to do.

    It takes no server; what is wrong beside what is loaded already is told with `--database`.
    """
    from services.registration.programme_folder import read  # noqa: PLC0415 - costs the other commands nothing

    if with_database:
        diff(folder, shared=shared, language=language)
    _must_be_there(folder)
    with _mistakes_told(language):
        found = read(folder)
    console.print(f"{folder.name} is in order: {len(found.institutions)} institutions, {len(found.content.files)} files.", highlight=False)


@app.command()
@plainly
def diff(folder: Folder, *, as_json: AsJson = False, shared: Shared = False, language: Reasons = Language.EN) -> None:
    """Say what loading a programme's folder would change: what is added, changed and removed, with old and new values.

    Status 1 where the folder has mistakes, takes away what is in use, or changes (without `--shared`) what other programmes refer to.
    """
    from services.registration.handlers.programmes import compare_programme  # noqa: PLC0415
    from services.registration.programme_folder import refuse_clashes  # noqa: PLC0415

    _must_be_there(folder)
    with place_for("registration").context("registration").work() as work, _mistakes_told(language):
        compared = compare_programme(folder, work)
        _say_changes(compared.changes, as_json=as_json)
        refuse_clashes(compared.folder, compared.loaded, shared_too=shared)


@app.command()
@plainly
def load(folder: Folder, *, dry_run: DryRun = False, shared: Shared = False, language: Reasons = Language.EN) -> None:
    """Check a programme's folder whole and load it in one transaction; loading it again changes nothing."""
    from services.registration.handlers.programmes import load_programme  # noqa: PLC0415

    if dry_run:
        diff(folder, shared=shared, language=language)
        return
    _must_be_there(folder)
    with place_for("registration").context("registration").work() as work, _mistakes_told(language):
        loaded = load_programme(folder, work, shared_too=shared)
    _say_changes(loaded.changes)
    console.print(f"{folder.name} is loaded.", highlight=False)


@app.command()
@plainly
def export(
    code: Annotated[str, typer.Argument(help="The programme's code, such as sammen-om-boern.")],
    folder: Annotated[Path, typer.Argument(help="Where to write it: a folder that is not there yet, or is empty.")],
) -> None:
    """Write the folder from which a programme was loaded last, byte for byte."""
    from services.registration.handlers.programmes import export_programme  # noqa: PLC0415

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"{folder} is in use. Name a folder that is not there yet, or is empty."
        raise Conflict("folder-in-use", da=text, en=text)
    with place_for("registration").context("registration").work() as work:
        files = export_programme(code, work)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    console.print(f"{code}: {len(files)} files in {folder}.", highlight=False, soft_wrap=True)


def _must_be_there(folder: Path) -> None:
    if not folder.is_dir():
        text = f"There is no folder {folder}."
        raise NotFound("no-such-folder", da=text, en=text)


@contextmanager
def _mistakes_told(language: Language) -> Iterator[None]:
    """A line for each mistake, as an editor finds it; then the command ends with 1."""
    try:
        yield
    except Invalid as error:
        for mistake in error:
            errors.print(Text(_in_one_line(mistake, language)), soft_wrap=True)
        errors.print(f"{len(error.reasons)} mistakes." if len(error.reasons) > 1 else "1 mistake.", highlight=False)
        raise typer.Exit(1) from None


def _in_one_line(mistake: Reason, language: Language) -> str:
    return f"{mistake.field}: {mistake.slug}: {mistake.da if language is Language.DA else mistake.en}"


def _say_changes(changes: "Sequence[Change]", *, as_json: bool = False) -> None:
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(changes), ensure_ascii=False, indent=1) + "\n")
        return
    for change in changes:
        console.print(Text(_as_line(change)), soft_wrap=True)
    if not changes:
        console.print("Nothing is different.")


def _as_line(change: "Change") -> str:
    """`~ institutions/globen name: Børnehuset Globen → Børnehuset Kloden`."""
    line = f"{SIGNS[change.how]} {change.what}"
    return f"{line} {change.field}: {_shown(change.old)} → {_shown(change.new)}" if change.field else line


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
