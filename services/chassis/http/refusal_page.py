"""A refusal as a page, for people at a browser: what the problem document says, and no more."""

from typing import Any, Final

import msgspec
from markupsafe import escape
from werkzeug.http import parse_accept_header

from services.chassis.http import reply
from services.chassis.http.problem import MEDIA_TYPE
from services.chassis.http.reading import Environ
from services.chassis.http.reply import Reply

_KEPT: Final = frozenset({"Allow", "Retry-After", "WWW-Authenticate"})
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    '<body style="font:1.1rem/1.6 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem"><h1>{title}</h1>'
    '<p>{en}</p><p lang="da">{da}</p><p>{correlation_id}</p></body></html>'
)


def readable(refused: Reply, environ: Environ) -> Reply:
    """The refusal as whoever asked would rather have it: unchanged, or as HTML where he prefers that to JSON."""
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT", ""))
    if accepted["text/html"] <= max(accepted[MEDIA_TYPE], accepted[reply.JSON]):
        return refused
    kept = {name: value for name, value in refused.headers if name in _KEPT}
    return reply.of("text/html", _page(msgspec.json.decode(refused.body)).encode(), refused.status, kept)


def _page(document: dict[str, Any]) -> str:
    values = {"title": document["title"], "correlation_id": document["correlation_id"], **document["errors"][0]["text"]}
    return _PAGE.format_map({name: escape(value) for name, value in values.items()})
