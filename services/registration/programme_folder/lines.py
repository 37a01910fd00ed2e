"""On which line of a TOML file something stands, so that a mistake can be found by whoever made it.

`tomllib` gives the values and forgets where they were; tree-sitter's grammar of TOML knows where, and here is no value read.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from services.chassis.contracts import pointer

Path = tuple[str | int, ...]

_PARSER: Final = Parser(Language(tree_sitter_toml.language()))


def lines(content: bytes) -> Mapping[str, int]:
    """The line (from 1) of every key, table and list entry of a file that is TOML, by JSON pointer."""
    walk = _Walk()
    places = list(walk.document(_PARSER.parse(content).root_node))
    return {pointer(path): line for path, line in reversed(places)}


def line_of(place: str, known: Mapping[str, int]) -> int | None:
    """The line of a pointer, or of the innermost known thing around it: a field that is missing is missing there."""
    while place and place not in known:
        place = place.rpartition("/")[0]
    return known.get(place)


class _Walk:
    """Goes through a file once; counts the entries of each array of tables."""

    def __init__(self) -> None:
        self._entries: Counter[Path] = Counter()

    def document(self, root: Node) -> Iterator[tuple[Path, int]]:
        for node in root.named_children:
            match node.type:
                case "pair":
                    yield from _pair(node, ())
                case "table":
                    yield from self._table(node, self._inside(_keys(node.named_children[0])))
                case "table_array_element":
                    yield from self._entry(node, _keys(node.named_children[0]))

    def _entry(self, node: Node, keys: Path) -> Iterator[tuple[Path, int]]:
        around = (*self._inside(keys[:-1]), keys[-1])
        self._entries[around] += 1
        yield around, _line(node)
        yield from self._table(node, (*around, self._entries[around] - 1))

    def _table(self, node: Node, path: Path) -> Iterator[tuple[Path, int]]:
        yield path, _line(node)
        for child in node.named_children[1:]:
            if child.type == "pair":
                yield from _pair(child, path)

    def _inside(self, keys: Path) -> Path:
        """The path of a table's header: in an array of tables, its last entry is meant."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if entries := self._entries[path]:
                path = (*path, entries - 1)
        return path


def _pair(node: Node, around: Path) -> Iterator[tuple[Path, int]]:
    key, value, *_comment = node.named_children
    path = (*around, *_keys(key))
    yield path, _line(node)
    yield from _value(value, path)


def _value(node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    if node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                yield from _pair(child, path)
    if node.type == "array":
        for index, child in enumerate(child for child in node.named_children if child.type != "comment"):
            yield (*path, index), _line(child)
            yield from _value(child, (*path, index))


def _keys(node: Node) -> Path:
    """The parts of a bare, quoted or dotted key."""
    if node.type == "dotted_key":
        return tuple(part for child in node.named_children for part in _keys(child))
    text = (node.text or b"").decode(errors="replace")
    return (text,) if node.type == "bare_key" else tuple(tomllib.loads(f"{text} = 0"))


def _line(node: Node) -> int:
    return node.start_point.row + 1
