"""Lines about institutions change the programme's folder, as somebody with an editor would, and the folder is loaded again.

So everything that holds for a folder holds for a file: it is judged whole, told as any other load, and exported again.
Nothing is overwritten that happened: a house that lies in another district by now moved there on the day that the line says,
or else on the day of the import.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from services.chassis.ids import new_id
from services.registration.domain.programme import Institution
from services.registration.imports.folder_entries import Entries, Entry, Files, code_of, load, refusals
from services.registration.imports.record import Change, Import, Issue, Outcome, Row, Status

if TYPE_CHECKING:
    from services.registration.storage import Work

ENTRIES: Final = Entries("institutions")
_PLAIN: Final = ("name", "kind", "p_number")
_LASTING: Final = ("opened", "closed")
_A_DAY: Final = timedelta(days=1)


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
    if refused := refusals(changed, work):
        return Outcome(Status.REFUSED, issues=list(refused))
    after = work.programmes.institutions_of([number])[number]
    undone = {"before": ENTRIES.find(files, number), "after": ENTRIES.find(changed, number)}
    return Outcome(Status.CHANGED if before else Status.NEW, list(_changes(before, after)), undo=undone)


def _undo(row: Row, imported: Import, work: "Work") -> list[Issue]:
    made = row.outcome.undo if row.outcome else {}
    back = ENTRIES.taken_back(work.programmes.files(imported.programme), row.reading.values["number"], made, "institution-stays")
    if isinstance(back, list):
        return back
    load(back, work)
    return []


def edited(files: Files, values: Mapping[str, str], today: date) -> Files:
    """The folder with this unit as the line describes it; the same where it is so already. What the line leaves out lets be."""
    entry = ENTRIES.find(files, values["number"])
    if entry is None:
        return ENTRIES.added(files, _new(values))
    wanted = entry | {name: values[name] for name in (*_PLAIN, *_LASTING) if name in values}
    wanted["district"] = _lying(wanted, values, today)
    return files if wanted == entry else ENTRIES.changed(files, entry["code"], wanted)


def _new(values: Mapping[str, str]) -> Entry:
    named = {"institution_id": new_id(), "code": values.get("code") or code_of(values["name"]), "stil_number": values["number"]}
    named |= {name: values[name] for name in (*_PLAIN, *_LASTING, "district") if name in values}
    since = values.get("district_from")
    return named if since in {None, values.get("opened")} else named | {"district": [{"code": values["district"], "start": since}]}


def _lying(entry: Entry, values: Mapping[str, str], today: date) -> Any:
    """The districts in which it lay, and the one of the line; the same where it lies there already, and since that day."""
    history = entry["district"]
    before = [{"code": history}] if isinstance(history, str) else [*history]
    last, since = before[-1], values.get("district_from")
    if last["code"] != values["district"]:
        return _moved(before, values["district"], date.fromisoformat(since) if since else today)
    if since in {None, last.get("start") or entry.get("opened")}:
        return history
    return _moved(before[:-1], last["code"], date.fromisoformat(since or ""))


def _moved(before: Sequence[Mapping[str, str]], district: str, since: date) -> list[dict[str, str]]:
    """The districts so far, the last one until the day before, and the new one from that day."""
    until = [dict(before[-1]) | {"end": (since - _A_DAY).isoformat()}] if before else []
    return [*map(dict, before[:-1]), *until, {"code": district, "start": since.isoformat()}]


def _changes(before: Institution | None, after: Institution) -> Iterator[Change]:
    was, now = _told(before), _told(after)
    return (Change(name, was.get(name), value) for name, value in now.items() if was.get(name) != value)


def _told(one: Institution | None) -> dict[str, str | None]:
    """As a report tells of it: the district is the last in which it lies, and the day that of its move there, if it moved."""
    if one is None:
        return {}
    last, days = one.placements[-1], {"opened": one.existence.start, "closed": one.existence.end}
    days["district_from"] = last.valid.start if len(one.placements) > 1 else None
    plain = {name: getattr(one, name) for name in ("code", *_PLAIN)}
    return plain | {"district": last.district} | {name: day.isoformat() if day else None for name, day in days.items()}
