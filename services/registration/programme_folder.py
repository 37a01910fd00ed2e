"""Reads a programme's folder: TOML files and consent texts in, a `Programme` with its places out.

Nothing is taken from a folder with a mistake in it, and every mistake is told at once: the file, the place in it (a
JSON pointer) and the rule. What a file may hold is in `programme.schema.json`.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from services.chassis.contracts import Gate
from services.chassis.errors import Invalid, Reason
from services.registration.domain.programme import ConsentText, Institution, Programme
from services.registration.texts import reason

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "programme.toml": ("programme_id", "code", "municipality", "name", "period", "target_children", "oldest_age", "contact"),
    "tracks.toml": ("tracks",),
    "districts.toml": ("districts",),
    "institutions.toml": ("institutions",),
    "kinds.toml": ("institution_kinds", "activity_kinds"),
    "professions.toml": ("professions",),
    "languages.toml": ("languages",),
    "consents.toml": ("consent_purposes", "consent_texts"),
}
"""Which file holds what."""

_FILE_OF: Final = {key: file for file, keys in FILES.items() for key in keys}
_GATE: Final = Gate(json.loads((Path(__file__).parent / "programme.schema.json").read_text("utf-8")))
_LISTS: Final = (
    "tracks",
    "districts",
    "institution_kinds",
    "activity_kinds",
    "professions",
    "languages",
    "consent_purposes",
    "institutions",
)


@dataclass(frozen=True)
class ProgrammeFolder:
    """A folder without mistakes."""

    programme: Programme
    institutions: tuple[Institution, ...]
    consent_texts: tuple[ConsentText, ...]


@dataclass(frozen=True)
class Loaded:
    """What is loaded under a programme's code, and every institution that a folder's institutions may collide with."""

    programme: Programme | None
    institutions: tuple[Institution, ...]
    consent_texts: tuple[ConsentText, ...]


def read(folder: Path) -> ProgrammeFolder:
    """Everything in the folder; raises `Invalid` with every mistake as a reason."""
    content = _content(folder)
    _refuse([*_form_mistakes(content), *_kept_apart(content)])
    _refuse([*_repetitions(content), *_loose_ends(content), *_missing_words(folder, content)])
    return _built(folder, content)


def refuse_clashes(folder: ProgrammeFolder, loaded: Loaded) -> None:
    """Raises `Invalid` where the folder takes away or alters what enrolments and consents rest on."""
    _refuse([*_moved_ids(folder, loaded), *_taken_away(folder, loaded), *_reworded(folder, loaded)])


def place(key: str, *steps: object) -> str:
    """Where something stands: `institutions.toml#/institutions/3/district`."""
    return "/".join((f"{_FILE_OF[key]}#", key, *map(str, steps)))


def _refuse(mistakes: list[Reason]) -> None:
    if mistakes:
        raise Invalid("programme-folder", reasons=mistakes)


def _content(folder: Path) -> dict[str, Any]:
    """All files' tables as one, dates as text; a file that is missing or no TOML is a mistake of its own."""
    content: dict[str, Any] = {}
    mistakes = []
    for name in FILES:
        try:
            content[name] = tomllib.loads((folder / name).read_text("utf-8"))
        except FileNotFoundError:
            mistakes.append(reason("file-missing", name))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            mistakes.append(reason("file-unreadable", name, {"error": error}))
    _refuse(mistakes)
    decoded: dict[str, Any] = json.loads(json.dumps(content, default=str))
    return decoded


def _form_mistakes(content: Mapping[str, Any]) -> Iterator[Reason]:
    standing = {key: file for file, tables in content.items() for key in tables}
    for found in _GATE.problems(_merged(content)):
        key = found.field.split("/")[1] if found.field else ""
        file = standing.get(key) or _FILE_OF.get(key, "programme.toml")
        yield Reason(found.slug, f"{file}#{found.field}", found.da, found.en)


def _kept_apart(content: Mapping[str, Any]) -> Iterator[Reason]:
    """Each file holds its own and nothing else."""
    for file, keys in FILES.items():
        strays = content[file].keys() - set(keys)
        yield from (reason("wrong-file", f"{file}#/{key}", {"file": _FILE_OF[key]}) for key in sorted(strays & _FILE_OF.keys()))


def _merged(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for tables in content.values() for key, value in tables.items()}


def _repetitions(content: Mapping[str, Any]) -> Iterator[Reason]:
    whole = _merged(content)
    for key in _LISTS:
        yield from _twice(key, "code", whole[key])
    yield from _twice("institutions", "number", whole["institutions"])
    yield from _twice("institutions", "institution_id", whole["institutions"])


def _twice(key: str, field: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[Reason]:
    seen: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        value = entry.get(field)
        seen[str(value)] += value is not None
        if seen[str(value)] > 1:
            yield reason("stands-twice", place(key, index, field), {"value": value})


def _loose_ends(content: Mapping[str, Any]) -> Iterator[Reason]:
    """Codes that point at nothing, and a period that ends before it starts."""
    whole = _merged(content)
    if whole["period"]["end"] < whole["period"]["start"]:
        yield reason("period-ends-first", place("period", "end"))
    pointing = (
        ("institutions", "district", "districts"),
        ("institutions", "kind", "institution_kinds"),
        ("consent_texts", "purpose", "consent_purposes"),
    )
    for key, field, target in pointing:
        yield from _points_nowhere(key, field, whole[key], {entry["code"] for entry in whole[target]}, target)


def _points_nowhere(key: str, field: str, entries: Iterable[Mapping[str, Any]], codes: set[str], target: str) -> Iterator[Reason]:
    for index, entry in enumerate(entries):
        if entry[field] not in codes:
            yield reason("points-nowhere", place(key, index, field), {"value": entry[field], "target": place(target)})


def _missing_words(folder: Path, content: Mapping[str, Any]) -> Iterator[Reason]:
    for index, entry in enumerate(_merged(content)["consent_texts"]):
        for language in entry["languages"]:
            file = _words(entry, language)
            if not (folder / file).is_file() or not (folder / file).read_text("utf-8").strip():
                yield reason("words-missing", place("consent_texts", index, "languages"), {"file": file})


def _words(entry: Mapping[str, Any], language: str) -> str:
    return f"consents/{entry['purpose']}.{entry['version']}.{language}.txt"


def _built(folder: Path, content: Mapping[str, Any]) -> ProgrammeFolder:
    whole = _merged(content)
    texts = tuple(
        ConsentText(entry["purpose"], entry["version"], language, (folder / _words(entry, language)).read_text("utf-8"))
        for entry in whole["consent_texts"]
        for language in entry["languages"]
    )
    programme = msgspec.convert(whole | {"consent_texts": [text.key for text in texts]}, Programme)
    institutions = tuple(Institution(**entry, programme=programme.code) for entry in whole["institutions"])
    return ProgrammeFolder(programme, institutions, texts)


def _moved_ids(folder: ProgrammeFolder, loaded: Loaded) -> Iterator[Reason]:
    if loaded.programme and loaded.programme.programme_id != folder.programme.programme_id:
        yield reason("id-changed", place("programme_id"))
    for index, institution in enumerate(folder.institutions):
        for other in loaded.institutions:
            yield from _collisions(index, institution, other)


def _collisions(index: int, ours: Institution, loaded: Institution) -> Iterator[Reason]:
    """The same id must be the same programme's; the same code or number must be the same institution's."""
    same = ours.institution_id == loaded.institution_id
    if same and ours.programme != loaded.programme:
        yield reason("belongs-elsewhere", place("institutions", index, "institution_id"), {"value": ours.institution_id})
    for field in ("code", "number"):
        value = getattr(ours, field)
        if value and not same and value == getattr(loaded, field):
            yield reason("belongs-elsewhere", place("institutions", index, field), {"value": value})


def _taken_away(folder: ProgrammeFolder, loaded: Loaded) -> Iterator[Reason]:
    if loaded.programme is None:
        return
    code = loaded.programme.code
    ids = {institution.institution_id for institution in folder.institutions}
    missing = set(loaded.programme.codes()) - set(folder.programme.codes())
    missing |= {
        ("institutions", known.code) for known in loaded.institutions if known.programme == code and known.institution_id not in ids
    }
    missing |= {("consent_texts", ".".join(known.key)) for known in loaded.consent_texts if known.key not in folder.programme.consent_texts}
    yield from (reason("must-stay", place(key), {"value": value}) for key, value in sorted(missing))


def _reworded(folder: ProgrammeFolder, loaded: Loaded) -> Iterator[Reason]:
    words = {text.key: text.text for text in loaded.consent_texts}
    for text in folder.consent_texts:
        if words.get(text.key, text.text) != text.text:
            yield reason("words-changed", f"consents/{'.'.join(text.key)}.txt")
