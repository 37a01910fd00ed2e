"""The passes over a file, a chunk at a time. Each function does one chunk inside one unit of work, and says how far it came.

Nothing here keeps anything between two chunks but the open file, which can be opened again: whoever comes next, after
a kill or in another process, goes on where the last committed chunk ended.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from services.registration.imports import (
    districts,
    families,
    institutions,
    mapping,
    professionals,
    undoing_families,
    undoing_professionals,
)
from services.registration.imports.columns import Kind
from services.registration.imports.directory import Directory
from services.registration.imports.reading import Line, lines
from services.registration.imports.record import Deed, Import, Issue, Outcome, Reading, Row, State, Status
from services.registration.imports.rows import Reader
from services.registration.imports.texts import issue, unreadable

if TYPE_CHECKING:
    from services.registration.storage import Work

CHUNK: Final = 100
"""Lines in one transaction, which locks the people in them and nobody else, for a tenth of a second or two. With 500 it is six
tenths, and applying a file takes a fifth less; with 25 it is half as long as with 100, and the file takes half as long again."""

LARGEST_FAMILY: Final = 40
"""More lines than this that share a person are a mistake, and would be taken one by one, in one transaction."""


class Perform(Protocol):
    """Does what lines say, no two of them of one family."""

    def __call__(self, rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]: ...


class Hidden(Protocol):
    """Says who in lines is protected, by line."""

    def __call__(self, rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, list[str]]: ...


class Undo(Protocol):
    """Takes back what lines led to; answers with what was left, by line."""

    def __call__(self, rows: Sequence[Row], imported: Import, work: "Work") -> Mapping[int, list[Issue]]: ...


KEYS: Final[Mapping[Kind, Callable[[Mapping[str, str]], Iterator[str]]]] = {
    Kind.FAMILIES: families.keys,
    Kind.PROFESSIONALS: professionals.keys,
    Kind.INSTITUTIONS: institutions.keys,
    Kind.DISTRICTS: districts.keys,
}
PERFORM: Final[Mapping[Kind, Perform]] = {
    Kind.FAMILIES: families.perform,
    Kind.PROFESSIONALS: professionals.perform,
    Kind.INSTITUTIONS: institutions.perform,
    Kind.DISTRICTS: districts.perform,
}
HIDDEN: Final[Mapping[Kind, Hidden]] = {
    Kind.FAMILIES: families.hidden,
    Kind.PROFESSIONALS: professionals.hidden,
    Kind.INSTITUTIONS: institutions.hidden,
    Kind.DISTRICTS: institutions.hidden,
}
UNDO: Final[Mapping[Kind, Undo]] = {
    Kind.FAMILIES: undoing_families.undo,
    Kind.PROFESSIONALS: undoing_professionals.undo,
    Kind.INSTITUTIONS: institutions.undo,
    Kind.DISTRICTS: districts.undo,
}


class Passes:
    """The passes of one import; the file stays open between two chunks."""

    def __init__(self) -> None:
        self._open: tuple[int, Iterator[tuple[int, Reading]]] | None = None

    def step(self, imported: Import, work: "Work") -> None:
        """Do the next chunk of whatever pass the import is in."""
        match imported.state:
            case State.RECEIVED:
                mapping.recognise(imported, work)
            case State.READING:
                self._read(imported, work)
            case State.GROUPING:
                _group(imported, work)
            case State.CHECKING:
                _check(imported, work)
            case State.APPLYING:
                _apply(imported, work)
            case State.UNDO_CHECKING:
                _check_undo(imported, work)
            case State.UNDOING:
                _undo(imported, work)

    def _read(self, imported: Import, work: "Work") -> None:
        """Take lines in. `cursor` is the number of the last one that was."""
        if self._open is None or self._open[0] != imported.cursor:
            self._open = (imported.cursor, _readings(imported, work))
        read = list(islice(self._open[1], CHUNK))
        keys = [(number, key) for number, reading in read if reading.sound for key in KEYS[imported.kind](reading.values)]
        work.imports.add_rows(imported.import_id, read, keys)
        imported.done += len(read)
        if read:
            imported.cursor = read[-1][0]
            self._open = (imported.cursor, self._open[1])
        else:
            _finish_reading(imported)


def _readings(imported: Import, work: "Work") -> Iterator[tuple[int, Reading]]:
    """The lines after the cursor, read. Those before are read too, and forgotten: a ditto mark may point at them."""
    [programme] = work.programmes.of_codes([imported.programme]).values()
    directory = Directory(programme, work.programmes.institutions_on(work.today, programme=imported.programme))
    reader = Reader(imported.kind, imported.columns or {}, imported.constants, directory, imported.created_at.date())
    return _after(imported.cursor, reader, _below(imported.header_line, lines(work.imports.content(imported.import_id))))


def _below(header_line: int, all_lines: Iterator[Line]) -> Iterator[Line]:
    return (line for line in all_lines if line.number > header_line)


def _after(cursor: int, reader: Reader, below: Iterator[Line]) -> Iterator[tuple[int, Reading]]:
    for line in below:
        reading = reader.read(line)
        if reading is not None and line.number > cursor:
            yield line.number, reading


def _finish_reading(imported: Import) -> None:
    if not imported.done:
        raise unreadable("empty-file")
    imported.total, imported.done, imported.cursor, imported.state = imported.done, 0, 0, State.GROUPING


def _group(imported: Import, work: "Work") -> None:
    """Give every line of a family the same number, the least; what is too large for a family is parted again, and refused."""
    while work.imports.group(imported.import_id):
        pass
    work.imports.part_crowds(imported.import_id, LARGEST_FAMILY)
    imported.state = State.CHECKING


def _check(imported: Import, work: "Work") -> None:
    """The dry run: do it, see what came of it, and take it back."""
    rows = work.imports.chunk(imported, CHUNK)
    if not rows:
        imported.report = work.imports.report_of(imported.import_id)
        _enter(imported, State.CHECKED)
        return
    left = [row for row in rows if row.deed is not Deed.APPLIED]
    sound = [row for row in left if row.reading.sound and not row.crowd]
    with work.attempt():
        outcomes = in_rounds(sound, imported, work)
    protected = HIDDEN[imported.kind](left, imported, work)
    nobody = set[str]().union(*(outcome.added for outcome in outcomes.values()))
    for row in left:
        row.outcome = _without(nobody, outcomes[row.number]) if row.number in outcomes else _refused(row)
        row.outcome.hidden = protected.get(row.number, [])
    work.imports.save_outcomes(imported.import_id, left)
    _advance(imported, rows)


def _without(nobody: Collection[str], tried: Outcome) -> Outcome:
    """What would come of a line, without ids that only those had who came in while it was tried out."""
    candidates = [one for one in tried.candidates if one.id not in nobody]
    about = [id_ for id_ in tried.people if id_ not in nobody]
    return msgspec.structs.replace(tried, candidates=candidates, about=about, undo={})


def _refused(row: Row) -> Outcome:
    told = [issue("too-many-lines-together", "", {"most": LARGEST_FAMILY})] if row.crowd else []
    return Outcome(Status.REFUSED, issues=told)


def _apply(imported: Import, work: "Work") -> None:
    """Do what the report said, and only that: a line that would come to something else now is left as `moved`."""
    rows = work.imports.chunk(imported, CHUNK)
    promised = [row for row in rows if row.deed is None and row.outcome and row.outcome.status in {Status.NEW, Status.CHANGED}]
    done = _as_promised(promised, imported, work)
    for row in promised:
        row.deed = Deed.APPLIED if row.number in done else Deed.MOVED
        row.outcome = row.outcome and _as_done(row.outcome, done.get(row.number))
    work.imports.save_deeds(imported.import_id, promised)
    _advance(imported, rows, State.APPLIED)


def _as_done(promised: Outcome, done: Outcome | None) -> Outcome:
    """What was done, with what is needed to take it back, or that it moved; who is hidden in it stays so."""
    if done is None:
        return msgspec.structs.replace(promised, issues=[*promised.issues, issue("moved", "", error=False)])
    return msgspec.structs.replace(done, candidates=promised.candidates, hidden=promised.hidden, about=done.people)


def _as_promised(promised: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """The outcomes of those lines that come to what was promised; of the others nothing is done."""
    while promised:
        with work.attempt() as attempt:
            outcomes = in_rounds(promised, imported, work)
            kept = [row for row in promised if outcomes[row.number].fingerprint == row.fingerprint]
            if len(kept) == len(promised):
                attempt.keep()
                return outcomes
        promised = kept
    return {}


def _check_undo(imported: Import, work: "Work") -> None:
    """The dry run of taking it back: do it, see what is left of each line, and let it be as it was."""
    rows = work.imports.chunk(imported, CHUNK)
    if not rows:
        imported.report = work.imports.report_of(imported.import_id)
        _enter(imported, State.UNDO_CHECKED)
        return
    applied = [row for row in rows if row.deed is Deed.APPLIED]
    with work.attempt():
        left = _taken_back(applied, imported, work)
    for row in applied:
        row.outcome = row.outcome and msgspec.structs.replace(row.outcome, stays=left.get(row.number, []))
    work.imports.save_undoing(imported.import_id, applied)
    _advance(imported, rows)


def _undo(imported: Import, work: "Work") -> None:
    """Take back what the report said; a line of which something would be left stays, as far as it said."""
    rows = work.imports.chunk(imported, CHUNK)
    applied = [row for row in rows if row.deed is Deed.APPLIED]
    left = _taken_back(applied, imported, work)
    for row in applied:
        _note(row, left.get(row.number, []))
    work.imports.save_deeds(imported.import_id, applied)
    _advance(imported, rows, State.UNDONE)


def _taken_back(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Sequence[Issue]]:
    """What is left of lines that are taken back, the last of a family first."""
    left: dict[int, Sequence[Issue]] = {}
    for some in rounds(rows[::-1]):
        left |= UNDO[imported.kind](some, imported, work)
    return left


def _note(row: Row, left: Sequence[Issue]) -> None:
    row.deed = Deed.KEPT if left else Deed.UNDONE
    if row.outcome:
        row.outcome = msgspec.structs.replace(row.outcome, issues=[*row.outcome.issues, *left], stays=None)


def _advance(imported: Import, rows: Sequence[Row], end: State | None = None) -> None:
    """Say how far it came; where no lines were left and the pass has an `end`, that it is over."""
    if rows:
        imported.cursor, imported.done = rows[-1].family, imported.done + len(rows)
    elif end:
        _enter(imported, end)


def _enter(imported: Import, state: State) -> None:
    imported.state, imported.cursor, imported.done = state, 0, imported.total


def in_rounds(rows: Sequence[Row], imported: Import, work: "Work") -> dict[int, Outcome]:
    """What comes of these lines, each family's one after the other."""
    outcomes: dict[int, Outcome] = {}
    for some in rounds(rows):
        outcomes |= PERFORM[imported.kind](some, imported, work)
    return outcomes


def rounds(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """First the first line of every family, then the second of each that has one: no round has two lines of one family."""
    by_family: dict[int, list[Row]] = {}
    for row in rows:
        by_family.setdefault(row.family, []).append(row)
    for some in zip_longest(*by_family.values()):
        yield [row for row in some if row is not None]
