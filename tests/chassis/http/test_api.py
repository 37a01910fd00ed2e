"""What may be declared, and what is refused at import, before a service can start with it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from marshmallow import EXCLUDE, Schema, fields

from services.chassis.http import Api, Role
from services.chassis.http.upload import Upload


class Body(Schema):
    count = fields.Integer()


class Naive(Schema):
    at = fields.DateTime()


class Decimals(Schema):
    share = fields.Decimal()


class Tolerant(Schema):
    class Meta:
        """Lets everything by."""

        unknown = EXCLUDE


OPEN: dict[str, Any] = {"summary": "A thing", "public": True, "returns": {200: None}}
CLOSED: dict[str, Any] = OPEN | {"public": False, "roles": (Role.OPERATOR,)}


@pytest.fixture
def api() -> Api:
    """An API without routes."""
    return Api("toys", title="Toys", description="For tests.")


def declare(decorator: Callable[..., Any]) -> None:
    """Declare a route with a function that does nothing."""
    decorator(lambda _request, _work: None)


@pytest.mark.parametrize(
    ("method", "options", "remedy"),
    [
        ("get", {"summary": "A thing", "returns": {200: None}}, r"say roles=\(…\) or public=True"),
        ("get", OPEN | {"roles": (Role.READER,)}, "and not both"),
        ("get", OPEN | {"personal": True}, "personal data are not for everyone"),
        ("post", OPEN | {"idempotent": True}, "a public route has none"),
        ("get", CLOSED | {"idempotent": True}, "only a route that changes something"),
        ("get", CLOSED | {"body": Body()}, "this method takes no body"),
        ("post", CLOSED | {"paged": (UUID,)}, "only a GET is paged"),
        ("post", CLOSED | {"body": Upload(["text/csv"]), "idempotent": True}, "is not compared with another by its key"),
        ("get", CLOSED | {"returns": {404: None}}, "names no success"),
        ("get", CLOSED | {"summary": ""}, "say summary"),
        ("get", CLOSED | {"errors": (418,)}, "may name"),
        ("post", CLOSED | {"body": Naive()}, "use fields.AwareDateTime"),
        ("post", CLOSED | {"body": Decimals()}, "use fields.Float"),
    ],
)
def test_a_contradiction_is_refused_at_import(api: Api, method: str, options: dict[str, Any], remedy: str) -> None:
    """Every door is closed until it is opened, and what cannot be is refused with the remedy."""
    with pytest.raises(TypeError, match=remedy):
        declare(getattr(api, method)("/v1/toys", **options))


def test_a_refusal_names_the_route(api: Api) -> None:
    """Whoever made the mistake finds it at once."""
    with pytest.raises(TypeError, match=r"^GET /v1/toys/\{id\}: "):
        declare(api.get("/v1/toys/{id:uuid}", returns={200: None}))


def test_a_path_starts_at_the_root(api: Api) -> None:
    """A path without its slash is a slip of the pen."""
    with pytest.raises(TypeError, match="a path starts with /"):
        declare(api.get("v1/toys", **OPEN))


def test_a_route_is_declared_once(api: Api) -> None:
    """The same method and path twice would hide one of them, whatever the variables are called or hold."""
    declare(api.get("/v1/toys/{id:uuid}", **OPEN))
    with pytest.raises(TypeError, match="declared twice"):
        declare(api.get("/v1/toys/{name}", **OPEN))


def test_a_tolerant_body_is_tightened(api: Api) -> None:
    """A schema that would let unknown fields by does not, as a body."""
    schema = Tolerant()
    declare(api.post("/v1/toys", **CLOSED | {"body": schema}))
    assert schema.load_fields == {}
    with pytest.raises(Exception, match="Unknown field"):
        schema.load({"colour": "red"})


def test_the_function_stays_itself(api: Api) -> None:
    """A decorated function can still be called and tested by itself."""

    def toys(_request: object, _work: object) -> str:
        """All of them."""
        return "all"

    assert api.page("/toys", summary="Toys", public=True)(toys) is toys
