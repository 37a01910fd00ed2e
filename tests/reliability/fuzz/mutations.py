"""Changes a JSON document, and the bytes that it is written in, by chance.

A document is changed in its structure (members and items dropped, doubled, swapped, renamed, wrapped, of another type) and
then perhaps in its bytes (flipped, cut, doubled, another encoding).
"""

import gzip
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

from tests.reliability.fuzz.oddities import LITERALS, NAMES, TEXTS, VALUES
from tests.reliability.fuzz.secrets import found_in

_LITERAL = "@@literal {}@@"
_AGAIN = "@@again@@"
"""A member's name that begins so loses it when it is written, and so stands there twice."""

Spot = tuple[Any, Any]
"""A container, and the key or index in it."""


def written(document: Any) -> bytes:
    """The document as JSON, its literals as they stand and its doubled members doubled."""
    text = json.dumps(document, ensure_ascii=False).replace(f'"{_AGAIN}', '"')
    for number, literal in enumerate(LITERALS):
        text = text.replace(f'"{_LITERAL.format(number)}"', literal)
    return text.encode(errors="surrogatepass")


def mutated(chance: Random, document: dict[str, Any]) -> dict[str, Any]:
    """A copy with one to four changes in its structure, most of them in its `data`."""
    changed = deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        spots = list(_spots(changed))
        inner = list(_spots(changed.get("data"))) if chance.random() < 0.7 else spots  # the envelope is soon no envelope
        if inner:
            chance.choice(_CHANGES)(chance, chance.choice(inner), spots)
    if "id" in document and found_in(str(changed.get("id"))):  # logs name messages by their ids, in which contracts allow nobody
        changed["id"] = document["id"]
    return changed


def garbled(chance: Random, content: bytes) -> bytes:
    """One change in the bytes."""
    return chance.choice(_GARBLES)(chance, content)


def odd_value(chance: Random) -> Any:
    """What should not be there."""
    if chance.random() < 0.15:
        return _LITERAL.format(chance.randrange(len(LITERALS)))
    return deepcopy(chance.choice(VALUES))


def perturbed(chance: Random, text: str) -> str:
    """The same text, but for a letter or so."""
    at = chance.randrange(len(text) + 1)
    odd = chance.choice(TEXTS)[:20]
    return chance.choice(
        (
            text[:at],
            text[at:],
            text[:at] + odd + text[at:],
            text + text,
            text.upper(),
            text.title(),
            text[::-1],
            f" {text} ",
            text[:at] + text[at + 1 :],
        )
    )


def _spots(document: Any) -> Iterator[Spot]:
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _spots(document[key])


def _drop(_chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    del spot[0][spot[1]]


def _replace(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    spot[0][spot[1]] = odd_value(chance)


def _swap(chance: Random, spot: Spot, spots: list[Spot]) -> None:
    other = chance.choice(spots)
    spot[0][spot[1]] = deepcopy(other[0][other[1]])


def _double(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    parent, key = spot
    if isinstance(parent, dict):
        parent[f"{_AGAIN}{key}"] = chance.choice((parent[key], odd_value(chance)))
    else:
        parent[key:key] = [deepcopy(parent[key])] * chance.choice((1, 2, 20))


def _rename(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    parent, key = spot
    if isinstance(parent, dict):
        parent[chance.choice((str(key).upper(), f"{key} ", perturbed(chance, str(key)), chance.choice(NAMES)))] = parent.pop(key)


def _add(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    if isinstance(spot[0], dict):
        spot[0][chance.choice(NAMES)] = odd_value(chance)


def _perturb(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    value = spot[0][spot[1]]
    if isinstance(value, str):
        spot[0][spot[1]] = perturbed(chance, value)
    elif isinstance(value, int | float):
        spot[0][spot[1]] = chance.choice((-value, value + 1, value * 2**40, float(value), str(value), bool(value)))


def _wrap(chance: Random, spot: Spot, _spots: list[Spot]) -> None:
    value = spot[0][spot[1]]
    spot[0][spot[1]] = chance.choice(([value], {"value": value}, [value, value], json.dumps(value)))


_CHANGES: tuple[Callable[[Random, Spot, list[Spot]], None], ...] = (
    _drop,
    _replace,
    _replace,
    _swap,
    _double,
    _rename,
    _add,
    _perturb,
    _perturb,
    _wrap,
)


def _flip(chance: Random, content: bytes) -> bytes:
    flipped = bytearray(content or b"\0")
    for _ in range(chance.choice((1, 1, 2, 8))):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _cut(chance: Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _cut_out(chance: Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + content[at + chance.randrange(20) :]


def _insert(chance: Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(chance.choice((1, 2, 9))) + content[at:]


def _decoded(content: bytes) -> str:
    return content.decode(errors="replace")


_GARBLES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flip,
    _flip,
    _cut,
    _cut_out,
    _insert,
    lambda _chance, _content: b"",
    lambda _chance, content: _decoded(content).encode("latin-1", errors="replace"),
    lambda _chance, content: _decoded(content).encode("utf-16"),
    lambda _chance, content: _decoded(content).encode("utf-7"),
    lambda _chance, content: b"\xef\xbb\xbf" + content,
    lambda _chance, content: b"\n\t " + content + b"\r\n",
    lambda _chance, content: content + content,
    lambda _chance, content: content + b"\0",
    lambda _chance, content: gzip.compress(content),
    lambda _chance, content: b"[" + content + b"]",
    lambda _chance, content: json.dumps(_decoded(content)).encode(),
)
