"""What stands at the root where several services share one address: a page at `/`, and refusals like those of every door."""

from collections.abc import Callable, Iterable
from typing import Any

from services.chassis.errors import DeltagError, NotFound
from services.chassis.http import reply
from services.chassis.http.correlation import cause_of
from services.chassis.http.problem import MethodNotAllowed
from services.chassis.http.reading import Environ
from services.chassis.http.refusal import refuse
from services.chassis.http.refusal_page import readable
from services.chassis.http.reply import Reply
from services.chassis.http.request import Cause
from services.chassis.http.texts import error

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ALLOWED = ["GET", "HEAD", "OPTIONS"]


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
    return readable(refuse(refused, route, environ, cause), environ)
