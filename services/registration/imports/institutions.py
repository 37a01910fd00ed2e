"""Lines about institutions change the programme's folder, as somebody with an editor would, and the folder is loaded again.

So everything that holds for a folder holds for a file: it is judged whole, told as any other load, and exported again.
Nothing is overwritten that happened: a house that lies in another district by now moved there on the day of the import.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tomlkit

from services.chassis.errors import Invalid
from services.chassis.ids import new_id
from services.registration import programme_folder
from services.registration.domain.programme import Institution
from services.registration.imports.directory import LETTERS
from services.registration.imports.record import Change, Import, Issue, Outcome, Row, Status
from services.registration.imports.texts import issue
from services.registration.loading import Comparison

if TYPE_CHECKING:
    from services.registration.storage import Work

FILE: Final = "institutions.toml"
_PLAIN: Final = ("name", "kind", "p_number")
_A_DAY: Final = timedelta(days=1)

Files = Mapping[str, bytes]


def keys(values: Mapping[str, str]) -> Iterator[str]:
    """Which unit a line names: by its number in the Dagtilbudsregister."""
    yield values["number"]


def perform(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """Bring the folder up to date, a line at a time: they are tens, and each is judged with the whole folder."""
    return {row.number: _perform(row, imported, work) for row in rows}


def hidden(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, list[str]]:  # noqa: ARG001 - as of the other kinds
    """Nobody: a place is no person."""
    return {}


def undo(rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]:
    """What was changed is as before, unless it has changed since. What was added stays, since others may rest on it."""
    return {row.number: left for row in rows if (left := _undo(row, imported, work))}


def _perform(row: Row, imported: Import, work: "Work") -> Outcome:
    number = row.reading.values["number"]
    before, files = work.programmes.institutions_of([number]).get(number), work.programmes.files(imported.programme)
    changed = edited(files, row.reading.values, work.today)
    if changed == files:
        return Outcome(Status.UNCHANGED)
    try:
        _load(changed, work)
    except Invalid as refused:
        return Outcome(Status.REFUSED, issues=[Issue(one.slug, "", one.da, one.en) for one in refused])
    after = work.programmes.institutions_of([number])[number]
    undone = {"before": _entry(files, number), "after": _entry(changed, number)}
    return Outcome(Status.CHANGED if before else Status.NEW, list(_changes(before, after, work.today)), undo=undone)


def _undo(row: Row, imported: Import, work: "Work") -> list[Issue]:
    made, number = row.outcome.undo if row.outcome else {}, row.reading.values["number"]
    files = work.programmes.files(imported.programme)
    if _entry(files, number) != made["after"]:
        return [issue("changed-since", "number", error=False)]
    if made["before"] is None:
        return [issue("institution-stays", "number", error=False)]
    _load(_with_entry(files, number, made["before"]), work)
    return []


def _load(files: Files, work: "Work") -> None:
    """Raises `Invalid` with everything that speaks against the folder."""
    with work.attempt() as attempt:
        folder = programme_folder.read_files(files)
        compared = Comparison(folder, work.programmes.loaded(folder))
        programme_folder.refuse_clashes(folder, compared.loaded, shared_too=True)  # whoever confirms the dry run confirms that too
        compared.apply(work)
        attempt.keep()


def edited(files: Files, values: Mapping[str, str], today: date) -> Files:
    """The folder with this unit as the line describes it; the same where it is so already."""
    entry = _entry(files, values["number"])
    if entry is None:
        return _with_new(files, values)
    wanted = entry | {name: values[name] for name in _PLAIN if name in values}
    if _district(entry) != values["district"]:
        wanted["district"] = _moved(entry["district"], values["district"], today)
    return files if wanted == entry else _with_entry(files, values["number"], wanted)


def _district(entry: Mapping[str, Any]) -> str:
    """Where it lies by now."""
    history = entry["district"]
    return str(history if isinstance(history, str) else history[-1]["code"])


def _moved(history: Any, district: str, today: date) -> list[dict[str, Any]]:
    """The districts so far, the last one until yesterday, and the new one from today."""
    before = [{"code": history}] if isinstance(history, str) else [*history]
    return [*before[:-1], before[-1] | {"end": (today - _A_DAY).isoformat()}, {"code": district, "start": today.isoformat()}]


def _entry(files: Files, number: str) -> dict[str, Any] | None:
    """The unit's entry as it stands in the folder, its dates as text; None where there is none."""
    found = _found(_document(files), number)
    return None if found is None else _unwrapped(found)


def _with_entry(files: Files, number: str, entry: Mapping[str, Any]) -> Files:
    """The folder with that entry changed in place: comments and order stay."""
    document = _document(files)
    found = _found(document, number)
    before = _unwrapped(found)
    for name in before.keys() - entry.keys():
        del found[name]
    for name, value in entry.items():
        if before.get(name) != value:
            found[name] = _toml(value)
    return {**files, FILE: tomlkit.dumps(document).encode()}


def _with_new(files: Files, values: Mapping[str, str]) -> Files:
    """The folder with one entry more, at its end."""
    document, entry = _document(files), tomlkit.table()
    named = {"institution_id": new_id(), "code": values.get("code") or _code(values["name"]), "stil_number": values["number"]}
    for name, value in (named | {name: values[name] for name in (*_PLAIN, "district") if name in values}).items():
        entry[name] = value
    document["institutions"].append(entry)
    text = tomlkit.dumps(document)
    return {**files, FILE: re.sub(r"(?<!\n)\n(?=\[\[institutions\]\])", "\n\n", text).encode()}


def _code(name: str) -> str:
    """`Børnehuset Stjernehuset` becomes `stjernehuset`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold().translate(LETTERS)).strip("-")
    return plain.removeprefix("boernehuset-").removeprefix("dagtilbud-")


def _document(files: Files) -> Any:
    return tomlkit.parse(files[FILE].decode())


def _found(document: Any, number: str) -> Any:
    return next((one for one in document["institutions"] if one.get("stil_number") == number), None)


def _unwrapped(entry: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(entry.unwrap())
    return found


def _toml(value: Any) -> Any:
    """A history of districts as a list of inline tables, its days as dates."""
    if isinstance(value, str):
        return value
    rows = tomlkit.array().multiline(multiline=True)
    for one in value:
        row = tomlkit.inline_table()
        row.update({key: date.fromisoformat(text) if key in {"start", "end"} else text for key, text in one.items()})
        rows.append(row)
    return rows


def _changes(before: Institution | None, after: Institution, today: date) -> Iterator[Change]:
    def told(one: Institution | None) -> dict[str, str | None]:
        return {name: getattr(one, name, None) for name in ("code", *_PLAIN)} | {"district": one.district_near(today) if one else None}

    was, now = told(before), told(after)
    return (Change(name, was[name], value) for name, value in now.items() if was[name] != value)
