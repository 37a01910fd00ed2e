"""The door itself: one WSGI application a service.

A request is matched, its caller admitted, its parts read and checked; then its route's function runs in one unit of
work, which holds the effect, the audit row and the stored answer to its idempotency key: all of them, or none.
"""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from structlog.contextvars import bound_contextvars
from werkzeug.http import parse_cookie

from services.chassis.callers import CALLERS
from services.chassis.database import is_collision
from services.chassis.errors import DeltagError, TryLater
from services.chassis.http import audit, idempotency, reading
from services.chassis.http.api import Route
from services.chassis.http.auth import admit, authenticator
from services.chassis.http.caller import NOBODY, Caller
from services.chassis.http.correlation import cause_of
from services.chassis.http.docs import built_in
from services.chassis.http.metrics import observe
from services.chassis.http.origin import network_of
from services.chassis.http.problem import MethodNotAllowed
from services.chassis.http.reading import Environ
from services.chassis.http.refusal import named, path_of, refuse
from services.chassis.http.refusal_page import readable
from services.chassis.http.reply import Reply, unless_known, written
from services.chassis.http.request import Cause, Request
from services.chassis.http.routing import Endpoint, Router
from services.chassis.service import Context

TRIES = 3
"""How often a request is run whose transaction collided with another one; each try begins anew."""

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def wsgi(context: Context) -> Application:
    """The HTTP door of a running service, with its document at /openapi.json and a page to read it at /docs."""
    return Door(context)


class Door:
    """See `wsgi`."""

    def __init__(self, context: Context) -> None:
        settings, api = context.settings, context.service.api
        self._context = context
        self._router = Router([*built_in(api), *api.routes])
        self._identify = authenticator(settings, context.clock, own=context.service.issuer(context.resources))
        self._limit, self._largest_file = settings.max_body_bytes, settings.max_upload_bytes
        self._municipality = settings.municipality

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        with CALLERS.one_more():
            return self._serve_one(environ, start_response)

    def _serve_one(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        began, method = perf_counter(), environ["REQUEST_METHOD"]
        cause = cause_of(environ, self._municipality)
        with bound_contextvars(correlation_id=cause.correlationid):
            label, answer = self._answer(method, environ, cause)
        reply = unless_known(answer, environ.get("HTTP_IF_NONE_MATCH", ""))
        start_response(reply.status_line, [*reply.headers, *reply.length, ("X-Correlation-Id", str(cause.correlationid))])
        observe(self._context.service.name, label, named(method), reply.status, perf_counter() - began)
        return [] if method == "HEAD" else reply.pieces

    def _answer(self, method: str, environ: Environ, cause: Cause) -> tuple[str, Reply]:
        """The reply, and the template of the route that gave it."""
        label, endpoint = "unmatched", None
        try:
            endpoint, variables = self._router.find(method, path_of(environ))
            label = endpoint.template
            return label, self._serve(endpoint, variables, environ, cause)
        except MethodNotAllowed as refused:
            if method == "OPTIONS":
                return label, Reply(204, (("Allow", refused.allowed),))
            return label, refuse(refused, label, environ, cause)
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets a problem document
            told = refuse(error, label, environ, cause)
            return label, readable(told, environ) if isinstance(endpoint, Route) and endpoint.is_page else told

    def _serve(self, endpoint: Endpoint, variables: Any, environ: Environ, cause: Cause) -> Reply:
        if not isinstance(endpoint, Route):
            return endpoint.render(environ.get("SCRIPT_NAME", ""))
        request = Request({name: str(value) for name, value in variables.items()}, self._caller(endpoint, environ), cause)
        request.root = environ.get("SCRIPT_NAME", "")
        request.accept_language = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        if endpoint.public:
            request.network, request.cookies = network_of(environ.get("REMOTE_ADDR", "")), parse_cookie(environ.get("HTTP_COOKIE"))
        reading.read_into(request, endpoint, environ, self._limit, largest_file=self._largest_file)
        key = idempotency.key_of(environ) if endpoint.idempotent else None
        for _ in range(TRIES):
            try:
                return _unless_refused(self._committed(endpoint, request, key))
            except sa.exc.DBAPIError as error:
                if not is_collision(error):
                    raise
        raise TryLater

    def _caller(self, route: Route, environ: Environ) -> Caller:
        if route.public:
            return NOBODY
        return admit(self._identify(environ.get("HTTP_AUTHORIZATION")), route.roles)

    def _committed(self, route: Route, request: Request, key: str | None) -> Reply | DeltagError:
        with self._work(route) as work:
            if key is None:
                return _perform(route, request, work)
            return idempotency.once(key, route, request, work, lambda: _unless_refused(_perform(route, request, work)))

    def _work(self, route: Route) -> Any:
        """A unit of work; for an ordinary read without BEGIN and COMMIT, two of its three round trips (a third of its time).

        Each statement sees what is committed when it begins, as in PostgreSQL's default transactions, unless the service
        asks for more isolation.
        """
        work = self._context.work()
        if work.isolation is None and not audit.is_due(route):
            work.isolation = "AUTOCOMMIT"
        return work


def _unless_refused(answer: Reply | DeltagError) -> Reply:
    """Raises the refusal that a function returned, now that what it did is committed."""
    if isinstance(answer, DeltagError):
        raise answer
    return answer


def _perform(route: Route, request: Request, work: Any) -> Reply | DeltagError:
    """The reply; or the refusal that the function returned, after which what it did is committed."""
    request.objects.clear()
    result = route.function(request, work)
    if isinstance(result, DeltagError):
        return result
    reply = written(route, result)
    if audit.is_due(route):
        audit.record(route, request, work)
    return reply
