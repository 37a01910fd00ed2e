"""What stands at the root where several services share one address: a page at `/`, and refusals like those of every door."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from markupsafe import escape
from werkzeug.http import parse_accept_header

from services.chassis.errors import DeltagError, NotFound
from services.chassis.http import reply
from services.chassis.http.correlation import cause_of
from services.chassis.http.problem import MEDIA_TYPE, MethodNotAllowed
from services.chassis.http.reading import Environ
from services.chassis.http.refusal import refuse
from services.chassis.http.reply import Reply
from services.chassis.http.request import Cause
from services.chassis.http.texts import error

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALLOWED = ["GET", "HEAD", "OPTIONS"]
_REFUSED = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    '<body style="font:1.1rem/1.6 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem"><h1>{title}</h1>'
    '<p>{en}</p><p lang="da">{da}</p><p>{correlation_id}</p><p><a href="/">Deltag</a></p></body></html>'
)


def entrance(page: str, municipality: str) -> Application:
    """An application that shows the HTML `page` at `/` and refuses the rest, as HTML to whoever prefers that to JSON."""

    def show(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        cause = cause_of(environ, municipality)
        shown = _answer(page, environ, cause)
        start_response(shown.status_line, [*shown.headers, *shown.length, ("X-Correlation-Id", str(cause.correlationid))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [shown.body]

    return show


def _answer(page: str, environ: Environ, cause: Cause) -> Reply:
    if environ.get("PATH_INFO") not in ("", "/"):
        return _refusal(error(NotFound, "not-found"), "unmatched", environ, cause)
    match environ["REQUEST_METHOD"]:
        case "GET" | "HEAD":
            return reply.of("text/html", page.encode())
        case "OPTIONS":
            return Reply(204, (("Allow", ", ".join(_ALLOWED)),))
        case _:
            return _refusal(MethodNotAllowed(_ALLOWED), "/", environ, cause)


def _refusal(refused: DeltagError, route: str, environ: Environ, cause: Cause) -> Reply:
    told = refuse(refused, route, environ, cause)
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT", ""))
    if accepted["text/html"] <= max(accepted[MEDIA_TYPE], accepted[reply.JSON]):
        return told
    allow = {name: value for name, value in told.headers if name == "Allow"}
    return reply.of("text/html", _as_page(msgspec.json.decode(told.body)).encode(), told.status, allow)


def _as_page(document: dict[str, Any]) -> str:
    text = document["errors"][0]["text"]
    values = {"title": document["title"], "correlation_id": document["correlation_id"], **text}
    return _REFUSED.format_map({name: escape(value) for name, value in values.items()})
