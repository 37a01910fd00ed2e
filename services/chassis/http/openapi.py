"""The OpenAPI 3.1 document of a service, made of its route table; the committed file, /openapi.json and /docs are all this.

It is made once, when the door is built, never while a request is answered.
"""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from services.chassis import contracts
from services.chassis.http import document_parts as parts
from services.chassis.http.api import VARIABLE, Api, Body, Returned, Route
from services.chassis.http.contract import Contract
from services.chassis.http.form import MEDIA_TYPE, Form
from services.chassis.http.reply import JSON
from services.chassis.http.upload import Upload

Document = dict[str, Any]

_DEFS = "#/$defs/"


def document(api: Api) -> Document:
    """The whole document, as JSON-ready data. Its server is the path at which a reverse proxy mounts the service."""
    marshmallow = MarshmallowPlugin()
    spec = APISpec(api.title, api.version, "3.1.0", [marshmallow], info=_info(api), servers=[{"url": f"/{api.name}"}])
    parts.add_components(spec)
    for name in {route.body.name: None for route in api.routes if isinstance(route.body, Contract)}:
        _add_contract(spec, name)
    for route in api.routes:
        operation = _operation(route, marshmallow)
        spec.path(route.template, operations={route.method.lower(): operation}, parameters=[])
    whole: Document = _plain(spec.to_dict())
    return whole


def _info(api: Api) -> Document:
    licence = {"name": "MPL-2.0", "url": "https://www.mozilla.org/MPL/2.0/"}
    return {"description": inspect.cleandoc(api.description), "license": licence}


def _operation(route: Route, marshmallow: MarshmallowPlugin) -> Document:
    operation: Document = {
        "operationId": route.function.__name__,
        "summary": route.summary,
        "description": _description(route),
        "parameters": list(_parameters(route, marshmallow)),
        "responses": dict(_responses(route)),
        "security": [] if route.public else [{parts.BEARER: []}],
        "x-deltag-roles": [role.value for role in route.roles],
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body, route.examples.get("body"))}
    return operation


def _description(route: Route) -> str:
    who = "Open to everyone." if route.public else f"Roles: {', '.join(role.value for role in route.roles)}."
    audited = ["Audited."] if route.personal or route.writes else []
    return "\n\n".join(filter(None, (inspect.getdoc(route.function), " ".join([who, *audited]))))


def _parameters(route: Route, marshmallow: MarshmallowPlugin) -> Iterator[Any]:
    for name, kind in VARIABLE.findall(route.path):
        yield {"in": "path", "name": name, "required": True, "schema": parts.VARIABLES[kind]}
    if route.query and marshmallow.converter:
        yield from marshmallow.converter.schema2parameters(route.query, location="query")
    yield from parts.parameters_of(route)


def _responses(route: Route) -> Iterator[tuple[str, Any]]:
    for status, returned in route.returns.items():
        yield str(status), _success(route, status, returned)
    for status in sorted(parts.refusals_of(route) - set(route.returns)):
        yield str(status), f"Problem{status}"


def _success(route: Route, status: int, returned: Returned) -> Document:
    names = ["CorrelationId", *(["Link"] if route.paged else []), *(["IdempotentReplayed"] if route.idempotent else [])]
    headers = {parts.HEADERS[name].field: {"$ref": f"#/components/headers/{name}"} for name in names}
    described = {"description": HTTPStatus(status).phrase, "headers": headers}
    if returned is None:
        return described
    if isinstance(returned, str):
        return described | {"content": {returned: {"schema": {"type": "string"}}}}
    schema = _page_of(returned) if route.paged else returned
    return described | {"content": {JSON: _with_example(schema, route.examples.get(status))}}


def _page_of(item: Schema) -> Document:
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": item},
            "next": {"type": ["string", "null"], "description": "give it as `after` to get the next page; null on the last one"},
        },
    }


def _content(body: Body, example: Any) -> Document:
    if isinstance(body, Form):
        return {MEDIA_TYPE: _with_example({"type": "object", "additionalProperties": {"type": "string"}}, example)}
    if isinstance(body, Upload):
        return {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in body.media_types}
    return {JSON: _body(body, example)}


def _body(body: Schema | Contract, example: Any) -> Document:
    if isinstance(body, Contract):
        return _with_example({"$ref": parts.SCHEMAS + _component(body.name)}, example or contracts.example(body.name)["data"])
    return _with_example(body, example)


def _with_example(schema: Any, example: Any) -> Document:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def _add_contract(spec: APISpec, name: str) -> None:
    """The contract's schema as a component, and its `$defs` as components of their own beside it."""
    schema = contracts.schema(name)
    component = _component(name)
    for part, below in schema.get("$defs", {}).items():
        spec.components.schema(component + _capitals(part), _moved(below, component))
    spec.components.schema(component, _moved({k: v for k, v in schema.items() if k not in ("$schema", "$id", "$defs")}, component))


def _component(contract: str) -> str:
    """`EnrolmentRequestedV1` for `enrolment.requested/v1`."""
    return _capitals(contract)


def _capitals(name: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[^0-9A-Za-z]+", name))


def _moved(schema: Any, component: str) -> Any:
    """The schema with its inner references pointing at the components that its `$defs` became."""
    if isinstance(schema, list):
        return [_moved(item, component) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if str(schema.get("$ref", "")).startswith(_DEFS):
        return schema | {"$ref": parts.SCHEMAS + component + _capitals(schema["$ref"].removeprefix(_DEFS))}
    return {key: _moved(value, component) for key, value in schema.items()}


def _plain(value: Any) -> Any:
    """Plain dicts and lists, as JSON has them."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(below) for below in value]
    return value
