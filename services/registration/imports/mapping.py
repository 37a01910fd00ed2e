"""Which line holds the names of the columns, and which column is which field: found, remembered, or decided by a person."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from services.chassis.errors import Invalid, Reason
from services.registration.imports.columns import Kind, fields, guardians, header_hash, missing, suggest
from services.registration.imports.heading import found_in
from services.registration.imports.reading import lines
from services.registration.imports.record import Import, State
from services.registration.imports.rows import masked
from services.registration.imports.texts import reason, unreadable

if TYPE_CHECKING:
    from services.registration.storage import Work

_LOOKED_AT: Final = 30
"""A title, a date of extract and empty lines may stand above the names of the columns."""


def recognise(imported: Import, work: "Work") -> None:
    """Find the header, and read on where every required field has a column or a constant; else wait for a person."""
    heading = found_in(imported.kind, islice(lines(work.imports.content(imported.import_id)), _LOOKED_AT))
    if heading is None:
        raise unreadable("empty-file")
    imported.header, imported.header_line = told_apart([masked(name) for name in heading.names]), heading.line
    remembered = work.imports.remembered(imported, header_hash(imported.header))
    suggested = {one.column: one.field for one in suggest(imported.kind, imported.header) if one.field}
    _settle(imported, suggested if remembered is None else remembered)


def decide(imported: Import, chosen: Mapping[str, str | None], work: "Work") -> None:
    """A person says which column (by its name) is which field, or is none. Raises `Invalid` with everything that is wrong.

    A column that was taken for a field which is another's now is none.
    """
    if wrong := list(_mistakes(imported, chosen)):
        raise Invalid(reasons=wrong)
    left = {n: field for n, field in (imported.columns or {}).items() if field not in chosen.values()}
    columns = {n: field for n, name in enumerate(imported.header) if (field := chosen.get(name, left.get(n)))}
    work.imports.remember(imported, header_hash(imported.header), columns)
    work.imports.begin_again(imported.import_id)
    imported.cursor = imported.done = imported.total = 0
    imported.report = None
    _settle(imported, columns)


def told_apart(names: Sequence[str]) -> list[str]:
    """Each column by a name of its own: the second `CPR` is `CPR (2)`, and one without a name is called as the spreadsheet does, `(C)`."""
    known = [name or f"({_letters(column)})" for column, name in enumerate(names)]
    return [name if name not in known[:n] else f"{name} ({known[: n + 1].count(name)})" for n, name in enumerate(known)]


def is_nameless(name: str) -> bool:
    """Whether a column has no name but its letters."""
    return re.fullmatch(r"\([A-Z]+\)", name) is not None


def _letters(column: int) -> str:
    """0 is A, 26 is AA."""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)  # noqa: PLR2004 - letters


def _settle(imported: Import, columns: Mapping[int, str]) -> None:
    """Read on, or say once for all lines which columns are missing, and wait."""
    imported.columns = dict(columns)
    lacking = missing(imported.kind, columns.values(), imported.constants)
    told = [reason("column-missing", field.field, {"da": field.da, "en": field.en}) for field in lacking]
    if imported.kind is Kind.FAMILIES and not guardians(columns.values()):
        told.append(reason("no-guardian-columns", "guardian1"))
    imported.trouble = [one.as_dict() for one in told]
    imported.state = State.MAPPING if told else State.READING


def _mistakes(imported: Import, chosen: Mapping[str, str | None]) -> Iterator[Reason]:
    known = fields(imported.kind)
    taken = [field for field in chosen.values() if field]
    for name, field in chosen.items():
        if name not in imported.header:
            yield reason("unknown-column", "/columns")
        if field and field not in known:
            yield reason("unknown-field", "/columns", {"known": ", ".join(known)})
        elif field and taken.count(field) > 1:
            yield reason("column-twice", "/columns")
