"""The report of a dry run as people read it: every line, every field, what was read and made of it, and what would change."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from services.registration.imports.columns import Field, fields
from services.registration.imports.record import Candidate, Change, Deed, Import, Issue, Outcome, Row, Status, Undoing
from services.registration.imports.rows import masked_number
from services.registration.imports.texts import word
from services.registration.texts import TEXTS

if TYPE_CHECKING:
    from services.registration.storage import Work

PAGE: Final = 1_000
"""Lines that are opened at a time for a table."""

HIDDEN: Final = "***"
"""What stands in a report for whatever tells of somebody who is protected."""

DELIMITER: Final[Mapping[str, str]] = {"da": ";", "en": ","}
"""What stands between the cells of a table, by the language of its reader."""

_LIVING: Final = frozenset({"address", "street", "postal_code", "city"})
_TELLING: Final = frozenset({"given_name", "family_name", "name", "email", "phone", "cpr_number", "birth_date", *_LIVING})

_HEAD: Final[Mapping[str, Sequence[str]]] = {
    "da": ("linje", "status", "udført", "fejl", "bemærkninger", "ændringer", "ligner"),
    "en": ("line", "status", "done", "errors", "remarks", "changes", "similar"),
}


def of_import(imported: Import, counts: Iterable[Any] = ()) -> dict[str, Any]:
    """Where an import stands, without anybody in it."""
    names = ("import_id", "kind", "state", "sender", "file_hash", "programme", "total", "done", "report", "trouble", "created_at")
    found = {name: getattr(imported, name) for name in names}
    return found | {"expires_at": imported.expires_at, "lines": of_counts(counts)}


def of_counts(counts: Iterable[Any]) -> dict[str, int]:
    """Lines by what would be, and what was, done with them; errors and warnings."""
    found: Counter[str] = Counter()
    for row in counts:
        found.update({name: row.lines for name in (row.status, row.deed, row.undoing) if name})
        found.update(errors=row.errors, warnings=row.warnings)
    return {name: found[name] for name in (*Status, *Deed, *Undoing, "errors", "warnings") if name in found}


def of_columns(imported: Import) -> dict[str, Any]:
    """Which column is which field, and what fields there are."""
    mapped = imported.columns or {}
    columns = [{"column": name, "field": mapped.get(n)} for n, name in enumerate(imported.header)]
    known = [{"field": f.field, "required": f.required, "name": {"da": f.da, "en": f.en}} for f in fields(imported.kind).values()]
    return {"columns": columns, "fields": known, "constants": imported.constants}


def of_rows(imported: Import, rows: Sequence[Row], work: "Work") -> Iterator[dict[str, Any]]:
    """Lines as they may be read today: whoever is protected by now is hidden, also if he was not when the file came."""
    protected = work.protections.children(people_of(rows))
    return (_of_row(imported, row, protected) for row in rows)


def _of_row(imported: Import, row: Row, protected: Collection[str]) -> dict[str, Any]:
    """One line; of CPR numbers no more than may be shown."""
    outcome = row.outcome
    headers = {field: imported.header[n] for n, field in (imported.columns or {}).items()}
    whom = _hidden_in(row, outcome, protected) if outcome else ()
    return {
        "line": row.number,
        "status": outcome.status if outcome else Status.UNREAD if row.reading.sound else Status.REFUSED,
        "done": row.deed,
        "fields": [_field(name, headers, row, whom) for name in dict.fromkeys([*row.reading.read, *row.reading.values])],
        "issues": [_issue(found, headers) for found in (*row.reading.issues, *(outcome.issues if outcome else ()))],
        "stays": [_issue(found, headers) for found in outcome.stays] if outcome and outcome.stays is not None else None,
        "changes": [_change(change, whom) for change in (outcome.changes if outcome else ())],
        "stored_otherwise": [_change(change, whom) for change in (outcome.otherwise if outcome else ())],
        "candidates": [_candidate(one) for one in (outcome.candidates if outcome else ())],
    }


def people_of(rows: Iterable[Row]) -> list[str]:
    """The ids of those who are stored and of whom these lines tell: for the audit."""
    found = [outcome for row in rows if (outcome := row.outcome)]
    return list(dict.fromkeys(id_ for outcome in found for id_ in (*outcome.about, *(one.id for one in outcome.candidates))))


def table(imported: Import, language: str, work: "Work", note: Callable[[Sequence[str]], None]) -> Iterator[Sequence[Any]]:
    """The whole report, a line of the file a row: what was found, then what was read and made of each column.

    `note` is told the ids of those of whom it tells, as it goes on.
    """
    names = list(dict.fromkeys((imported.columns or {}).values()))
    known = fields(imported.kind)
    labels = [getattr(known[name], language) for name in names]
    yield (*_HEAD[language], *(text for label in labels for text in (label, f"{label} →")))
    for rows in pages(imported, work):
        note(people_of(rows))
        yield from (_line(told, known, names, language) for told in of_rows(imported, rows, work))


def pages(imported: Import, work: "Work", *, troubled: bool = False) -> Iterator[Sequence[Row]]:
    """All lines in order, or those of which something is said, as many at a time as may be open."""
    after = 0
    while rows := work.imports.rows(imported.import_id, limit=PAGE, after=after, where={"troubled": troubled}):
        yield rows
        after = rows[-1].number


def _line(told: Mapping[str, Any], known: Mapping[str, Field], names: Sequence[str], language: str) -> Sequence[Any]:
    issues = {
        error: [_told(one, known, language) for one in told["issues"] if (one["severity"] == "error") is error] for error in (True, False)
    }
    issues[False] += [_told(one, known, language) for one in told["stays"] or ()]
    changes = [_changed(one, known, language) for one in told["changes"]]
    alike = [f"{_label(one['field'], known, language)}: {one['id']} ({_why(one, language)})" for one in told["candidates"]]
    cells = {one["field"]: (one["read"], _worded(one["field"], one["value"], known, language)) for one in told["fields"]}
    found = ("\n".join(texts) for texts in (issues[True], issues[False], changes, alike))
    done = told["done"] and word(told["done"], language)
    return (told["line"], word(told["status"], language), done, *found, *(cell for name in names for cell in cells.get(name, ("", ""))))


def _changed(change: Mapping[str, Any], known: Mapping[str, Field], language: str) -> str:
    before, after = (_worded(change["field"], change[name], known, language) or "-" for name in ("before", "after"))
    return f"{_label(change['field'], known, language)}: {before} → {after}"


def _label(name: str, known: Mapping[str, Field], language: str) -> str:
    """What a field is called; what no column holds goes by a word of its own, or by its name."""
    return str(getattr(known[name], language)) if name in known else word(name, language)


def _worded(name: str, value: str | None, known: Mapping[str, Field], language: str) -> str | None:
    return word(value, language) if value and name in known and known[name].type == "yes_no" else value


def _why(candidate: Mapping[str, Any], language: str) -> str:
    return ", ".join(reason["text"][language] for reason in candidate["reasons"])


def _candidate(one: Candidate) -> dict[str, Any]:
    reasons = [{"slug": slug, "text": TEXTS[slug]} for slug in one.reasons]
    return {"field": one.field, "id": one.id, "score": one.score, "reasons": reasons}


def _told(one: Mapping[str, Any], known: Mapping[str, Field], language: str) -> str:
    where = one["column"] or (one["field"] and _label(one["field"], known, language))
    return f"{where}: {one['text'][language]}".removeprefix(": ")


def _field(name: str, headers: Mapping[str, str], row: Row, hidden: Collection[str]) -> dict[str, Any]:
    value = row.reading.values.get(name)
    shown = masked_number(value) if value and name.endswith("cpr_number") else value
    read = row.reading.read.get(name)
    if _is_hidden(name, hidden):
        read, shown = (HIDDEN if text else text for text in (read, shown))
    return {"field": name, "column": headers.get(name), "read": read, "value": shown}


def _hidden_in(row: Row, outcome: Outcome, protected: Collection[str]) -> set[str]:
    """Who in the line is hidden: who was, who may be somebody protected, and everybody where one of those who are stored is by now."""
    alike = {one.field for one in outcome.candidates if one.id in protected}
    named = {name.rpartition(".")[0] for name in (*row.reading.read, *row.reading.values)}
    return {*outcome.hidden, *alike, *(named if set(outcome.about) & set(protected) else ())}


def _is_hidden(name: str, hidden: Collection[str]) -> bool:
    """Whether it may tell who somebody is, or where, who is protected. Of whom it is not known who he is in the line, it may."""
    owner, _, field = name.rpartition(".")
    if name == "institution":
        return bool({"child", ""} & set(hidden))
    if name in _LIVING:
        return bool(hidden)
    return field in _TELLING and (owner in hidden or (owner == "guardian" and bool(hidden)))


def _issue(found: Issue, headers: Mapping[str, str]) -> dict[str, Any]:
    severity = "error" if found.error else "warning"
    text = {"da": found.da, "en": found.en}
    return {"slug": found.rule, "severity": severity, "field": found.field, "column": headers.get(found.field), "text": text}


def _change(change: Change, hidden: Collection[str]) -> dict[str, Any]:
    before, after = change.before, change.after
    if _is_hidden(change.field, hidden):
        before, after = (HIDDEN if text else text for text in (before, after))
    return {"field": change.field, "before": before, "after": after}
