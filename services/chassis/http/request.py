"""What a route's function gets and gives: the request, already checked, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.chassis.http.caller import Caller

if TYPE_CHECKING:
    from services.chassis.http.paging import Page

FIRST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a request stands in a longer story. Give it to `work.emit(cause=…)`, and the facts carry it on."""

    id: str
    correlationid: str | None = None
    traceparent: str | None = None
    municipality: str | None = None
    programme: str | None = None


@dataclass(slots=True)
class Request:
    """A request that passed every check its route declares.

    `path` holds the variables of the path as text, `query` what the route's query schema made of the query string,
    `body` what its body schema made of the body (with `Contract(…)`: the JSON itself), `content` the body's bytes.
    `root` is where the service is mounted at the address that was called, for paths that an answer tells (empty: at its top).
    `purpose` is why personal data are asked for. `page` is set where the route is paged. `accept_language` is that header;
    `network` is where the caller's address lies (`origin.py`): for counting, and never to be kept or logged as it is. It and the
    `cookies` are set on public routes alone: elsewhere a token says who calls, which no browser sends by itself.
    """

    path: Mapping[str, str]
    caller: Caller
    cause: Cause
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes = b""
    root: str = ""
    purpose: str | None = None
    accept_language: str = ""
    network: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)
    objects: list[str] = field(default_factory=list)
    _page: "Page | None" = None

    @property
    def page(self) -> "Page":
        """The part of the list that is asked for."""
        if self._page is None:
            raise TypeError("This route is not paged: say paged=(…, UUID), the types of its sort key, where it is declared")
        return self._page

    def concerns(self, *ids: object) -> None:
        """Name the objects that this request read or changed, for the audit (ids only; those in the path are there already)."""
        self.objects.extend(map(str, ids))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers. `data` is dumped by the schema that the route declares for `status`.

    With an `ETag` among its headers, who has it already gets 304 and no body; `Cache-Control`, which forbids keeping an answer
    where nothing is said, may be said here.

    Refusals are raised (`services.chassis.errors`), so that nothing of a refused request is kept. One that is returned
    instead keeps what was done, as a wrong try that is counted.
    """

    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status >= FIRST_ERROR:
            raise ValueError(f"An answer with status {self.status} would be committed: raise an error instead")
