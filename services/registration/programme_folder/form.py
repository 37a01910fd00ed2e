"""What each entry of a programme's folder must look like by itself: `programme.schema.json`, and what it makes of an entry."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from services.chassis.contracts import Gate
from services.chassis.errors import Reason
from services.registration.domain.programme import Institution
from services.registration.domain.validity import Validity
from services.registration.programme_folder.content import FILE_OF, FILES, Content
from services.registration.texts import reason

T = TypeVar("T")


@dataclass(frozen=True)
class Form:
    """What is wrong with single entries, and which are sound, so that they can be looked at together."""

    content: Content
    mistakes: tuple[Reason, ...]
    _broken: frozenset[tuple[str, ...]]

    def is_sound(self, key: str) -> bool:
        """Whether it is there, and nothing is wrong in all of it."""
        return key in self.content.whole and not any(place[:1] == (key,) for place in self._broken)

    def sound(self, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The entries of a list with which nothing is wrong, and their places."""
        for index, entry in enumerate(self.content.entries(key)):
            if (key, str(index)) not in self._broken:
                yield index, entry

    def read(self, key: str, shape: type[T]) -> Iterator[tuple[int, T]]:
        """The same, read as that."""
        return ((index, msgspec.convert(entry, shape)) for index, entry in self.sound(key))

    def institutions(self) -> Iterator[tuple[int, Institution]]:
        """The same, of institutions."""
        programme = str(self.content.whole.get("code"))
        return ((index, institution(entry, programme)) for index, entry in self.sound("institutions"))

    def codes(self, key: str) -> set[str] | None:
        """The codes of all entries of a list, sound or not; None where it is not known what is in it."""
        if not self.content.is_read(key):
            return None
        return {str(entry.get("code")) for entry in self.content.entries(key) if isinstance(entry, dict)}


def formed(content: Content) -> Form:
    """Look at every entry by itself."""
    known = [found for found in _gate().problems(content.whole) if not _is_of_a_lost_file(found, content)]
    found = [Reason(one.slug, content.at(one.field), one.da, one.en) for one in known]
    broken = frozenset(tuple(one.field.split("/")[1:3]) for one in known)
    return Form(content, (*found, *_kept_apart(content)), broken)


def institution(entry: Mapping[str, Any], programme: str) -> Institution:
    """An institution as its entry describes it: one `district` for all its life, or one after the other."""
    facts = dict(entry)
    existence = {"start": facts.pop("opened", None), "end": facts.pop("closed", None)}
    district = facts.pop("district")
    placements = [{"district": district}] if isinstance(district, str) else [{"district": one["code"]} | one for one in district]
    placed = [{"district": one["district"], "valid": existence | {k: one[k] for k in ("start", "end") if k in one}} for one in placements]
    placed.sort(key=lambda one: msgspec.convert(one["valid"], Validity).first)
    return msgspec.convert(facts | {"programmes": [programme], "existence": existence, "placements": placed}, Institution)


@cache
def _gate() -> Gate:
    """Made when the first folder is read: a service that reads none does not hold it."""
    return Gate(json.loads((Path(__file__).parent / "programme.schema.json").read_text("utf-8")))


def _is_of_a_lost_file(found: Reason, content: Content) -> bool:
    """Whether something is only missing because its file is, or cannot be read."""
    key = found.field.removeprefix("/")
    return found.slug == "field-missing" and key in FILE_OF and FILE_OF[key] not in content.tables


def _kept_apart(content: Content) -> Iterator[Reason]:
    """Each file holds its own and nothing else."""
    for file, tables in content.tables.items():
        for key in sorted((tables.keys() & FILE_OF.keys()) - set(FILES[file])):
            yield reason("wrong-file", content.where(file, f"/{key}"), {"file": FILE_OF[key]})
