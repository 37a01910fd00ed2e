"""A body that the contract itself checks: the same rules as for the message of that name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from services.chassis import contracts
from services.chassis.http import Api, Contract, Request, Role, wsgi
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork
from tests.chassis.http.answers import read

REQUESTED = "enrolment.requested/v1"
EXAMPLE = contracts.example(REQUESTED)["data"]

bound = Api("shelf", title="Bound", description="Bodies by contract.")


@bound.post("/v1/requests", summary="Ask", roles=(Role.SYSTEM,), body=Contract(REQUESTED), returns={200: "text/plain"})
def ask(request: Request, _work: UnitOfWork) -> str:
    """Give back the programme that was asked for."""
    return str(request.body["programme"])


@pytest.fixture
def post(context: Context, token: Callable[..., dict[str, str]]) -> Callable[[Any], Any]:
    """`post(data)`: asks with a body by contract."""
    client = Client(wsgi(replace(context, service=replace(context.service, api=bound))))
    return lambda data: client.post("/v1/requests", json=data, headers=token(Role.SYSTEM))


def test_the_contracts_example_is_taken(post: Callable[[Any], Any]) -> None:
    """What the contract shows is what the door takes."""
    assert (post(EXAMPLE).status_code, post(EXAMPLE).text) == (200, EXAMPLE["programme"])


def test_what_breaks_the_contract_is_refused_with_every_reason(post: Callable[[Any], Any]) -> None:
    """The reasons are those that the message would get: field, slug, and both languages."""
    wrong = {name: value for name, value in EXAMPLE.items() if name != "track"} | {"start_date": "soon", "colour": "red"}
    answer = post(wrong)
    assert answer.status_code == 422
    assert read(answer)["errors"] == [reason.as_dict() for reason in contracts.problems(REQUESTED, wrong)]
    assert {error["field"] for error in read(answer)["errors"]} == {"/track", "/start_date", "/colour"}
