"""The gate of `contracts/`: `python -m scripts.contracts_check` says everything that is wrong there, and fails.

It checks every schema, example and refused example, and compares each contract with the one last released
(`contracts/released/`, part of the tree so that a fresh clone needs neither tags nor history). `--release` makes the
present contracts the released ones; that belongs to a release, and breaks nobody, since the check comes first.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.contract_changes import NEW_VERSION, breaking
from services.chassis.contracts import FOLDER, SCHEMA, Gate, names, read
from services.chassis.errors import Reason

ENVELOPE: Final = f"cloudevent.{SCHEMA}"
SAYS: Final = ("type", "kind", "exchange", "publisher", "listeners", "since", "classification")
FEWEST_REFUSED: Final = 3


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: file, place in it, rule and remedy."""

    file: str
    pointer: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}{self.pointer and '#'}{self.pointer}: {self.rule}. Remedy: {self.remedy}."


def findings(folder: Path = FOLDER) -> list[Finding]:
    """Everything that is wrong in a folder of contracts."""
    if broken := list(_unreadable(folder)):
        return broken
    envelope = Gate(read(folder / ENVELOPE))
    found = [finding for name in names(folder) for finding in _Contract(folder, name, envelope).findings()]
    return [*found, *_broken_promises(folder)]


def release(folder: Path = FOLDER) -> None:
    """Make the present contracts the released ones."""
    for path in _schemas(folder):
        target = folder / "released" / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


class _Contract:
    """The files of one contract."""

    def __init__(self, folder: Path, name: str, envelope: Gate) -> None:
        self._stem, self._version = name.split("/")
        self._path = folder / self._stem
        self._schema = read(self._path / f"{self._version}.{SCHEMA}")
        self._envelope = envelope
        self._gate = Gate(self._schema)

    def findings(self) -> Iterator[Finding]:
        yield from self._annotations()
        yield from self._fields(self._schema, "")
        yield from self._example()
        yield from self._refused()

    def _annotations(self) -> Iterator[Finding]:
        file = f"{self._version}.{SCHEMA}"
        for word in SAYS:
            if f"x-deltag-{word}" not in self._schema:
                yield self._finding(file, f"/x-deltag-{word}", "the contract does not say it", f"add `x-deltag-{word}`")
        wanted = f"urn:deltag:contract:{self._stem}:{self._version}"
        if self._schema.get("$id") != wanted:
            yield self._finding(file, "/$id", "the id does not follow from the folder and the version", f"write {wanted}")
        if not str(self._schema.get("x-deltag-type")).endswith(f"{self._stem}.{self._version}"):
            yield self._finding(file, "/x-deltag-type", "the type does not follow from the folder and the version", "correct it")

    def _fields(self, node: Mapping[str, Any], at: str) -> Iterator[Finding]:
        for path, field in _properties(node, at):
            for word in ("title", "description"):
                if word not in field and "$ref" not in field:
                    yield self._finding(f"{self._version}.{SCHEMA}", path, f"the field has no {word}", "say what it holds")

    def _example(self) -> Iterator[Finding]:
        file = f"{self._version}.example.json"
        event = read(self._path / file)
        exact = Gate(_closed(self._schema))
        for reason in [*self._envelope.problems(event), *_inside(exact.problems(event.get("data")))]:
            yield self._finding(file, reason.field, f"{reason.slug}: {reason.en}", "correct the example or the schema")
        said = {"type": "x-deltag-type", "dataschema": "$id", "dataclassification": "x-deltag-classification"}
        for attribute, word in said.items():
            if event.get(attribute) != self._schema.get(word):
                yield self._finding(file, f"/{attribute}", f"it is not the schema's `{word}`", "write the same in both")

    def _refused(self) -> Iterator[Finding]:
        files = sorted((self._path / "invalid").glob("*.json"))
        if len(files) < FEWEST_REFUSED:
            yield self._finding("invalid/", "", "there are too few refused examples", f"show at least {FEWEST_REFUSED} mistakes")
        for file in files:
            yield from self._refusal(file)

    def _refusal(self, file: Path) -> Iterator[Finding]:
        event = read(file)
        wanted = _named(file)
        found = [(r.slug, r.field) for r in [*self._envelope.problems(event), *_inside(self._gate.problems(event.get("data")))]]
        if found != [wanted]:
            rule = f"its name says {wanted[0]} at {wanted[1]}, the gate says {found or 'nothing'}"
            yield self._finding(f"invalid/{file.name}", wanted[1], rule, "correct the file, its name or the schema")

    def _finding(self, file: str, pointer: str, rule: str, remedy: str) -> Finding:
        return Finding(f"{self._stem}/{file}", pointer, rule, remedy)


def _named(file: Path) -> tuple[str, str]:
    """What the name of a refused example says: `wrong-type.guardians-0-custody` is `/data/guardians/0/custody`."""
    slug, _, where = file.stem.partition(".")
    attribute = where.removeprefix("envelope-")
    return slug, f"/{attribute}" if attribute != where else f"/data/{where.replace('-', '/')}"


def _inside(reasons: list[Reason]) -> list[Reason]:
    """The same reasons, their pointers into the whole CloudEvent."""
    return [Reason(r.slug, f"/data{r.field}", r.da, r.en) for r in reasons]


def _properties(node: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a schema, however deep, with its JSON pointer."""
    if not isinstance(node, Mapping):
        return
    for name, field in node.get("properties", {}).items():
        yield f"{at}/properties/{name}", field
        yield from _properties(field, f"{at}/properties/{name}")
    yield from _properties(node.get("items"), f"{at}/items")
    for name, part in node.get("$defs", {}).items():
        yield from _properties(part, f"{at}/$defs/{name}")


def _closed(node: Any) -> Any:
    """The schema without tolerance: a producer's example may hold nothing that the contract does not name."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    closed = {keyword: _closed(value) for keyword, value in node.items()}
    return {"additionalProperties": False, **closed} if isinstance(node.get("properties"), Mapping) else closed


def _schemas(folder: Path) -> list[Path]:
    return [folder / ENVELOPE, *(folder / f"{name}.{SCHEMA}" for name in names(folder))]


def _unreadable(folder: Path) -> Iterator[Finding]:
    """Files that are missing, are not JSON, or are not the JSON Schema that their name says."""
    examples = {folder / f"{name}.example.json" for name in names(folder)}
    for path in sorted({folder / ENVELOPE, *folder.rglob("*.json"), *examples}):
        try:
            _read_strictly(path)
        except (OSError, ValueError) as error:
            rule = f"it cannot be used: {error}".splitlines()[0].rstrip(".")
            yield Finding(str(path.relative_to(folder)), "", rule, "correct the file")


def _read_strictly(path: Path) -> None:
    content = read(path)
    if path.name.endswith(SCHEMA):
        Gate(content)


def _broken_promises(folder: Path) -> Iterator[Finding]:
    """Where a present contract breaks who relies on the released one."""
    released = folder / "released"
    for path in sorted(released.rglob(f"*{SCHEMA}")):
        file = path.relative_to(released)
        if not (folder / file).exists():
            yield Finding(str(file), "", "a released contract was removed: somebody sends or reads it", f"bring it back, {NEW_VERSION}")
            continue
        for change in breaking(read(path), read(folder / file)):
            yield Finding(str(file), change.pointer, change.rule, change.remedy)


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong; 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m scripts.contracts_check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the folder of contracts (default: contracts/)")
    parser.add_argument("--release", action="store_true", help="make the present contracts the released ones")
    chosen = parser.parse_args(arguments)
    found = findings(chosen.folder)
    for finding in found:
        print(finding)
    print(f"{len(names(chosen.folder))} contracts checked, {len(found)} findings")
    if chosen.release and not found:
        release(chosen.folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
