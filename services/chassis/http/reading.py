"""Reads a request, and refuses what cannot be read: too much, the wrong type, no JSON, unknown parameters.

The order is the cheapest first, and nothing of the body is read before the caller is known and may call.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from marshmallow import Schema, fields
from werkzeug.http import parse_options_header

from services.chassis.errors import Invalid, Malformed, TooLarge
from services.chassis.http import form, reply
from services.chassis.http.api import Route
from services.chassis.http.contract import Contract
from services.chassis.http.form import Form
from services.chassis.http.problem import UnsupportedMediaType
from services.chassis.http.purposes import EXPLAINED, PURPOSES
from services.chassis.http.request import Request
from services.chassis.http.strict import holds_nul, is_name, load
from services.chassis.http.texts import error
from services.chassis.http.upload import Upload

Environ = Mapping[str, Any]

_AT_BYTE = re.compile(r"\(byte (\d+)\)")


def read_into(request: Request, route: Route, environ: Environ, limit: int, *, largest_file: int) -> Request:
    """Fill in the purpose, the query and the body, as the route declares them; raises what is wrong with them."""
    if route.personal:
        request.purpose = purpose(environ)
    if environ.get("QUERY_STRING") or route.query or route.paging:
        _read_query(route, request, environ.get("QUERY_STRING", ""))
    if isinstance(route.body, Upload):
        request.content = body(environ, largest_file, route.body.media_types)
    elif isinstance(route.body, Form):
        form.refuse_foreign(environ)
        request.content = body(environ, limit, [form.MEDIA_TYPE])
        request.body = form.read(request.content)
    elif route.body is not None:
        request.content = body(environ, limit)
        request.body = checked(route.body, decoded(request.content))
    return request


def purpose(environ: Environ) -> str:
    """Why personal data are asked for: one of `PURPOSES`."""
    given = str(environ.get("HTTP_DELTAG_PURPOSE", "")).strip()
    if not given:
        raise error(Malformed, "purpose-missing", "Deltag-Purpose")
    if given not in PURPOSES:
        raise error(Malformed, "purpose-invalid", "Deltag-Purpose", known=EXPLAINED)
    return given


def _read_query(route: Route, request: Request, query: str) -> None:
    pairs = _pairs(query)
    if any("\0" in name + value for name, value in pairs):
        raise error(Malformed, "text-with-nul")
    try:
        if route.paging:
            request._page, pairs = route.paging.read(pairs)  # noqa: SLF001 - `page` is read-only for routes
        request.query = _loaded(route.query, _known(pairs, route.query) if route.is_visited else pairs)
    except Invalid as refused:
        raise Malformed("invalid-query", reasons=list(refused)) from None


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise error(Malformed, "query-not-utf-8") from None


def _known(pairs: Sequence[tuple[str, str]], schema: Schema | None) -> list[tuple[str, str]]:
    """Of what is hung on a page's address that which the page has a use for."""
    names = {field.data_key or name for name, field in schema.fields.items()} if schema else ()
    return [(name, value) for name, value in pairs if name in names]


_NOTHING = Schema.from_dict({})()


def _loaded(schema: Schema | None, pairs: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    schema = schema or _NOTHING
    several = {field.data_key or name for name, field in schema.fields.items() if isinstance(field, fields.List)}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in several:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise error(Invalid, "parameter-repeated", f"/{name}" if is_name(name) else "")
        else:
            values[name] = value
    found: Mapping[str, Any] = load(schema, values)
    return found


def body(environ: Environ, limit: int, media_types: Sequence[str] = ()) -> bytes:
    """The whole body, whose type and size are checked first; chunked bodies are read no further than the limit.

    Where no media types are named it must be JSON in UTF-8; a file may be empty.
    """
    kind, options = parse_options_header(environ.get("CONTENT_TYPE"))
    is_json = kind == reply.JSON and options.get("charset", "utf-8").lower() == "utf-8"
    if environ.get("HTTP_CONTENT_ENCODING") or not (kind in media_types if media_types else is_json):
        raise UnsupportedMediaType(media_types)
    content = _read_bytes(environ, limit)
    if len(content) > limit:
        raise error(TooLarge, "body-too-large", max=limit)
    if not content and not media_types:
        raise error(Malformed, "body-missing")
    return content


def _read_bytes(environ: Environ, limit: int) -> bytes:
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return _taken(environ, limit + 1)
    length = _content_length(environ)
    if length > limit:
        raise error(TooLarge, "body-too-large", max=limit)
    content = _taken(environ, length)
    if len(content) < length:
        raise error(Malformed, "body-incomplete")
    return content


def _content_length(environ: Environ) -> int:
    given = environ.get("CONTENT_LENGTH") or "0"
    if not (given.isascii() and given.isdigit()):
        raise error(Malformed, "content-length-invalid", "Content-Length")
    return int(given[:18])


def _taken(environ: Environ, most: int) -> bytes:
    """At most so many bytes; a server may give them in pieces."""
    pieces: list[bytes] = []
    try:
        while most > 0 and (piece := environ["wsgi.input"].read(most)):
            pieces.append(piece)
            most -= len(piece)
    except (OSError, ValueError):
        raise error(Malformed, "body-incomplete") from None
    return b"".join(pieces)


def decoded(content: bytes) -> Any:
    """The JSON. Strict: UTF-8, no NaN, no halves of characters, and no NUL, which PostgreSQL cannot keep."""
    if holds_nul(content):
        raise error(Malformed, "text-with-nul", _place_of_nul(content))
    try:
        found = msgspec.json.decode(content)
    except (msgspec.ValidationError, RecursionError):
        raise error(Malformed, "json-out-of-reach") from None
    except UnicodeDecodeError:
        raise _malformed(content, _end_of_text(content)) from None
    except msgspec.DecodeError as wrong:
        at = _AT_BYTE.search(str(wrong))
        raise _malformed(content, int(at[1]) if at else len(content)) from None
    _refuse_repetitions(content)
    return found


def _place_of_nul(content: bytes) -> str:
    """The field whose text holds NUL, where the body can be read."""
    with suppress(msgspec.MsgspecError, RecursionError, ValueError):
        return next(_nuls(msgspec.json.decode(content), ""), "")
    return ""


def _nuls(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str) and "\0" in value:
        yield pointer
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from _nuls(below, f"{pointer}/{key}" if is_name(key) else pointer)


class _Repeated(Exception):
    """A name stands twice in one object; its argument is the name."""


def _refuse_repetitions(content: bytes) -> None:
    """JSON leaves open which of two counts, and the decoder takes the last: 20 µs for a request that nobody misreads."""
    try:
        with suppress(ValueError, RecursionError):
            json.loads(content, object_pairs_hook=_once)
    except _Repeated as name:
        raise error(Malformed, "name-repeated", str(name) if is_name(str(name)) else "") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise _Repeated(name)


def _malformed(content: bytes, at: int) -> Malformed:
    """Names line and column, both from 1, of the byte where the JSON ends to be any."""
    before = content[:at]
    return error(Malformed, "malformed-json", line=before.count(b"\n") + 1, column=len(before) - before.rfind(b"\n"))


def _end_of_text(content: bytes) -> int:
    try:
        return len(content.decode())
    except UnicodeDecodeError as wrong:
        return wrong.start


def checked(expected: Schema | Contract, data: Any) -> Any:
    """The body as the route declares it."""
    return expected.check(data) if isinstance(expected, Contract) else load(expected, data)
