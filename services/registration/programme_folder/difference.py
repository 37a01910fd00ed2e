"""What loading a folder would change: each entry that comes, goes or is altered, and of an altered one every field."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.registration.domain.programme import ConsentText, Institution, Placement, Programme
from services.registration.programme_folder.clashes import Loaded
from services.registration.programme_folder.content import CODED_LISTS

if TYPE_CHECKING:
    from services.registration.programme_folder import ProgrammeFolder

ORDER: Final = "order"
"""The field under which a list is told whose entries changed places."""


class How(StrEnum):
    """What happens to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One difference. `what` is an entry, such as `tracks/A`; of a changed one, `field` such as `name/da`, and both values."""

    how: How
    what: str
    field: str = ""
    old: Any = None
    new: Any = None


def difference(folder: "ProgrammeFolder", loaded: Loaded) -> list[Change]:
    """From what is loaded to what is in the folder; empty where loading would change nothing."""
    joined = [one.joining(loaded.known(one)) for one in folder.institutions]
    known = [*loaded.own_institutions, *filter(None, map(loaded.known, folder.institutions))]
    old = _entries(loaded.programme, known, loaded.consent_texts)
    new = _entries(folder.programme, joined, folder.consent_texts)
    return [*_between(old, new), *_reordered(loaded.programme, folder.programme)]


def _entries(programme: Programme | None, institutions: Iterable[Institution], texts: Iterable[ConsentText]) -> dict[str, Any]:
    """Every entry under a key that stays its own: an institution's is its id, since its code may change."""
    entries = _of_programme(programme) if programme else {}
    entries |= {f"institutions/{institution.institution_id}": _institution(institution) for institution in institutions}
    return entries | {f"consent_texts/{'.'.join(text.key)}": {"words": text.text} for text in texts}


def _of_programme(programme: Programme) -> dict[str, Any]:
    tables = msgspec.to_builtins(programme)
    entries: dict[str, Any] = {"programme": {key: value for key, value in tables.items() if key not in {*CODED_LISTS, "consent_texts"}}}
    for key in CODED_LISTS:
        entries |= {f"{key}/{entry['code']}": entry for entry in tables[key]}
    return entries


def _institution(institution: Institution) -> dict[str, Any]:
    return {**msgspec.to_builtins(institution), "placements": [_in_words(placement) for placement in institution.placements]}


def _in_words(placement: Placement) -> str:
    return f"{placement.district} from {placement.valid.start or 'the start'} to {placement.valid.end or 'the end'}"


def _between(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        if key not in old:
            yield Change(How.ADDED, _called(key, new[key]), new=new[key])
        elif key not in new:
            yield Change(How.REMOVED, _called(key, old[key]), old=old[key])
        else:
            yield from _fields(_called(key, new[key]), old[key], new[key])


def _called(key: str, entry: Mapping[str, Any]) -> str:
    return f"institutions/{entry['code']}" if key.startswith("institutions/") else key


def _fields(what: str, old: Any, new: Any, *path: str) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _fields(what, old.get(name), new.get(name), *path, name)
    elif old != new:
        yield Change(How.CHANGED, what, "/".join(path), old, new)


def _reordered(old: Programme | None, new: Programme) -> Iterator[Change]:
    """Lists with the same entries in another order: people read them in it."""
    orders = _orders(new)
    for key, before in _orders(old).items() if old else ():
        if before != orders[key] and sorted(before) == sorted(orders[key]):
            yield Change(How.CHANGED, key, ORDER, before, orders[key])


def _orders(programme: Programme) -> dict[str, list[str]]:
    orders = {key: [entry.code for entry in getattr(programme, key)] for key in CODED_LISTS}
    return orders | {"consent_texts": [".".join(key) for key in programme.consent_texts]}
