"""What is made of the contracts is up to date, and says what the contracts say: AsyncAPI, OpenAPI, the tables, the included files."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from scripts.asyncapi import key_of
from scripts.contracts_docs import ROOT, SERVICES, main, openapi, stale, table, with_files
from services.chassis.contracts import FOLDER, Gate, example, names, read, schema

DOCUMENT: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
REQUESTS = [name for name in names() if schema(name)["x-deltag-kind"] == "request"]


def references(node: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(child)


def resolve(reference: str) -> Any:
    """What a reference of the AsyncAPI document points at; raises when there is nothing."""
    if reference.startswith("./"):
        return read(FOLDER / reference)
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def whole(node: Any) -> Any:
    """A payload's schema with the files that it points at inside it."""
    if isinstance(node, list):
        return [whole(child) for child in node]
    if not isinstance(node, dict):
        return node
    return resolve(node["$ref"]) if "$ref" in node else {name: whole(child) for name, child in node.items()}


def test_every_document_is_up_to_date() -> None:
    """Nobody forgot `python -m scripts.contracts_docs`."""
    assert stale() == []
    assert main(["--check"]) == 0


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    """No `$ref` points at nothing, inside the document or in the files beside it."""
    assert all(resolve(reference) for reference in references(DOCUMENT))


@pytest.mark.parametrize("name", names())
def test_every_contract_has_its_channel(name: str) -> None:
    """A channel's address is the routing key, and its binding names the exchange."""
    channel = DOCUMENT["channels"][key_of(name)]
    assert channel["address"] == schema(name)["x-deltag-type"]
    assert channel["bindings"]["amqp"]["exchange"]["name"] == schema(name)["x-deltag-exchange"]


@pytest.mark.parametrize("name", names())
def test_every_example_of_asyncapi_is_valid(name: str) -> None:
    """The example in the document passes the payload in the document; another message's example does not."""
    message = DOCUMENT["components"]["messages"][key_of(name)]
    gate = Gate(whole(message["payload"]["schema"]))
    other = next(example(other) for other in names() if other != name)
    assert gate.problems(message["examples"][0]["payload"]) == []
    assert gate.problems(other) != []


SEALED = {"contact.sealed/v1", "sign-up-link.sealed/v1", "survey-link.sealed/v1"}


def test_an_integrator_sends_requests_and_receives_facts() -> None:
    """One operation a contract, but none for what is sealed, which is for notifications alone."""
    offered = {operation["channel"]["$ref"].rpartition("/")[2]: operation["action"] for operation in DOCUMENT["operations"].values()}
    wanted = {key_of(name): "send" if name in REQUESTS else "receive" for name in names() if name not in SEALED}
    assert offered == wanted


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_names_its_answers(name: str) -> None:
    """A request's reply lists the messages that its contract calls answers."""
    operation = DOCUMENT["operations"][f"send{key_of(name)[0].upper()}{key_of(name)[1:]}"]
    answers = {resolve(resolve(reference["$ref"])["$ref"])["name"] for reference in operation["reply"]["messages"]}
    assert answers == set(schema(name)["x-deltag-answers"])


@pytest.mark.parametrize("service", SERVICES)
def test_every_openapi_document_is_valid(service: str) -> None:
    """The document of each service's HTTP door keeps the specification of OpenAPI 3.1."""
    OpenAPIV31SpecValidator(json.loads(openapi(service))).validate()


def test_the_table_lists_every_contract() -> None:
    """The README's table has a row for each contract, linked, with its routing key."""
    rows = [line for line in table().splitlines() if "schema.json" in line]
    assert len(rows) == len(names())
    assert all(any(f"({name}.schema.json) | `{schema(name)['x-deltag-type']}`" in row for row in rows) for name in names())


def test_a_stale_block_is_replaced_by_its_file() -> None:
    """A code block below a file's name becomes the file; any other block stays as it is."""
    block = "<!-- file: docs/examples/withdrawal.json -->\n```json\n{}\n```\n\n```sh\nls\n```\n"
    written = with_files(block)
    assert (ROOT / "docs" / "examples" / "withdrawal.json").read_text(encoding="utf-8") in written
    assert written.endswith("```\n\n```sh\nls\n```\n")


def test_a_later_version_keeps_its_number() -> None:
    """v2 stands beside v1 under a name of its own."""
    assert (key_of("enrolment.withdrawal-requested/v1"), key_of("signup.seated/v2")) == ("enrolmentWithdrawalRequested", "signupSeatedV2")
