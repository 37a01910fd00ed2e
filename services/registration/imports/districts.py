"""Lines about districts, as the Dagtilbudsregister's file of Daginstitutioner has them, change the programme's folder.

A district that has no number there yet is recognised by its name, and gets it: then the file of placement units may name it by number.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from services.registration.imports.folder_entries import Entries, Entry, Files, code_of, load, refusals
from services.registration.imports.record import Change, Import, Issue, Outcome, Row, Status

if TYPE_CHECKING:
    from services.registration.storage import Work

ENTRIES: Final = Entries("districts")


def keys(values: Mapping[str, str]) -> Iterator[str]:
    """Which district a line names: by its number in the Dagtilbudsregister."""
    yield values["number"]


def perform(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """Bring the folder up to date, a line at a time: they are few, and each is judged with the whole folder."""
    return {row.number: _perform(row, imported, work) for row in rows}


def undo(rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]:
    """What was changed is as before, unless it has changed since. What was added stays, since others may rest on it."""
    return {row.number: left for row in rows if (left := _undo(row, imported, work))}


def _perform(row: Row, imported: Import, work: "Work") -> Outcome:
    values, files = row.reading.values, work.programmes.files(imported.programme)
    before = _entry(files, values)
    after = _wanted(before, values)
    if after == before:
        return Outcome(Status.UNCHANGED)
    changed = ENTRIES.changed(files, after["code"], after) if before else ENTRIES.added(files, after)
    if refused := refusals(changed, work):
        return Outcome(Status.REFUSED, issues=list(refused))
    return Outcome(Status.CHANGED if before else Status.NEW, list(_changes(before, after)), undo={"before": before, "after": after})


def _undo(row: Row, imported: Import, work: "Work") -> list[Issue]:
    made = row.outcome.undo if row.outcome else {}
    back = ENTRIES.taken_back(work.programmes.files(imported.programme), row.reading.values["number"], made, "district-stays")
    if isinstance(back, list):
        return back
    load(back, work)
    return []


def _entry(files: Files, values: Mapping[str, str]) -> Entry | None:
    """The district of that number; else the one without a number that has the name or the code."""
    known_as = {values.get("code"), code_of(values["name"])}
    return ENTRIES.find(files, values["number"]) or ENTRIES.first(
        files, lambda entry: "stil_number" not in entry and not known_as.isdisjoint({entry["code"], code_of(entry["name"]["da"])})
    )


def _wanted(before: Entry | None, values: Mapping[str, str]) -> Entry:
    """The entry as the line describes it: its name is Danish, and stands for the English one where there is none."""
    name = values["name"]
    named = before or {"code": values.get("code") or code_of(name), "name": {"da": name, "en": name}}
    days = {"closed": values["closed"]} if "closed" in values else {}
    return named | {"name": named["name"] | {"da": name}, "stil_number": values["number"]} | days


def _changes(before: Entry | None, after: Entry) -> Iterator[Change]:
    was, now = _told(before), _told(after)
    return (Change(name, was.get(name), value) for name, value in now.items() if was.get(name) != value)


def _told(entry: Entry | None) -> dict[str, str | None]:
    if entry is None:
        return {}
    return {"number": entry.get("stil_number"), "name": entry["name"]["da"], "code": entry["code"], "closed": entry.get("closed")}
