"""What can be asked of imports, in the order of the story. Each function runs inside one unit of work; the passes do the rest."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.registration.imports import mapping
from services.registration.imports.columns import Kind, fields
from services.registration.imports.record import Import, State
from services.registration.imports.texts import reason

if TYPE_CHECKING:
    from services.registration.storage import Work

_CONFIRMED: Final = {State.CHECKED: State.APPLYING, State.UNDO_CHECKED: State.UNDOING}
_DONE: Final = (State.APPLIED, State.UNDO_CHECKED)

TIMER = "imports"
"""Who wakes does the work that waits."""


def receive(content: bytes, kind: Kind, sender: str, constants: Mapping[str, str], work: "Work") -> Import:
    """Keep a file, sealed, for its dry run. `constants` give fields one value for all lines; `programme` must be among them.

    `sender` is whose file it is: the columns of his last file with the same header are taken for this one's.
    """
    _check_constants(kind, constants, work)
    imported = Import(
        import_id=new_id(),
        kind=kind,
        state=State.RECEIVED,
        sender=sender,
        file_hash=sha256(content).hexdigest(),
        constants=dict(constants),
        created_at=work.now,
        expires_at=work.now + timedelta(days=work.context.settings.import_days),
    )
    work.imports.add(imported, content)
    work.wake(TIMER)
    return imported


def map_columns(import_id: str, chosen: Mapping[str, str | None], work: "Work") -> Import:
    """Say which column is which field, for this file and the sender's next ones; the dry run begins anew."""
    imported = _locked(import_id, work, State.MAPPING, State.CHECKED)
    mapping.decide(imported, chosen, work)
    return _saved(imported, work)


def confirm(import_id: str, report: str, work: "Work") -> Import:
    """Do what the report says that was seen: apply the file, or take it back. Raises `Conflict` where it is another one by now."""
    imported = _locked(import_id, work, *_CONFIRMED)
    if report != imported.report:
        raise Conflict(reasons=[reason("report-moved", "/report")])
    return _begun(imported, _CONFIRMED[imported.state], work)


def check_again(import_id: str, work: "Work") -> Import:
    """Make the dry run again of the lines that were not applied, against what is stored now."""
    return _begun(_locked(import_id, work, State.CHECKED, *_DONE), State.CHECKING, work)


def undo(import_id: str, work: "Work") -> Import:
    """Make the dry run of taking back what was applied; a confirmation of its report does it."""
    return _begun(_locked(import_id, work, *_DONE), State.UNDO_CHECKING, work)


def forget_expired(context: Context) -> None:
    """Delete what stood in files whose time is up. Run it on a clock."""
    with context.work() as work:
        work.imports.forget_expired(work.now)


def found(import_id: str, work: "Work") -> Import:
    """Raises `NotFound`."""
    imported: Import | None = work.imports.get(import_id)
    if imported is None:
        raise NotFound(reasons=[reason("unknown-import")])
    return imported


def _check_constants(kind: Kind, constants: Mapping[str, str], work: "Work") -> None:
    known = fields(kind)
    wrong = [reason("unknown-field", name, {"known": ", ".join(known)}) for name in constants if name not in known and name != "programme"]
    if not work.programmes.of_codes([constants.get("programme", "")]):
        wrong.append(reason("unknown-programme", "programme"))
    if wrong:
        raise Invalid(reasons=wrong)


def _locked(import_id: str, work: "Work", *allowed: State) -> Import:
    imported: Import | None = work.imports.lock(import_id)
    if imported is None:
        raise NotFound(reasons=[reason("unknown-import")])
    if imported.state not in allowed:
        raise Conflict(reasons=[reason("not-now", "", {"state": imported.state})])
    return imported


def _begun(imported: Import, state: State, work: "Work") -> Import:
    imported.state, imported.cursor, imported.done, imported.trouble = state, 0, 0, ()
    return _saved(imported, work)


def _saved(imported: Import, work: "Work") -> Import:
    work.imports.save(imported)
    work.wake(TIMER)
    return imported
