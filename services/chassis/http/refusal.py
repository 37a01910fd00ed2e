"""Refuses a request: one line in the log, by which a quoted correlation id is found, and one problem document.

The log names the route and the slug; no path, no value and no message, since each of them may hold personal data.
"""

import traceback
from urllib.parse import quote

import structlog

from services.chassis.errors import DeltagError, http_status
from services.chassis.http.problem import known, problem
from services.chassis.http.reading import Environ
from services.chassis.http.reply import Reply
from services.chassis.http.request import Cause

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_IN_PATHS = "/:@!$&'()*+,;=~"

log = structlog.get_logger(__name__)


def refuse(error: Exception, route: str, environ: Environ, cause: Cause) -> Reply:
    """The reply to a request that failed with `error`, which is logged."""
    _log(error, {"route": route, "method": named(environ["REQUEST_METHOD"]), "correlation_id": cause.correlationid})
    return problem(error, address(environ), cause)


def named(method: str) -> str:
    """The method as logs and metrics name it: a made-up one is `other`."""
    return method if method in METHODS else "other"


def path_of(environ: Environ) -> str:
    """PATH_INFO as text: WSGI hands over its bytes as latin-1."""
    return _bytes(environ.get("PATH_INFO", "")).decode("utf-8", "replace")


def address(environ: Environ) -> str:
    """The path that the caller used, with the prefix under which the door is mounted, as it stands in an address."""
    return quote(_bytes(environ.get("SCRIPT_NAME", "")) + _bytes(environ.get("PATH_INFO", "")), safe=_IN_PATHS)


def _bytes(given: str) -> bytes:
    return str(given).encode("latin-1")


def _log(error: Exception, about: dict[str, str | None]) -> None:
    told = known(error)
    if isinstance(error, DeltagError):
        log.info("http.refused", **about, status=http_status(told), slug=told.slug)
    else:
        log.error("http.failed", **about, status=http_status(told), slug=told.slug, error=type(error).__name__, stack=_stack(error))


def _stack(error: Exception) -> str:
    """Where an unexpected error came from."""
    return "\n".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__))
