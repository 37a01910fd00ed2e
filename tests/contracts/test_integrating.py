"""`docs/integrating.md` as another system's developer follows it: every example is run against what it speaks of."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from scripts.broker_definitions import INTEGRATOR, SERVICES, definitions
from scripts.contracts_docs import ROOT, with_files
from services.chassis.contracts import by_type, problems
from services.chassis.http import Grant, Role
from services.chassis.http.issuer import LocalIssuer
from services.chassis.service import Context
from services.registration.domain.objection import Rule
from tests.servers.rabbit import RabbitNode

EXAMPLES = ROOT / "docs" / "examples"
DOCUMENT = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
GATE = tomllib.loads((ROOT / "services" / "chassis" / "contracts.toml").read_text(encoding="utf-8"))
EXAMPLE = "contracts/enrolment.requested/v1.example.json"
SOURCE = "https://daycare-administration.example"
USER, PASSWORD = "daycare-administration", "good-for-a-minute"
NOT_FOR_REQUESTS = {
    Rule.ADDRESS_NOT_PROVEN,
    Rule.BEHALF_MISSING,
    Rule.CPR_NUMBER_MISSING,
    Rule.LINK_FOR_ANOTHER_PROGRAMME,
    Rule.NOT_ON_BEHALF,
    Rule.UNKNOWN_CONSENT,
    Rule.UNKNOWN_PROFESSION,
    Rule.UNKNOWN_PROFESSIONAL,
    Rule.INSTITUTION_MISSING,
    Rule.STEP_NOT_YOURS,
    Rule.STEP_NOT_COMING,
    Rule.STEP_OF_ANOTHER,
}


def run(*command: str, folder: Path = EXAMPLES, **environment: str) -> str:
    """What a command prints in a folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(script: str, url: str) -> dict[str, Any]:
    """The one answer that an example prints."""
    answer: dict[str, Any] = json.loads(run(sys.executable, script, url, "family.json"))
    return answer


@pytest.fixture
def user(rabbit: RabbitNode, broker: str) -> Iterator[str]:
    """The broker's address for the user that the document's script makes."""
    orders = run("sh", "broker_user.sh", urlsplit(broker).path[1:], USER, PASSWORD, RABBITMQCTL="echo")
    for order in orders.splitlines():
        rabbit.rabbitmqctl(*order.split())
    yield broker.replace("guest:guest", f"{USER}:{PASSWORD}")
    rabbit.rabbitmqctl("delete_user", USER)


@pytest.fixture
def token(registration: Context) -> str:
    """A token such as `deltag token system --source …` prints."""
    return LocalIssuer(registration.settings, registration.clock).issue("developer", [Grant(Role.SYSTEM, "0151", None, SOURCE)])


def test_the_document_shows_the_files_as_they_are() -> None:
    """Every block that names a file is that file, and every file is shown."""
    assert with_files(DOCUMENT) == DOCUMENT
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == set(re.findall(r"<!-- file: docs/examples/(\S+) -->", DOCUMENT))


def test_the_family_of_the_examples_keeps_the_contract() -> None:
    """What a newcomer sends first is valid."""
    assert problems("enrolment.requested/v1", json.loads((EXAMPLES / "family.json").read_text(encoding="utf-8"))) == []


def test_the_family_of_the_examples_is_not_that_of_the_contract() -> None:
    """Whoever sends the contract's example and then this page's enrols two children, and is not told of a repetition."""
    ours, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (EXAMPLES / "family.json", ROOT / EXAMPLE))
    assert ours["child"]["cpr_number"] != theirs["data"]["child"]["cpr_number"]


def test_whoever_is_made_may_send_every_request() -> None:
    """The document's script gives the same rights as the broker's definitions: to publish whatever a contract asks for."""
    script = (EXAMPLES / "broker_user.sh").read_text(encoding="utf-8")
    [rights] = [row for row in definitions()["topic_permissions"] if row["user"] == INTEGRATOR]
    assert f'deltag.requests "{rights["write"]}"' in script
    assert [type_ for type_ in by_type() if not re.match(rights["write"], type_) and not type_.startswith(SERVICES)] == []


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule not in NOT_FOR_REQUESTS])
def test_every_reason_that_registration_gives_is_explained(rule: Rule) -> None:
    """Whatever rule rejects a request, the table of answers has its slug."""
    assert f"| `{rule}` |" in DOCUMENT


@pytest.mark.parametrize("slug", sorted({text["slug"] for text in GATE["keywords"].values()}))
def test_every_reason_that_the_contract_gives_is_explained(slug: str) -> None:
    """Whatever the gate finds, the table of answers has its slug."""
    assert f"`{slug}`" in DOCUMENT


@pytest.mark.parametrize("type_", [type_ for type_ in by_type() if type_.startswith(("enrolment.", "registration.enrolment."))])
def test_every_request_and_every_answer_is_named(type_: str) -> None:
    """The document names each request and each answer by its type."""
    assert f"`{type_}`" in DOCUMENT


@pytest.mark.parametrize("script", ["enrol_amqp.py", "enrol_cloudevents.py"])
def test_a_first_request_is_accepted(user: str, script: str) -> None:
    """With the rights that the document gives, an ordinary client gets its first answer, in either mode: accepted."""
    answer = python(script, user)
    assert (answer["status"], answer["institution"], answer["birth_month"]) == ("accepted", "birkegaarden", "2022-09")
    assert problems("enrolment.accepted/v1", answer) == []


def test_the_same_child_again_is_rejected_with_the_reason(user: str) -> None:
    """A second request for the same child is answered too: rejected, saying why, by the contract."""
    python("enrol_amqp.py", user)
    answer = python("enrol_cloudevents.py", user)
    assert (answer["status"], [reason["slug"] for reason in answer["reasons"]]) == ("rejected", ["already-enrolled"])
    assert problems("enrolment.rejected/v1", answer) == []


def test_the_http_example_is_accepted(address: str, token: str) -> None:
    """The example with curl gets the same answer over HTTP."""
    answer = json.loads(run("sh", "enrol_http.sh", address, "family.json", TOKEN=token))
    assert answer["status"] == "accepted"
    assert problems("enrolment.accepted/v1", answer) == []


def test_the_http_example_works_as_it_is_written(address: str, token: str) -> None:
    """The command that the document shows, with another address, is run as it stands from the project's folder."""
    (command,) = re.findall(r"^sh docs/examples/enrol_http\.sh .*$", DOCUMENT, re.MULTILINE)
    words = command.replace("http://127.0.0.1:8080", address).split()
    assert json.loads(run(*words, folder=ROOT, TOKEN=token))["status"] == "accepted"


def test_a_repeated_http_request_is_answered_the_same(address: str, token: str) -> None:
    """Sent again under the same id, a request has no second effect and gets its first answer."""
    first, second = (json.loads(run("sh", "enrol_http.sh", address, "family.json", TOKEN=token, ID="placement-17")) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("exchange", "key"),
    [
        ("deltag.events", "registration.enrolment.accepted.v1"),
        ("deltag.personal", "registration.contact.sealed.v1"),
        ("deltag.requests", "something.else.v1"),
    ],
)
def test_the_user_may_publish_requests_only(user: str, exchange: str, key: str) -> None:
    """A publishing system can forge no fact and reach no other exchange."""
    with pika.BlockingConnection(pika.URLParameters(user)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
            channel.basic_publish(exchange, key, b"{}")


@pytest.mark.parametrize("queue", ["registration.requests", "answers.somebody-else"])
def test_the_user_may_read_his_own_queue_only(user: str, queue: str) -> None:
    """What others ask and are answered is closed to him."""
    with pika.BlockingConnection(pika.URLParameters(user)) as connection:
        channel = connection.channel()
        with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
            channel.basic_get(queue)
