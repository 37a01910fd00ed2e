"""Somebody at a terminal with a file: what is asked of the import, and what is printed of it. Never a word of what stands in a line."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.text import Text

from services.chassis import tables
from services.chassis.errors import Invalid, Reason
from services.chassis.http import audit
from services.chassis.service import Context
from services.cli.progress import told
from services.cli.publish.command import Language, print_reasons
from services.registration.imports import handlers
from services.registration.imports import report as reporting
from services.registration.imports.columns import Kind
from services.registration.imports.mapping import is_nameless
from services.registration.imports.record import Deed, Import, State, Undoing
from services.registration.imports.running import Run
from services.registration.imports.texts import reason

SHOWN: Final = 50
"""So many errors and candidates are printed; the table that --report writes has them all."""

_DOING: Final = {State.APPLYING: "Applying", State.UNDOING: "Undoing"}
_LEFT: Final = {State.APPLIED: Deed.MOVED, State.UNDONE: Deed.KEPT}
"""What a line is counted as that was left."""

NAMED: Final = 3
"""So many lines are named of which the same is remarked."""


class Desk:
    """Somebody at a terminal with a file."""

    def __init__(self, context: Context, console: Console, actor: str, language: Language) -> None:
        self.context = context
        self.console = console
        self.actor = actor
        self.language = language

    def dry_run(self, content: bytes, kind: str, sender: str, constants: Mapping[str, str], columns: Mapping[str, str]) -> Import:
        """Take the file, and make its dry run."""
        with self.context.work() as work:
            imported = handlers.receive(content, Kind(kind), sender, constants, work)
            audit.record_command("deltag import", self.actor, [imported.import_id], work)
        found = self._run(imported.import_id, "Reading")
        if columns:
            with self.context.work() as work:
                handlers.map_columns(imported.import_id, {name: field or None for name, field in columns.items()}, work)
            found = self._run(imported.import_id, "Reading")
        return found

    def say(self, imported: Import, table: Path | None) -> bool:
        """Print what was found; whether nothing speaks against it."""
        self._say_trouble(imported)
        if imported.state is not State.CHECKED:
            self.console.print(f"The import {imported.import_id} is {imported.state}.")
            if imported.state is State.MAPPING:
                self._say_columns(imported)
            return False
        counts = self._counts(imported.import_id)
        self._say_lines(imported)
        self._say_unread(imported)
        if table:
            self._write(imported, table)
        self.console.print(_counted(counts))
        self.console.print(f"To apply it: deltag import --confirm {imported.import_id}")
        return not counts.get("refused")

    def ask(self, imported: Import) -> bool:
        """Apply it at once, where somebody is there to say yes."""
        if not sys.stdin.isatty() or not typer.confirm("Apply it now?"):
            return True
        return self.confirm(imported.import_id, None)

    def ask_to_undo(self, import_id: str) -> bool:
        """Take it back at once, where somebody is there to say yes."""
        if not sys.stdin.isatty() or not typer.confirm("Take it back now?"):
            return True
        return self.confirm(import_id, None)

    def confirm(self, import_id: str, file: Path | None) -> bool:
        """Do what the report says, or go on doing it; whether no line was left."""
        with self.context.work() as work:
            imported = handlers.found(import_id, work)
            if file and sha256(file.read_bytes()).hexdigest() != imported.file_hash:
                raise Invalid(reasons=[reason("other-file", "FILE")])
            if imported.state not in {State.APPLYING, State.UNDOING}:
                imported = handlers.confirm(import_id, imported.report or "", work)
            audit.record_command("deltag import --confirm", self.actor, [import_id], work)
        return self._end(self._run(import_id, _DOING[imported.state]))

    def undo(self, import_id: str, table: Path | None) -> bool:
        """Make the dry run of taking an import back, and print what it found; whether no line would be left."""
        with self.context.work() as work:
            if handlers.found(import_id, work).state is not State.UNDO_CHECKING:
                handlers.undo(import_id, work)
            audit.record_command("deltag import --undo", self.actor, [import_id], work)
        return self._say_undoing(self._run(import_id, "Looking at what would be undone"), table)

    def _say_undoing(self, imported: Import, table: Path | None) -> bool:
        self._say_trouble(imported)
        counts = self._counts(imported.import_id)
        self._say_what_stays(imported)
        if table:
            self._write(imported, table)
        self.console.print(_counted(counts))
        self.console.print(f"To take it back: deltag import --confirm {imported.import_id}")
        return not counts.get(Undoing.WOULD_STAY)

    def _say_what_stays(self, imported: Import) -> None:
        """The reasons for which something of lines would stay, each with its lines."""
        reasons: dict[str, list[int]] = defaultdict(list)
        with self.context.work() as work:
            for told_of in (told for rows in reporting.pages(imported, work) for told in reporting.of_rows(imported, rows, work)):
                for one in told_of["stays"] or ():
                    reasons[self._worded(one)].append(told_of["line"])
        for why, lines in reasons.items():
            self.console.print(Text(f"{_listed(lines)}, {why}"))

    def _end(self, imported: Import) -> bool:
        """Print what was done; whether that was all, and no line was left."""
        self._say_trouble(imported)
        counts = self._counts(imported.import_id)
        self.console.print(_counted(counts))
        return not imported.trouble and not counts.get(_LEFT.get(imported.state, ""))

    def _say_trouble(self, imported: Import) -> None:
        print_reasons(self.console, map(_reason, imported.trouble), self.language)

    def _run(self, import_id: str, what: str) -> Import:
        """Do what there is to do, showing how far it is."""
        for _lines in told(self.console, what, (imported.done for imported in Run(self.context, import_id).chunks())):
            pass
        with self.context.work() as work:
            return handlers.found(import_id, work)

    def _counts(self, import_id: str) -> dict[str, int]:
        with self.context.work() as work:
            return reporting.of_counts(work.imports.counts(import_id))

    def _say_columns(self, imported: Import) -> None:
        for one in reporting.of_columns(imported)["columns"]:
            self.console.print(Text(f"    {one['column']}  {one['field'] or '-'}"))

    def _say_unread(self, imported: Import) -> None:
        unread = [one["column"] for one in reporting.of_columns(imported)["columns"] if one["field"] is None]
        if named := [name for name in unread if not is_nameless(name)]:
            self.console.print(Text(f"Columns that are not read: {', '.join(named)}."))

    def _say_lines(self, imported: Import) -> None:
        """What keeps lines out, and who may be stored already, line by line; remarks together. No word of what stands in them."""
        said, remarks = 0, defaultdict[str, list[int]](list)
        with self.context.work() as work:
            for told_of in (
                told for rows in reporting.pages(imported, work, troubled=True) for told in reporting.of_rows(imported, rows, work)
            ):
                weighty = [*self._errors(told_of), *self._candidates(told_of)]
                for text in weighty[: max(0, SHOWN - said)]:
                    self.console.print(text)
                said += len(weighty)
                for one in told_of["issues"]:
                    if one["severity"] == "warning":
                        remarks[self._worded(one)].append(told_of["line"])
        if said > SHOWN:
            self.console.print(f"… and {said - SHOWN} more. --report FILE.xlsx writes all of it.")
        for remark, lines in remarks.items():
            self.console.print(Text(f"{_listed(lines)}, {remark}"))

    def _errors(self, told_of: Mapping[str, Any]) -> Iterator[Text]:
        for one in told_of["issues"]:
            if one["severity"] == "error":
                yield Text(f"line {told_of['line']}, {self._worded(one)}", style="red")

    def _candidates(self, told_of: Mapping[str, Any]) -> Iterator[Text]:
        for field, slug in dict.fromkeys((one["field"], one["slug"]) for one in told_of["candidates"]):
            yield Text(f"line {told_of['line']}, {field}: {getattr(reason(slug), self.language)}")

    def _worded(self, issue: Mapping[str, Any]) -> str:
        return f"{issue['column'] or issue['field'] or 'all of it'}: {issue['text'][self.language]}"

    def _write(self, imported: Import, table: Path) -> None:
        people: list[str] = []
        with self.context.work() as work:
            rows = reporting.table(imported, self.language, work, people.extend)
            if table.suffix == ".xlsx":
                table.write_bytes(tables.as_xlsx(rows, "Report"))
            else:
                with table.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(tables.csv_lines(rows, reporting.DELIMITER[self.language]))
            audit.record_command("deltag import --report", self.actor, [imported.import_id, *people], work)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "The file is empty."


def _listed(lines: Sequence[int]) -> str:
    """`line 5`, or `lines 5, 6, 7 and 12 more`."""
    named = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:NAMED]))}"
    return named if len(lines) <= NAMED else f"{named} and {len(lines) - NAMED} more"


def _reason(said: Mapping[str, Any]) -> Reason:
    return Reason(said["slug"], said["field"], said["text"]["da"], said["text"]["en"])
