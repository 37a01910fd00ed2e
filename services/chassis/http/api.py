"""A service's HTTP door as it is declared: one line of facts a route, then the function that answers it.

    api = Api("registration", title="Registration", description="…")

    @api.get("/v1/children/{id:uuid}", summary="A child", roles=(Role.COORDINATOR,), personal=True, returns={200: ChildSchema()})
    def child(request: Request, work: Work) -> Mapping: ...

Every door is closed until it is opened: a route that names neither roles nor `public=True` is refused at import, and so
is every other contradiction, with the route's name and the remedy.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypedDict, TypeVar, Unpack

from marshmallow import Schema

from services.chassis.http.caller import Role
from services.chassis.http.contract import Contract
from services.chassis.http.form import Form
from services.chassis.http.paging import Paging
from services.chassis.http.strict import QUERY, strictly
from services.chassis.http.upload import Upload

F = TypeVar("F", bound=Callable[..., Any])

Body = Schema | Contract | Upload | Form
"""What checks a request's body."""

Returned = Schema | str | None
"""What an answer's data are dumped by: a schema, a media type such as "text/csv" (data is the text, or an open file, which
is sent piece by piece and closed), or nothing."""

REFUSALS = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429, 503})
"""The statuses of the errors that a route may raise."""

FIRST_REFUSAL = 400

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
VARIABLE = re.compile(r"\{(\w+)(?::(uuid|int))?\}")
"""A variable in a path: `{name}`, `{name:uuid}` or `{name:int}`."""


class Options(TypedDict, total=False):
    """What a route says of itself.

    roles       the roles it is open to, any of which is enough; or
    public      open to everyone
    body        a marshmallow schema, or `Contract("enrolment.requested/v1")` for a body that the contract itself checks, or
                `Upload(["text/csv"])` for a file, or `Form()` for what a page of ours asks
    query       a marshmallow schema for the query string
    paged       the types of the list's sort key, such as `(datetime, UUID)`: `request.page` is set, and the schema for
                200 is that of one item
    returns     status → schema, media type or None (no body)
    errors      statuses of refusals, for the document
    personal    personal data are read: a purpose is required, and the read is audited
    idempotent  `Idempotency-Key` is honoured
    examples    "body" or a status → an example, for the document
    """

    summary: str
    roles: Sequence[Role]
    public: bool
    body: Body | None
    query: Schema | None
    paged: tuple[Any, ...]
    returns: Mapping[int, Returned]
    errors: Sequence[int]
    personal: bool
    idempotent: bool
    examples: Mapping[int | str, Any]


@dataclass(frozen=True, eq=False)
class Route:
    """One method on one path, and everything that is declared about it."""

    method: str
    path: str
    function: Callable[..., Any]
    summary: str = ""
    roles: Sequence[Role] = ()
    public: bool = False
    body: Body | None = None
    query: Schema | None = None
    paged: tuple[Any, ...] = ()
    returns: Mapping[int, Returned] = field(default_factory=lambda: {200: None})
    errors: Sequence[int] = ()
    personal: bool = False
    idempotent: bool = False
    examples: Mapping[int | str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for wrong, remedy in self._contradictions():
            if wrong:
                raise TypeError(f"{self.name}: {remedy}")
        if isinstance(self.body, Schema):
            strictly(self.body)
        if self.query is not None:
            strictly(self.query, QUERY)

    @cached_property
    def template(self) -> str:
        """The path with bare variables: what metrics, audit and OpenAPI call the route."""
        return VARIABLE.sub(r"{\1}", self.path)

    @cached_property
    def name(self) -> str:
        """The method and the template."""
        return f"{self.method} {self.template}"

    @cached_property
    def shape(self) -> str:
        """The method and the path, whatever its variables are called: what must be unique."""
        return f"{self.method} {VARIABLE.sub('{}', self.path)}"

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The variables of the path that are ids of objects."""
        return tuple(name for name, kind in VARIABLE.findall(self.path) if kind == "uuid")

    @cached_property
    def success(self) -> int:
        """The status of an answer that does not name its own."""
        return next(status for status in self.returns if status < FIRST_REFUSAL)

    @cached_property
    def is_page(self) -> bool:
        """Whether people see it in a browser."""
        return "text/html" in self.returns.values()

    @cached_property
    def is_visited(self) -> bool:
        """Whether anybody's browser follows links there. Whoever passes such links on hangs marks of his own on them, which say nothing."""
        return self.public and (self.is_page or HTTPStatus.SEE_OTHER in self.returns)

    @cached_property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method in WRITES

    @cached_property
    def paging(self) -> Paging | None:
        """How it reads `limit` and `after`, if it is paged."""
        return Paging(self.paged) if self.paged else None

    def _contradictions(self) -> list[tuple[bool, str]]:
        return [
            (not self.path.startswith("/"), "a path starts with /"),
            (bool(self.roles) == self.public, "say roles=(…) or public=True, and not both"),
            (self.public and self.personal, "personal data are not for everyone: name the roles"),
            (self.public and self.idempotent, "keys belong to a caller, and a public route has none: name the roles"),
            (self.idempotent and not self.writes, "only a route that changes something is idempotent by key"),
            (self.body is not None and self.method not in ("POST", "PUT", "PATCH"), "this method takes no body"),
            (bool(self.paged) and self.method != "GET", "only a GET is paged"),
            (isinstance(self.body, Upload) and self.idempotent, "a file is not compared with another by its key"),
            (not self.summary, "say summary=…, what it does in a few words"),
            (not REFUSALS.issuperset(self.errors), f"errors=(…) may name {sorted(REFUSALS)}"),
            (not any(status < FIRST_REFUSAL for status in self.returns), "returns={…} names no success"),
        ]


class Api:
    """The routes of one service, in the order in which they are declared."""

    def __init__(self, name: str, *, title: str, description: str, version: str = "1.0.0") -> None:
        self.name = name
        self.title = title
        self.description = description
        self.version = version
        self.routes: list[Route] = []

    def get(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer GET (and HEAD) on this path with the decorated function, which only reads: it emits nothing."""
        return self._route("GET", path, options)

    def post(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer POST on this path with the decorated function."""
        return self._route("POST", path, options)

    def put(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer PUT on this path with the decorated function."""
        return self._route("PUT", path, options)

    def patch(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer PATCH on this path with the decorated function."""
        return self._route("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer DELETE on this path with the decorated function."""
        return self._route("DELETE", path, options)

    def page(self, path: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """Answer GET on this path with HTML: the function returns the text of the page."""
        return self._route("GET", path, Options(returns={200: "text/html"}) | options)

    def _route(self, method: str, path: str, options: Options) -> Callable[[F], F]:
        def declared(function: F) -> F:
            route = Route(method, path, function, **options)
            if any(route.shape == other.shape for other in self.routes):
                raise TypeError(f"{route.name}: declared twice")
            self.routes.append(route)
            return function

        return declared
