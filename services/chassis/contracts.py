"""The gate: is this `data` what its contract says, and if not, everything that is wrong with it.

A contract is named by its folder and version under `contracts/`: `enrolment.requested/v1`. It is compiled once. The usual
answer is a fast yes (about 2 µs for an enrolment request); only data that fail are gone through for the details.
The texts are in `contracts.toml`, by the keyword of JSON Schema that was broken; the rule that they quote is
the schema's own (`x-deltag-rule`). They never quote what was sent, which may be personal.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from services.chassis.errors import Reason
from services.chassis.files import contracts

FOLDER: Final = contracts()
SCHEMA: Final = "schema.json"
LANGUAGES: Final = ("da", "en")
_TEXTS: Final[Mapping[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_HARMLESS_NAME: Final = re.compile(r"[a-z][A-Za-z_]{0,39}")


def problems(contract: str, data: Any) -> list[Reason]:
    """Everything in which `data` (decoded JSON) breaks `contract`, by field; empty when it keeps it.

    Each reason has a JSON pointer into `data`. An unknown field is named only when it looks like a field's
    name (small first letter, no digit); else its parent is named, since a key may hold personal data too.
    Raises `FileNotFoundError` for an unknown contract.
    """
    return gate(contract).problems(data)


@cache
def gate(contract: str) -> "Gate":
    """The compiled contract."""
    return Gate(schema(contract))


@cache
def schema(contract: str) -> dict[str, Any]:
    """The JSON Schema of `contract`."""
    return read(FOLDER / f"{contract}.{SCHEMA}")


def example(contract: str) -> dict[str, Any]:
    """A whole valid CloudEvent of `contract`."""
    return read(FOLDER / f"{contract}.example.json")


def names(folder: Path = FOLDER) -> list[str]:
    """Every contract of a folder, sorted: `["activity.called-off/v1", …]`."""
    found = folder.glob(f"*/v*.{SCHEMA}")
    return sorted(f"{path.parent.name}/{path.name.removesuffix(f'.{SCHEMA}')}" for path in found)


@cache
def by_type() -> dict[str, str]:
    """The contract of each message type: `{"registration.enrolment.accepted.v1": "enrolment.accepted/v1", …}`."""
    return {schema(name)["x-deltag-type"]: name for name in names()}


def read(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


class Gate:
    """One JSON Schema, compiled, formats checked."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    def problems(self, data: Any) -> list[Reason]:
        """Everything that is wrong, sorted by field; each rule once for a field."""
        try:
            return [] if self._validator.is_valid(data) else self._reasons(data)
        except UnicodeEncodeError:
            return [_reason("encoding", "")]

    def _reasons(self, data: Any) -> list[Reason]:
        found = {(r.field, r.slug): r for error in self._validator.iter_errors(data) for r in self._explain(error)}
        return [found[key] for key in sorted(found)]

    def _explain(self, error: jsonschema_rs.ValidationError) -> Iterator[Reason]:
        keyword = error.kind.name
        place = self._place(error.schema_path)
        for path in _paths(error):
            yield _reason(keyword, pointer(path), place)

    def _place(self, path: Sequence[str | int]) -> Mapping[str, Any]:
        place: Any = self._schema
        for step in path[:-1]:
            place = place[step]
        return place if isinstance(place, Mapping) else {}


def pointer(path: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901); empty for the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _paths(error: jsonschema_rs.ValidationError) -> list[list[str | int]]:
    """Where it is wrong: the missing or unknown field itself, not the object that it belongs in."""
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return [[*error.instance_path, name]]
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=unexpected):
            return [[*error.instance_path, *([name] if _HARMLESS_NAME.fullmatch(name) else [])] for name in unexpected]
        case _:
            return [error.instance_path]


def _reason(keyword: str, field: str, place: Mapping[str, Any] | None = None) -> Reason:
    text = _TEXTS["keywords"].get(keyword) or _TEXTS["keywords"]["other"]
    da, en = (text[language].format(keyword=keyword, **_quotes(keyword, place or {}, language)) for language in LANGUAGES)
    return Reason(text["slug"], field, da, en)


def _quotes(keyword: str, place: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the texts quote of the schema."""
    limit = place.get(keyword)
    owner = limit if isinstance(limit, Mapping) else place
    return {
        "rule": owner.get("x-deltag-rule", {}).get(language) or str(owner.get("title", "")),
        "limit": str(limit),
        "allowed": ", ".join(json.dumps(value, ensure_ascii=False) for value in _several(limit)),
        "expected": f" {_TEXTS['or'][language]} ".join(_TEXTS["types"][name][language] for name in _several(place.get("type"))),
    }


def _several(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
