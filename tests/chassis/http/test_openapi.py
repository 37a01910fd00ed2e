"""The document says what the door does: it is valid, complete, and the door keeps to it under fire."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client

from services.chassis import contracts
from services.chassis.http import Api, Contract, Role, wsgi
from services.chassis.http.openapi import document
from services.chassis.service import Context
from tests.chassis.http.answers import read
from tests.chassis.http.shelf.api import api
from tests.chassis.http.under_fire import hold, set_up

DOCUMENT = document(api)


def contracted() -> dict[str, Any]:
    """The document of an API whose bodies are checked by contracts."""
    bound = Api("bound", title="Bound", description="Bodies by contract.")
    for name in ("enrolment.requested", "enrolment.withdrawal-requested"):
        declared = bound.post(f"/v1/{name}", summary=name, roles=(Role.SYSTEM,), body=Contract(f"{name}/v1"), returns={204: None})

        def take(_request: object, _work: object) -> None:
            """Take it."""

        take.__name__ = name.replace(".", "_").replace("-", "_")
        declared(take)
    return document(bound)


def operation(method: str, path: str) -> dict[str, Any]:
    """One operation of the shelf."""
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


@pytest.mark.parametrize("made", [DOCUMENT, contracted()])
def test_the_document_is_valid(made: dict[str, Any]) -> None:
    """The document is OpenAPI 3.1, also where it takes in contracts."""
    OpenAPIV31SpecValidator(made).validate()
    assert made["openapi"] == "3.1.0"


def test_the_document_is_the_same_every_time() -> None:
    """Made twice it is equal, so that the committed file changes only with the door."""
    assert document(api) == DOCUMENT


def test_every_route_is_in_it() -> None:
    """Nothing that the door answers is left out."""
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(route.method, route.template) for route in api.routes}


def test_it_says_who_may_call() -> None:
    """Roles are in the document, and so is what is open to everyone."""
    assert operation("post", "/v1/books")["security"] == [{"bearer": []}]
    assert operation("post", "/v1/books")["x-deltag-roles"] == ["coordinator", "system"]
    assert operation("get", "/v1/books")["security"] == []


def test_it_says_what_a_route_asks_for() -> None:
    """Purpose, key and paging are parameters like any other."""
    names = {name: {p.get("$ref", "").rpartition("/")[2] or p["name"] for p in DOCUMENT["paths"][name][method]["parameters"]}
             for method, name in (("get", "/v1/readers"), ("post", "/v1/books"), ("get", "/v1/books"))}  # fmt: skip
    assert names == {"/v1/readers": {"Purpose", "Limit", "After"}, "/v1/books": {"word", "Limit", "After"}}
    assert operation("post", "/v1/books")["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]


def test_it_says_how_a_route_refuses() -> None:
    """Every refusal that a route can give is there, and no other."""
    assert set(operation("post", "/v1/books")["responses"]) == {"201", "400", "401", "403", "409", "413", "415", "422", "500", "503"}
    assert set(operation("get", "/v1/books")["responses"]) == {"200", "400", "500", "503"}


def test_unknown_fields_are_refused_in_it() -> None:
    """A generated client knows that a misspelt field is refused."""
    assert DOCUMENT["components"]["schemas"]["BookBody"]["additionalProperties"] is False


def test_its_examples_hold() -> None:
    """An example that a reader copies is accepted."""
    body = operation("post", "/v1/books")["requestBody"]["content"]["application/json"]
    jsonschema.validate(body["example"], DOCUMENT["components"]["schemas"]["BookBody"] | {"components": DOCUMENT["components"]})


def test_a_contract_keeps_its_rules() -> None:
    """A body by contract is described by the contract's own schema, references and all, with the contract's example."""
    made = contracted()
    content = made["paths"]["/v1/enrolment.requested"]["post"]["requestBody"]["content"]["application/json"]
    example = contracts.example("enrolment.requested/v1")["data"]
    assert content["example"] == example
    schema = content["schema"] | {"components": made["components"]}
    jsonschema.validate(example, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(example | {"child": {}}, schema)


def test_problems_are_as_described(client: Client) -> None:
    """A refusal has the shape that the document gives it."""
    schema = {"$ref": "#/components/schemas/Problem", "components": DOCUMENT["components"]}
    jsonschema.validate(read(client.get("/v1/books/00000000-0000-0000-0000-000000000000")), schema)


def test_it_is_served(client: Client) -> None:
    """The door serves its own document, with the address at which it was asked for."""
    assert read(client.get("/openapi.json")) == DOCUMENT | {"servers": [{"url": "/"}]}
    mounted = read(client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/shelf"}))
    assert mounted["servers"] == [{"url": "/shelf"}]


def test_a_cursor_type_does_not_show() -> None:
    """A cursor is opaque: the document promises nothing about it but that it is text."""
    parameter = DOCUMENT["components"]["parameters"]["After"]
    assert parameter["schema"] == {"type": "string"}


stage, under_fire = set_up(api)


@pytest.fixture
def on_stage(context: Context, a_book: Callable[..., str], a_reader: Callable[..., str]) -> None:
    """The shelf's door, with something on the shelf."""
    a_book()
    a_reader()
    stage.door = wsgi(context)


@under_fire.parametrize()  # type: ignore[untyped-decorator]  # schemathesis says nothing of its type
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_door_keeps_to_its_document(case: schemathesis.Case[Any], on_stage: None, token: Callable[..., dict[str, str]]) -> None:  # noqa: ARG001
    """Whatever fits the document is answered as it says, and whatever does not is refused as it says."""
    hold(case, token(Role.COORDINATOR) | {"Deltag-Purpose": "plan-workshop"})


def test_ids_of_operations_are_unique() -> None:
    """A generated client has one function for each operation."""
    ids = [found["operationId"] for methods in DOCUMENT["paths"].values() for found in methods.values()]
    assert len(ids) == len(set(ids))


def test_a_uuid_in_a_path_is_described() -> None:
    """The kind of a path's variable is in the document."""
    (parameter,) = operation("get", "/v1/books/{id}")["parameters"]
    assert (parameter["in"], parameter["schema"]["format"], UUID(int=0).version) == ("path", "uuid", None)
