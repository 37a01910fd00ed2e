"""The entries of a programme's folder (its institutions, its districts) as an import finds and changes them: comments and order stay."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tomlkit

from services.chassis.errors import Invalid
from services.registration import programme_folder
from services.registration.imports.directory import LETTERS
from services.registration.imports.record import Issue
from services.registration.imports.texts import issue
from services.registration.loading import Comparison

if TYPE_CHECKING:
    from services.registration.storage import Work

Files = Mapping[str, bytes]
Entry = dict[str, Any]
"""An entry as it stands in the folder, its dates as text."""

_DATES: Final = frozenset({"opened", "closed", "start", "end"})


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of one kind, each known by its number in the Dagtilbudsregister."""

    name: str

    @property
    def file(self) -> str:
        """The file that they stand in."""
        return f"{self.name}.toml"

    def find(self, files: Files, number: str) -> Entry | None:
        """The entry with that number."""
        return self.first(files, lambda entry: entry.get("stil_number") == number)

    def first(self, files: Files, fits: Callable[[Entry], bool]) -> Entry | None:
        """The first that fits."""
        return next((entry for one in self._document(files)[self.name] if fits(entry := _unwrapped(one))), None)

    def changed(self, files: Files, code: str, entry: Entry) -> Files:
        """The folder with the entry of that code as given."""
        document = self._document(files)
        found = next(one for one in document[self.name] if one["code"] == code)
        before = _unwrapped(found)
        for name in before.keys() - entry.keys():
            del found[name]
        for name, value in entry.items():
            if before.get(name) != value:
                found[name] = _toml(name, value)
        return {**files, self.file: tomlkit.dumps(document).encode()}

    def added(self, files: Files, entry: Entry) -> Files:
        """The folder with one entry more, at its end."""
        document, table = self._document(files), tomlkit.table()
        for name, value in entry.items():
            table[name] = _toml(name, value)
        document[self.name].append(table)
        text = tomlkit.dumps(document)
        return {**files, self.file: re.sub(rf"(?<!\n)\n(?=\[\[{self.name}\]\])", "\n\n", text).encode()}

    def taken_back(self, files: Files, number: str, made: Mapping[str, Entry | None], stays: str) -> Files | list[Issue]:
        """The folder as it was before what was `made` of an entry; why it cannot be, by the rule `stays` where it was new."""
        before, after = made["before"], made["after"]
        if self.find(files, number) != after or after is None:
            return [issue("changed-since", "number", error=False)]
        return [issue(stays, "number", error=False)] if before is None else self.changed(files, after["code"], before)

    def _document(self, files: Files) -> Any:
        return tomlkit.parse(files[self.file].decode())


def load(files: Files, work: "Work") -> None:
    """Judge the folder whole and load it. Raises `Invalid` with everything that speaks against it."""
    with work.attempt() as attempt:
        folder = programme_folder.read_files(files)
        compared = Comparison(folder, work.programmes.loaded(folder))
        programme_folder.refuse_clashes(folder, compared.loaded, shared_too=True)  # whoever confirms the dry run confirms that too
        compared.apply(work)
        attempt.keep()


def refusals(files: Files, work: "Work") -> Sequence[Issue]:
    """Load it; what speaks against it instead, if anything does."""
    try:
        load(files, work)
    except Invalid as refused:
        return [Issue(one.slug, "", one.da, one.en) for one in refused]
    return ()


def code_of(name: str) -> str:
    """`Børnehuset Stjernehuset` becomes `stjernehuset`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold().translate(LETTERS)).strip("-")
    return plain.removeprefix("boernehuset-").removeprefix("daginstitution-").removeprefix("dagtilbud-")


def _unwrapped(entry: Any) -> Entry:
    found: Entry = msgspec.to_builtins(entry.unwrap())
    return found


def _toml(name: str, value: Any) -> Any:
    """Days as dates, names by language as an inline table, a history as a list of inline tables."""
    if name in _DATES:
        return date.fromisoformat(value)
    if isinstance(value, Mapping):
        return _inline(value)
    if isinstance(value, str):
        return value
    rows = tomlkit.array().multiline(multiline=True)
    for one in value:
        rows.append(_inline(one))
    return rows


def _inline(values: Mapping[str, Any]) -> Any:
    row = tomlkit.inline_table()
    row.update({name: _toml(name, value) for name, value in values.items()})
    return row
