"""What may change in a released contract, and what would break somebody: the law behind `contracts_check`.

A request must go on accepting everything that it accepted: others send it. A fact must neither lose nor change
anything: others read it, and the log still holds the old ones; it may gain an optional field. What a rule here does
not know is refused: a person must decide, and v2 beside v1 is always open.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
Node = Schema | bool

ANNOTATIONS: Final = frozenset(
    {"$schema", "$comment", "$defs", "title", "description", "examples", "default", "deprecated"}
    | {"x-deltag-rule", "x-deltag-listeners", "x-deltag-since"}
)
"""What says something about a contract without deciding what keeps it."""

NEW_VERSION: Final = "leave this version as it is and put the change into the next one beside it (contracts/README.md)"


@dataclass(frozen=True)
class Change:
    """A change that breaks somebody: where in the schema, which rule, and the way out."""

    pointer: str
    rule: str
    remedy: str = NEW_VERSION


def breaking(old: Schema, new: Schema) -> list[Change]:
    """Every breaking change from the released schema to the present one; `x-deltag-kind` of the released one decides the direction."""
    return list(_Comparison(old, new).nodes(old, new, ""))


class _Comparison:
    """One walk through two schemas side by side."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._request = old.get("x-deltag-kind") == "request"
        self._seen: set[tuple[int, int]] = set()

    def nodes(self, old: Node, new: Node, at: str) -> Iterator[Change]:
        """Compare two schemas that stand in the same place."""
        if (id(old), id(new)) in self._seen:
            return
        self._seen.add((id(old), id(new)))
        before, after = _resolved(self._old, old), _resolved(self._new, new)
        for keyword in sorted((before.keys() | after.keys()) - ANNOTATIONS):
            yield from self._keyword(keyword, before, after, at)

    def _keyword(self, keyword: str, before: Schema, after: Schema, at: str) -> Iterator[Change]:
        old, new = before.get(keyword), after.get(keyword)
        match keyword:
            case "properties":
                yield from self._properties(old or {}, new or {}, at)
            case "required":
                yield from self._required(set(old or ()), set(new or ()), at)
            case "items" if old is not None and new is not None:
                yield from self.nodes(old, new, f"{at}/items")
            case _ if not _same(old, new) and not (self._request and _accepts_more(keyword, before, after)):
                yield Change(f"{at}/{keyword}", f"`{keyword}` {_said(old)} became {_said(new)}: {self._harm(keyword)}")

    def _properties(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        for name in sorted(old):
            if name not in new:
                yield Change(f"{at}/properties/{name}", f"the field `{name}` was removed: {self._lost}")
            else:
                yield from self.nodes(old[name], new[name], f"{at}/properties/{name}")

    def _required(self, old: set[str], new: set[str], at: str) -> Iterator[Change]:
        for name in sorted(new - old):
            yield Change(f"{at}/required", f"the field `{name}` became required: {self._unmet}", f"make it optional, or {NEW_VERSION}")
        for name in sorted(() if self._request else old - new):
            yield Change(f"{at}/required", f"the field `{name}` is required no more: its readers count on it")

    @property
    def _lost(self) -> str:
        return "who still sends it would be refused" if self._request else "its readers count on it"

    @property
    def _unmet(self) -> str:
        return "who sends without it would be refused" if self._request else "the log holds facts without it"

    def _harm(self, keyword: str) -> str:
        if keyword not in _ACCEPTS_MORE:
            return "no rule says that this is safe"
        return "what was accepted would be refused" if self._request else "readers, and the facts in the log, keep the released rule"


def _resolved(root: Schema, node: Node) -> Schema:
    """The schema behind a local `$ref`, with what stands beside the reference; `true` and `false` written out."""
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    while "$ref" in node:
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{keyword: value for keyword, value in node.items() if keyword != "$ref"}}
    return node


def _same(old: Any, new: Any) -> bool:
    """Equal, lists in any order: `type` and `enum` are sets."""
    if isinstance(old, list) and isinstance(new, list):
        return all(value in new for value in old) and all(value in old for value in new)
    return bool(old == new)


def _accepts_more(keyword: str, before: Schema, after: Schema) -> bool:
    """Whether a changed rule still lets through all that it let through."""
    rule = _ACCEPTS_MORE.get(keyword)
    return rule is not None and rule(before, after)


def _types(before: Schema, after: Schema) -> bool:
    old, new = _as_set(before.get("type")), _as_set(after.get("type"))
    return not new or (bool(old) and old <= new | ({"integer"} if "number" in new else set()))


def _values(before: Schema, after: Schema) -> bool:
    old, new = _allowed(before), _allowed(after)
    return new is None or (old is not None and all(value in new for value in old))


def _allowed(node: Schema) -> list[Any] | None:
    return [node["const"]] if "const" in node else node.get("enum")


def _open(_before: Schema, after: Schema) -> bool:
    return after.get("additionalProperties", True) is True


def _at_most(keyword: str) -> Callable[[Schema, Schema], bool]:
    return lambda before, after: keyword not in after or before.get(keyword, after[keyword] + 1) <= after[keyword]


def _at_least(keyword: str) -> Callable[[Schema, Schema], bool]:
    return lambda before, after: keyword not in after or before.get(keyword, after[keyword] - 1) >= after[keyword]


def _dropped(keyword: str) -> Callable[[Schema, Schema], bool]:
    return lambda _before, after: keyword not in after


_ACCEPTS_MORE: Final[Mapping[str, Callable[[Schema, Schema], bool]]] = {
    "type": _types,
    "enum": _values,
    "const": _values,
    "additionalProperties": _open,
    **{keyword: _at_most(keyword) for keyword in ("maxLength", "maximum", "maxItems", "exclusiveMaximum")},
    **{keyword: _at_least(keyword) for keyword in ("minLength", "minimum", "minItems", "exclusiveMinimum")},
    **{keyword: _dropped(keyword) for keyword in ("pattern", "format", "items", "uniqueItems", "propertyNames")},
}


def _as_set(value: str | list[str] | None) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _said(value: Any) -> str:
    return "(absent)" if value is None else f"`{value}`"
