"""From what a route's function gives back to what goes over the wire."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import IO, Any, Self

import msgspec
from marshmallow import Schema
from werkzeug.http import parse_etags
from werkzeug.wsgi import FileWrapper

from services.chassis.http.api import Returned, Route
from services.chassis.http.request import Answer

JSON = "application/json"

PIECE = 65_536
"""Bytes of a file that are sent at a time."""

_ENCODE = msgspec.json.Encoder().encode
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HTML = {"Content-Security-Policy": _PAGE_POLICY, "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body as they are sent (and stored, for a request with an idempotency key).

    Where there is a `file`, that is the body, and is read as it is sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    file: IO[bytes] | None = None

    @property
    def status_line(self) -> str:
        """As WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def length(self) -> tuple[tuple[str, str], ...]:
        """Content-Length, which a reply that never has content must not have (RFC 9110)."""
        size = os.fstat(self.file.fileno()).st_size if self.file else len(self.body)
        return () if self.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED} else (("Content-Length", str(size)),)

    @property
    def pieces(self) -> Iterable[bytes]:
        """The body as WSGI wants it, once; whoever sends it closes a file."""
        return FileWrapper(self.file, PIECE) if self.file else [self.body]

    def with_headers(self, *headers: tuple[str, str]) -> Self:
        """The same reply with more headers."""
        return replace(self, headers=(*self.headers, *headers))


def of(media_type: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a body of that media type; `headers` take the place of those that every such reply has."""
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    html = _HTML if media_type == "text/html" else {}
    return Reply(status, (("Content-Type", kind), *_with_defaults(html | dict(headers or {}))), body)


def json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON) -> Reply:
    """A reply in JSON."""
    return of(media_type, _ENCODE(data), status, headers)


def written(route: Route, result: Answer | Any) -> Reply:
    """The reply to what the route's function returned: an `Answer`, or the data of the route's success."""
    answer = result if isinstance(result, Answer) else Answer(result, route.success)
    if answer.status not in route.returns:
        raise TypeError(f"{route.name} answered {answer.status}, which its returns={{…}} does not name")
    return _written(route.returns[answer.status], answer, paged=bool(route.paged))


def _written(returned: Returned, answer: Answer, *, paged: bool) -> Reply:
    if returned is None:
        return Reply(answer.status, _with_defaults(answer.headers))
    if isinstance(returned, str):
        return _as_it_is(returned, answer)
    return json(_dumped(returned, answer.data, paged=paged), answer.status, answer.headers)


def _as_it_is(media_type: str, answer: Answer) -> Reply:
    """Of a text, bytes or an open file."""
    if isinstance(answer.data, str | bytes):
        return of(media_type, _as_bytes(answer.data), answer.status, answer.headers)
    return replace(of(media_type, b"", answer.status, answer.headers), file=answer.data)


def unless_known(reply: Reply, if_none_match: str) -> Reply:
    """The reply; or 304 and no body where the caller says that he has it already (RFC 9110, 13.1.2).

    Only what has an ETag can be known, and is no open file.
    """
    etag = dict(reply.headers).get("ETag")
    if reply.status != HTTPStatus.OK or reply.file or etag is None or not parse_etags(if_none_match).contains_raw(etag):
        return reply
    return Reply(HTTPStatus.NOT_MODIFIED, tuple(header for header in reply.headers if header[0] != "Content-Type"))


def _with_defaults(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What every reply says, unless the route says otherwise."""
    return tuple((_ALWAYS | dict(headers)).items())


def _dumped(schema: Schema, data: Any, *, paged: bool) -> Any:
    if paged:
        return {"items": schema.dump(data["items"], many=True), "next": data["next"]}
    return schema.dump(data)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
