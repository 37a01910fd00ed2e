"""What is in a programme's folder: its files, byte for byte, and the tables of its TOML files as one.

To a programme belong the TOML files in its folder and the texts in `consents/`; what else lies there is nobody's business.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.chassis.errors import Reason
from services.registration.programme_folder.lines import line_of, lines
from services.registration.texts import reason

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "programme.toml": (
        "programme_id",
        "code",
        "municipality",
        "name",
        "period",
        "target_children",
        "oldest_age",
        "contact",
        "municipal_systems",
    ),
    "tracks.toml": ("tracks",),
    "cohorts.toml": ("cohorts",),
    "districts.toml": ("districts",),
    "institutions.toml": ("institutions",),
    "kinds.toml": ("institution_kinds", "activity_kinds"),
    "professions.toml": ("professions", "professional_roles"),
    "languages.toml": ("languages",),
    "consents.toml": ("consent_purposes", "consent_texts"),
    "questions.toml": ("questions",),
    "retention.toml": ("retention",),
    "survey.toml": ("survey",),
    "cover.toml": ("staff_cover",),
    "templates.toml": ("activity_templates",),
}
"""Which file holds what."""

CODED_LISTS: Final = (
    "tracks",
    "cohorts",
    "districts",
    "institution_kinds",
    "activity_kinds",
    "professions",
    "professional_roles",
    "languages",
    "consent_purposes",
    "questions",
    "retention",
    "survey",
    "staff_cover",
    "activity_templates",
)
"""The lists of a programme whose entries have codes, by which other data point at them."""

OPTIONAL: Final = frozenset({"cohorts.toml", "questions.toml", "retention.toml", "survey.toml", "cover.toml", "templates.toml"})
"""Files that a programme may do without."""

FILE_OF: Final[Mapping[str, str]] = {key: file for file, keys in FILES.items() for key in keys}
WORDS: Final = "consents/"
_LINE: Final = re.compile(r"line (\d+)")


@dataclass(frozen=True)
class Content:
    """The files by path, the tables by file, dates as text; and what is wrong with files as such."""

    files: Mapping[str, bytes]
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mistakes: tuple[Reason, ...] = ()
    _lines: dict[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Any]:
        """All tables as one."""
        return {key: value for tables in self.tables.values() for key, value in tables.items()}

    def is_read(self, key: str) -> bool:
        """Whether the file that holds this was there and could be read, so that it is known what is in it."""
        return FILE_OF[key] in self.tables or (FILE_OF[key] not in self.files and FILE_OF[key] in OPTIONAL)

    def entries(self, key: str) -> list[Any]:
        """The entries of a list; none where it is no list."""
        found = self.whole.get(key)
        return found if isinstance(found, list) else []

    def words(self, file: str) -> str | None:
        """A text, its lines ended the same way on every machine; None where there is none, or it is not UTF-8."""
        try:
            return self.files[file].decode().replace("\r\n", "\n")
        except (KeyError, UnicodeDecodeError):
            return None

    def place(self, key: str, *steps: object) -> str:
        """Where something stands: `institutions.toml:31#/institutions/3/district`."""
        return self.at("/".join(("", key, *map(str, steps))))

    def at(self, pointer: str) -> str:
        """The same, by JSON pointer."""
        key = pointer.split("/")[1] if pointer else ""
        standing = next((file for file, tables in self.tables.items() if key in tables), None)
        return self.where(standing or FILE_OF.get(key, "programme.toml"), pointer)

    def where(self, file: str, pointer: str) -> str:
        """The same, in that file."""
        line = line_of(pointer, self._lines_of(file))
        return f"{file}{f':{line}' if line else ''}#{pointer}"

    def _lines_of(self, file: str) -> Mapping[str, int]:
        if file not in self._lines:
            self._lines[file] = lines(self.files[file]) if file in self.tables else {}
        return self._lines[file]


def collected(folder: Path) -> dict[str, bytes]:
    """The files of a folder that belong to its programme, by path."""
    paths = sorted((*folder.glob("*.toml"), *folder.glob(f"{WORDS}*.txt")))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def parsed(files: Mapping[str, bytes]) -> Content:
    """What the files hold, and which of them are missing, unknown or unreadable."""
    tables: dict[str, Mapping[str, Any]] = {}
    mistakes = list(_missing_and_unknown(files))
    for name in filter(files.__contains__, FILES):
        try:
            tables[name] = _tables(files[name])
        except UnicodeDecodeError as error:
            line = files[name][: error.start].count(b"\n") + 1
            mistakes.append(reason("file-unreadable", f"{name}:{line}", {"error": error}))
        except tomllib.TOMLDecodeError as error:
            mistakes.append(reason("file-unreadable", _named(name, str(error)), {"error": error}))
    return Content(files, tables, tuple(mistakes))


def _missing_and_unknown(files: Mapping[str, bytes]) -> Iterator[Reason]:
    for name in sorted(FILES.keys() - OPTIONAL - files.keys()):
        yield reason("file-missing", name)
    for name in sorted(files.keys() - FILES.keys()):
        if not name.startswith(WORDS):
            yield reason("file-unknown", name, {"known": ", ".join(FILES)})


def _tables(content: bytes) -> Mapping[str, Any]:
    tables: Mapping[str, Any] = json.loads(json.dumps(tomllib.loads(content.decode()), default=str))
    return tables


def _named(file: str, error: str) -> str:
    line = _LINE.search(error)
    return f"{file}:{line[1]}" if line else file
