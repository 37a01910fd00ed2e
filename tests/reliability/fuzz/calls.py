"""HTTP requests: an operation of a service's OpenAPI document, and what chance makes of it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes, urlencode
from uuid import UUID

from werkzeug.test import create_environ

from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.http.openapi import document
from services.chassis.service import Context
from tests.reliability.fuzz.mutations import garbled, mutated, odd_value, perturbed, written
from tests.reliability.fuzz.oddities import CONTENT_TYPES, TEXTS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "NONSENSE", "")
HEADERS = (
    "Deltag-Purpose",
    "Idempotency-Key",
    "X-Correlation-Id",
    "traceparent",
    "Accept",
    "Accept-Language",
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "Authorization",
    "Content-Type",
    "X-Forwarded-For",
    "Host",
)
SEGMENTS = ("/", "//", "/v1", "/v1/", "/docs", "/openapi.json", "/..", "/%00", "/v1/%2e%2e/", "/é", "/v1/enrolments/")

Environ = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VARIABLE = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Operation:
    """One operation of the document: how it is called when all is well."""

    method: str
    path: str
    roles: Sequence[str]
    parameters: Sequence[Mapping[str, Any]]
    example: Any


class Calls:
    """Requests to one service's door; `remember` gives it ids that exist."""

    def __init__(self, context: Context, chance: Random) -> None:
        self._chance = chance
        self._operations = list(operations(context))
        self._ids: list[str] = []
        self._tokens = dict(_tokens(context))

    def remember(self, ids: Sequence[str]) -> None:
        """Ids that an answer named; a few of them are kept."""
        self._ids = [*self._ids[-200:], *ids[:5]]

    def next(self) -> Environ:
        """The next request, as a server hands it over."""
        chance = self._chance
        operation = chance.choice(self._operations)
        method = operation.method if chance.random() < 0.95 else chance.choice(METHODS)
        environ = create_environ(path="/", method=method or "GET", input_stream=BytesIO(self._body(operation)))
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": self._path(operation.path), "QUERY_STRING": self._query(operation)}
        environ |= {"CONTENT_LENGTH": str(environ["wsgi.input"].getbuffer().nbytes), "CONTENT_TYPE": "application/json"}
        return environ | self._headers(operation)

    def _body(self, operation: Operation) -> bytes:
        chance, example = self._chance, operation.example
        if example is None:
            return b"" if chance.random() < 0.95 else written(odd_value(chance))
        whole = json.loads(json.dumps({"data": example}).replace('"id": "', f'"id": "{chance.getrandbits(32)}-'))
        if self._ids and chance.random() < 0.5:
            whole = json.loads(self._with_known_ids(json.dumps(whole)))
        if chance.random() < 0.75:
            whole = mutated(chance, whole)
        content = written(whole.get("data"))
        return garbled(chance, content) if chance.random() < 0.1 else content

    def _with_known_ids(self, text: str) -> str:
        known = self._chance.choice(self._ids)
        return _UUID.sub(lambda found: known if self._chance.random() < 0.5 else found[0], text)

    def _path(self, template: str) -> str:
        chance = self._chance
        path = _VARIABLE.sub(lambda _found: self._segment(), template)
        if chance.random() < 0.05:
            path = chance.choice((perturbed(chance, path), path + chance.choice(SEGMENTS), chance.choice(SEGMENTS)))
        return path.encode(errors="surrogatepass").decode("latin-1")

    def _segment(self) -> str:
        chance = self._chance
        if chance.random() < 0.15:
            return chance.choice(TEXTS)
        return chance.choice(self._ids) if self._ids and chance.random() < 0.8 else str(UUID(int=chance.getrandbits(128)))

    def _query(self, operation: Operation) -> str:
        chance = self._chance
        names = [p["name"] for p in operation.parameters if p["in"] == "query"]
        chosen = [name for name in names if chance.random() < 0.4] + [chance.choice(TEXTS[:20])] * (chance.random() < 0.05)
        pairs = [(name, self._value()) for name in chosen for _ in range(1 + (chance.random() < 0.05))]
        query = urlencode(pairs, errors="surrogatepass")
        return quote_from_bytes(garbled(chance, query.encode()), safe="=&%+")[:5_000] if chance.random() < 0.05 else query

    def _value(self) -> str:
        chance = self._chance
        good = ("1", "10", "2024-01", "A", "sammen-om-boern", "da", "en", "accepted", "151001", "hedegaarden", *self._ids[-3:])
        return chance.choice(good) if chance.random() < 0.6 else str(chance.choice(TEXTS))[:2_000]

    def _headers(self, operation: Operation) -> Environ:
        chance = self._chance
        role = chance.choice(operation.roles) if operation.roles and chance.random() < 0.9 else chance.choice(list(Role)).value
        headers = {"Authorization": self._tokens[role], "Deltag-Purpose": "plan-workshop"}
        if chance.random() < 0.2:
            headers["Idempotency-Key"] = str(chance.randrange(50))
        while chance.random() < 0.2:
            name = chance.choice(HEADERS)
            odd = chance.choice((chance.choice(TEXTS)[:300], str(chance.choice(CONTENT_TYPES)), perturbed(chance, headers.get(name, ""))))
            headers[name] = odd.encode(errors="surrogatepass").decode("latin-1")
        return {_variable(name): value for name, value in headers.items()}


def operations(context: Context) -> Sequence[Operation]:
    """What the document says can be asked for."""
    whole = document(context.service.api)
    return [
        Operation(
            method.upper(),
            path,
            found.get("x-deltag-roles", ()),
            [_resolved(whole, p) for p in found.get("parameters", ())],
            _example(found),
        )
        for path, methods in whole["paths"].items()
        for method, found in methods.items()
    ]


def _example(operation: Mapping[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example", {} if content else None)


def _resolved(whole: Mapping[str, Any], parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: Mapping[str, Any] = whole["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return found


def _tokens(context: Context) -> Sequence[tuple[str, str]]:
    """An Authorization header for each role."""
    issuer, municipality = LocalIssuer(context.settings, context.clock), context.settings.municipality
    return [(role.value, f"Bearer {issuer.issue(str(UUID(int=7)), [Grant(role, municipality)])}") for role in Role]


def _variable(header: str) -> str:
    """The header's name as WSGI has it."""
    name = header.upper().replace("-", "_")
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
