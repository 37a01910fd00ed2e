"""Lines about professionals: registered, or corrected, as through the HTTP door, many at a time. What a line leaves out stays as it was."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.chassis.errors import Invalid, Reason
from services.chassis.http.request import Cause
from services.chassis.http.strict import load, strictly
from services.registration.domain.professional import Professional, ProfessionalDetails
from services.registration.handlers.professionals import RegisteredProfessional, register_professionals
from services.registration.imports.families import SOURCE
from services.registration.imports.record import Candidate, Change, Import, Issue, Outcome, Row, Status
from services.registration.schemas import ProfessionalSchema
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work

_SCHEMA: Final = strictly(ProfessionalSchema())
_FIELDS: Final = ("given_name", "family_name", "email", "phone", "profession", "institution", "language", "share_percent", "start_date")
_KEPT: Final = ("phone", "language", "share_percent", "start_date")
"""What stays as it was where a line does not say."""

Known = Mapping[tuple[str, str], Professional]


def keys(values: Mapping[str, str]) -> Iterator[str]:
    """Whom a line names: professionals are known by their e-mail addresses."""
    yield values["email"].lower()


def perform(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """Register these professionals, no two of them the same; what came of each."""
    before = stored(rows, imported, work)
    read = {row.number: _details(row, imported, before) for row in rows}
    asked = {n: details for n, details in read.items() if isinstance(details, ProfessionalDetails)}
    found = register_professionals([(details, cause_of(imported, n)) for n, details in asked.items()], work, SOURCE)
    outcomes = {n: _outcome(one) for n, one in zip(asked, found, strict=True)}
    outcomes |= {
        n: Outcome(Status.REFUSED, issues=_issues(broken)) for n, broken in read.items() if not isinstance(broken, ProfessionalDetails)
    }
    for number, professional_id in _same_names(asked, outcomes, imported, work) if imported.is_tried else ():
        outcomes[number].candidates.append(Candidate("name", professional_id, ["same-name"]))
    return outcomes


def hidden(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, list[str]]:
    """Which of them are protected."""
    named = [row for row in rows if "email" in row.reading.values]
    known = stored(named, imported, work)
    return {
        row.number: [""] for row in named if (one := known.get((imported.programme, row.reading.values["email"].lower()))) and one.hidden
    }


def stored(rows: Sequence[Row], imported: Import, work: "Work") -> Known:
    """Those whom these lines name and who are known, as they are now."""
    return work.professionals.by_emails((imported.programme, row.reading.values["email"]) for row in rows)


def cause_of(imported: Import, number: int) -> Cause:
    """What led to it: a line of an import."""
    return Cause(f"{imported.import_id}/{number}", correlationid=imported.import_id)


def _details(row: Row, imported: Import, before: Known) -> ProfessionalDetails | Sequence[Reason]:
    """What a line says, or everything in which it breaks the rules of the HTTP door."""
    said = {name: row.reading.values[name] for name in _FIELDS if name in row.reading.values} | {"programme": imported.programme}
    if known := before.get((imported.programme, said["email"].lower())):
        said |= {name: value for name in _KEPT if name not in said and (value := _written(getattr(known, name)))}
    share = {"share_percent": int(said["share_percent"])} if "share_percent" in said else {}
    try:
        return ProfessionalDetails(**load(_SCHEMA, said | share))
    except Invalid as broken:
        return broken.reasons


def _outcome(found: RegisteredProfessional) -> Outcome:
    if found.professional is None:
        return Outcome(Status.REFUSED, issues=_issues(explain(found.objections)))
    changes = list(_changes(found.before, found.professional))
    status = Status.NEW if found.before is None else Status.CHANGED if changes else Status.UNCHANGED
    return Outcome(status, changes, undo=msgspec.to_builtins({"before": found.before, "after": found.professional}))


def _changes(before: Professional | None, after: Professional) -> Iterator[Change]:
    pairs = ((name, _written(getattr(before, name)) if before else None, _written(getattr(after, name))) for name in _FIELDS)
    return (Change(name, was, now) for name, was, now in pairs if was != now)


def _written(value: str | int | date | None) -> str | None:
    """As a file says it."""
    return None if value is None else str(value)


def _issues(reasons: Sequence[Reason]) -> list[Issue]:
    return [Issue(one.slug, one.field.strip("/").replace("/", "."), one.da, one.en) for one in reasons]


def _same_names(
    asked: Mapping[int, ProfessionalDetails], outcomes: Mapping[int, Outcome], imported: Import, work: "Work"
) -> list[tuple[int, str]]:
    """Of those who are new: line and id of whoever has the name already, under another address."""
    new: list[Mapping[str, Any]] = [
        {"n": n, "g": details.given_name, "f": details.family_name, "e": details.email}
        for n, details in asked.items()
        if outcomes[n].status is Status.NEW
    ]
    return work.professionals.same_names(imported.programme, new)
