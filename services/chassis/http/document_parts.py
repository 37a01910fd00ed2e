"""The parts that every service's OpenAPI document shares: problems, headers, parameters, and which of them a route has."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from apispec import APISpec

from services.chassis.errors import Reason
from services.chassis.http import idempotency, paging, problem, texts
from services.chassis.http.api import Route
from services.chassis.http.purposes import EXPLAINED, PURPOSES

SCHEMAS = "#/components/schemas/"
BEARER = "bearer"

VARIABLES: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "": {"type": "string", "minLength": 1},
}
"""What a variable of a path holds, by its kind."""


class Header(NamedTuple):
    """A header of a reply."""

    field: str
    type: str
    description: str


HEADERS = {
    "CorrelationId": Header("X-Correlation-Id", "string", "The caller's own correlation id, where it was a UUID, else a new one."),
    "IdempotentReplayed": Header("Idempotent-Replayed", "string", "`true` on the stored reply to an earlier request with the same key."),
    "Link": Header("Link", "string", "The next page, as `rel=next`; absent on the last one."),
    "RetryAfter": Header("Retry-After", "integer", "Seconds to wait before the next try."),
    "Authenticate": Header("WWW-Authenticate", "string", "How to authenticate: with a bearer token."),
}

_PURPOSE = {"type": "string", "enum": [*PURPOSES]}
_KEY = {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": idempotency.LONGEST_KEY}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": paging.MAX_LIMIT, "default": paging.DEFAULT_LIMIT}
_PARAMETERS = {
    "Purpose": ("header", "Deltag-Purpose", f"Why the personal data are read: {EXPLAINED['en']}.", _PURPOSE, "plan-workshop"),
    "IdempotencyKey": ("header", "Idempotency-Key", "A new key, best a UUID, for each command: repeated, it is done once.", _KEY, None),
    "Limit": ("query", "limit", "How many items the page holds at most.", _LIMIT, None),
    "After": ("query", "after", "`next` of the page before, unchanged.", {"type": "string"}, None),
}
_TEXT = {"type": "object", "required": ["da", "en"], "properties": {"da": {"type": "string"}, "en": {"type": "string"}}}
_REASON = {
    "type": "object",
    "required": ["slug", "field", "text"],
    "properties": {
        "slug": {"type": "string", "description": "the rule that is broken"},
        "field": {"type": "string", "description": "a JSON pointer into the body or the query, or the name of a header or setting"},
        "text": {**_TEXT, "description": "the rule and the remedy, in Danish and English"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "correlation_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": f"{problem.TYPES}<slug>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "the path that was asked for, from the root of the address"},
        "correlation_id": {"type": "string", "description": "give it when you ask about this request"},
        "errors": {
            "type": "array",
            "items": {"$ref": f"{SCHEMAS}ProblemReason"},
            "description": "everything that is wrong, not only the first",
        },
    },
}
_USUAL = {
    400: "malformed",
    401: "token-missing",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "field-missing",
    429: "too-many-requests",
    500: "internal-error",
    503: "unavailable",
}
"""The slug that explains a status best, for the example."""


def add_components(spec: APISpec) -> None:
    """Add all of them to a document."""
    spec.components.security_scheme(BEARER, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("ProblemReason", _REASON)
    spec.components.schema("Problem", _PROBLEM)
    for name, header in HEADERS.items():
        spec.components.header(name, {"description": header.description, "schema": {"type": header.type}})
    for name, (location, field, text, schema, example) in _PARAMETERS.items():
        shown = {} if example is None else {"example": example}
        spec.components.parameter(name, location, {"name": field, "description": text, "schema": schema, **shown})
    for status in _USUAL:
        spec.components.response(f"Problem{status}", _refusal(status))


def parameters_of(route: Route) -> Iterator[str]:
    """The shared parameters that a route takes."""
    applies = {"Purpose": route.personal, "IdempotencyKey": route.idempotent, "Limit": bool(route.paged), "After": bool(route.paged)}
    return (name for name, does in applies.items() if does)


def refusals_of(route: Route) -> set[int]:
    """The statuses of a route's refusals: what it says itself, and what follows from its parts."""
    found = {400, 500, 503, *route.errors}
    found |= set() if route.public else {401, 403}
    found |= {404} if "{" in route.path else set()
    found |= {413, 415, 422} if route.body is not None else set()
    return found | ({409, 422} if route.idempotent else set())


def explain(status: int) -> str:
    """A refusal's status in words."""
    return texts.title(_USUAL[status]) if status in _USUAL else HTTPStatus(status).phrase


def _refusal(status: int) -> dict[str, Any]:
    names = ["CorrelationId", *_EXTRA_HEADERS.get(status, ())]
    headers = {HEADERS[name].field: {"$ref": f"#/components/headers/{name}"} for name in names}
    content = {problem.MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}, "example": example_of(status)}}
    return {"description": explain(status), "headers": headers, "content": content}


_EXTRA_HEADERS = {401: ("Authenticate",), 429: ("RetryAfter",), 503: ("RetryAfter",)}


def example_of(status: int) -> dict[str, Any]:
    """A problem document with that status."""
    slug = _USUAL[status]
    given = _reason_for(slug)
    kind = "invalid" if slug == "field-missing" else slug
    return {
        "type": problem.TYPES + kind,
        "title": texts.title(kind),
        "status": status,
        "detail": given.en,
        "instance": "/v1/example",
        "correlation_id": "0198c7a0-5b1e-7c3a-9d2f-6f0a4c1b2e3d",
        "errors": [given.as_dict()],
    }


def _reason_for(slug: str) -> Reason:
    match slug:
        case "field-missing":
            return texts.reason(slug, "/start_date")
        case "forbidden":
            return texts.reason("role-missing", roles="coordinator, system")
        case _:
            return texts.reason(slug)
