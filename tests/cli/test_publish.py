"""`deltag publish`: what another system's developer sees, whatever his file holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.chassis.contracts import example
from services.chassis.service import Context
from services.chassis.testing import published
from services.cli.publish import publish

ENROLMENT = example("enrolment.requested/v1")
app = typer.Typer()
app.command()(publish)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(lines, *arguments)` publishes a file of these lines."""
    monkeypatch.delenv("DELTAG_AMQP_URL", raising=False)

    def command(lines: list[Any], *arguments: str) -> Result:
        path = tmp_path / "requests.ndjson"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
        return CliRunner().invoke(app, [str(path), *arguments])

    return command


def a_request(id_: str = "first", **data: Any) -> dict[str, Any]:
    """The contract's example under this id, with some fields changed; None takes one away."""
    changed = {name: value for name, value in (ENROLMENT["data"] | data).items() if value is not None}
    return ENROLMENT | {"id": id_, "data": changed}


def about(contract: str, **data: Any) -> dict[str, Any]:
    """Another contract's example, with some fields changed; None takes one away."""
    found = example(f"{contract}/v1")
    return found | {"data": {name: value for name, value in (found["data"] | data).items() if value is not None}}


def test_an_accepted_line(run: Run, broker: str) -> None:
    """A right request is sent over the bus and answered with our id; the status is 0."""
    result = run([a_request()], "--amqp", broker)
    assert result.exit_code == 0, result.output
    assert "line 1: accepted 01" in result.output
    assert "1 accepted" in result.output


def test_a_rejected_line_says_every_reason(run: Run, broker: str) -> None:
    """A rejection is printed with each field and what to do; the others are not touched, and the status is 1."""
    result = run([a_request("a", institution="151099", track="D"), "", a_request("b")], "--amqp", broker)
    assert result.exit_code == 1
    assert "/institution  There is no such institution here." in result.output
    assert "/track  The programme has no such track." in result.output
    assert "line 3: accepted" in result.output


def test_reasons_in_danish(run: Run, broker: str) -> None:
    """The reasons are there in the language that the reader chooses."""
    assert "Institutionen findes ikke her." in run([a_request(institution="151099")], "--amqp", broker, "--language", "da").output


def test_what_was_sent_before_has_no_second_answer(run: Run, broker: str) -> None:
    """The same message again is recognised, and the command says why there is no answer."""
    run([a_request()], "--amqp", broker)
    result = run([a_request()], "--amqp", broker, "--wait", "0.5")
    assert result.exit_code == 1
    assert "line 1: no answer. If it was sent before, it was answered then." in result.output


def test_over_http(run: Run, door: str, token: str) -> None:
    """Over HTTP the answers are the same, and the same again when the file is sent twice."""
    lines = [a_request("a"), a_request("b", institution="151099")]
    first, second = (run(lines, "--http", door, "--token", token) for _ in range(2))
    assert (first.exit_code, first.output) == (1, second.output)
    assert "1 accepted, 1 rejected" in first.output


def test_an_enrolment_ends_over_http(run: Run, door: str, token: str) -> None:
    """A withdrawal goes the same way as the request that it ends."""
    accepted = run([a_request()], "--http", door, "--token", token).output
    enrolment_id = accepted.split("accepted ")[1][:36]
    withdrawal = example("enrolment.withdrawal-requested/v1")
    result = run([withdrawal | {"data": withdrawal["data"] | {"enrolment_id": enrolment_id}}], "--http", door, "--token", token)
    assert result.exit_code == 0, result.output
    assert f"line 1: withdrawn {enrolment_id}" in result.output


def test_every_request_goes_to_its_own_door(run: Run, door: str, token: str, registration: Context) -> None:
    """A step, a guardian, custody, contacts, a name and protection: each is done, and one for staff alone is refused with its reason."""
    run([a_request()], "--http", door, "--token", token)
    [told] = [fact["data"] for fact in published(registration) if fact["type"] == "registration.enrolment.accepted.v1"]
    ids = {"enrolment_id": told["enrolment_id"], "child_id": told["child_id"], "guardian_id": told["guardian_ids"][0]}
    step = {"step": "start", "effective_date": told["start_date"], "reason": None}
    lines = [
        about("family.identity-correction-requested", kind="child", person_id=ids["child_id"], changes={"given_name": "Asta Marie"}),
        about("protection.requested", kind="guardian", person_id=ids["guardian_id"]),
        about("family.guardian-requested", child_id=ids["child_id"]),
        about("family.guardianship-requested", **{name: ids[name] for name in ("child_id", "guardian_id")}),
        about("enrolment.step-requested", institution=None, enrolment_id=ids["enrolment_id"], **step),
    ]
    result = run(lines, "--http", door, "--token", token)
    said = result.output.splitlines()
    assert [line for line in said if "granted" in line][:3] == [f"line {number}: granted" for number in (1, 2, 3)], result.output
    assert "line 4: rejected" in said
    assert f"line 5: active {ids['enrolment_id']}" in said


def test_a_line_of_another_source_is_refused(run: Run, door: str, token: str) -> None:
    """Over HTTP a request is always its token's: another's line is not sent under the wrong name, and the others go on."""
    result = run([a_request() | {"source": "https://another.example"}, a_request("b")], "--http", door, "--token", token)
    assert "/source  The token sends as https://daycare-administration.example alone." in result.output
    assert "1 rejected, 1 accepted" in result.output


def test_what_has_no_enrolment_is_answered_over_the_bus(run: Run, broker: str) -> None:
    """A request about somebody who is not there is rejected with its reason, as over HTTP."""
    result = run([about("protection.requested")], "--amqp", broker)
    assert "line 1: rejected" in result.output


def test_the_same_id_with_other_content_is_refused(run: Run, door: str, token: str) -> None:
    """Whoever sends other content under an id that was used reads what to do instead."""
    run([a_request()], "--http", door, "--token", token)
    assert "Send the new content under a new id." in run([a_request(track="B")], "--http", door, "--token", token).output


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"specversion": "1.0", "id"', "Not a CloudEvent 1.0 in JSON"),
        ({"child": "somebody"}, "Not a CloudEvent 1.0 in JSON"),
        (a_request() | {"type": "enrolment.requested.v9"}, "/type  There is no such request"),
        (a_request(start_date=None), "/data/start_date  The field is missing"),
    ],
)
def test_a_bad_line_is_not_sent(run: Run, line: Any, said: str) -> None:
    """A line that cannot be sent is named with its number and everything that is wrong with it."""
    result = run([a_request(), line], "--check")
    assert result.exit_code == 1
    assert "line 2: not sent" in result.output
    assert said in result.output
    assert "1 bad, 1 right" in result.output


def test_check_sends_nothing(run: Run) -> None:
    """A dry run needs no address, and is content with a file of right lines."""
    result = run([a_request("a"), a_request("b")], "--check")
    assert (result.exit_code, result.output) == (0, "2 right\n")


def test_one_message_over_several_lines(run: Run) -> None:
    """A file may hold a single message, written for people."""
    assert run([json.dumps(a_request(), indent=2)], "--check").output == "1 right\n"


def test_nothing_of_a_person_is_printed(run: Run) -> None:
    """However wrong a line is, no name, number or address in it is shown."""
    child = ENROLMENT["data"]["child"] | {"cpr_number": "740522-401", "Asta": "Prøvesen"}
    printed = run([a_request(child=child)], "--check").output
    assert not any(word in printed for word in ("Asta", "Prøvesen", "740522"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say where to"),
        (["--http", "http://127.0.0.1:1"], "There is no registration service at http://127.0.0.1:1/registration/v1 (nobody answers)"),
        (["--http", "ftp:nonsense"], "--http  The address must begin with http:// or https://."),
        (["--amqp", "amqp://nobody@127.0.0.1:1"], "The broker"),
    ],
)
def test_nothing_can_be_sent(run: Run, arguments: list[str], said: str) -> None:
    """Without a way to registration the command says so, and its status is 2."""
    result = run([a_request()], *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Error" not in result.stderr


def test_a_bad_token(run: Run, door: str) -> None:
    """A token that does not hold ends the command at once: no other line would fare better."""
    result = run([a_request()], "--http", door, "--token", "nonsense")
    assert (result.exit_code, "line 1" in result.output) == (2, False)


def test_a_broker_without_deltag(run: Run, bus_url: str) -> None:
    """Where no queue takes requests nothing is called sent."""
    result = run([a_request()], "--amqp", bus_url)
    assert result.exit_code == 2
    assert "was Deltag ever started there?" in result.stderr


def test_a_file_that_is_not_there() -> None:
    """A file that does not exist is a usage error."""
    assert CliRunner().invoke(app, ["nowhere.ndjson", "--check"]).exit_code == 2


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is refused before anything is read from it."""
    path = tmp_path / "latin1.ndjson"
    path.write_bytes("Prøvesen".encode("latin-1"))
    result = CliRunner().invoke(app, [str(path), "--check"])
    assert (result.exit_code, "The file is not UTF-8." in result.stderr) == (2, True)
