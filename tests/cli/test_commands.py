"""What somebody at a keyboard reads when something foreseeable is wrong: a sentence and a status, never a trace."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis import parked as parking
from services.chassis.http import Role
from services.chassis.postgres import EmbeddedPostgres
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event
from services.cli.places import SERVERS
from services.registration.service import SERVICE
from tests.cli.running import deltag, refused

NAME = "registration"


@pytest.fixture
def taken() -> Iterator[str]:
    """An address on which somebody listens already."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield "{}:{}".format(*server.getsockname())


def test_an_unknown_role_is_answered_with_those_that_there_are() -> None:
    """Whoever misspells a role reads every role."""
    said = refused("token", "nonsense")
    assert all(role in said for role in Role)


def test_an_applicant_has_no_development_token() -> None:
    """It would hold nowhere: only registration makes applicants."""
    assert "sign-up-links" in refused("token", "applicant")


@pytest.mark.parametrize("hours", ["0", "-1", "721", "nan", "inf"])
def test_a_token_has_a_length_of_life(hours: str) -> None:
    """A token that is never good, or for too long, is refused with the bounds."""
    assert "more than 0 and at most 720 hours" in refused("token", "system", "--hours", hours)


def test_only_reporting_is_rebuilt() -> None:
    """A service that is no projection is not rebuilt, and the command that may be meant is named."""
    assert "Only reporting can be rebuilt" in refused("rebuild", "events")


@pytest.mark.parametrize("below", ["", "data"])
def test_a_data_folder_that_is_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    """A data folder that cannot be made is named with its variable."""
    folder.touch()
    monkeypatch.setenv("DELTAG_DATA_DIR", str(folder / below))
    monkeypatch.setenv("DELTAG_HTTP_ADDRESS", "127.0.0.1:0")
    monkeypatch.setenv("DELTAG_METRICS_ADDRESS", "127.0.0.1:0")
    assert "DELTAG_DATA_DIR: " in (said := refused("up"))
    assert "cannot be used as the data folder" in said


@pytest.mark.parametrize("url", ["postgresql://somebody:sesame@127.0.0.1:1/postgres", "nonsense:sesame"])
def test_a_database_server_that_is_down(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A database server that does not answer is named by its variable, and the password in it is not printed."""
    monkeypatch.setenv("DELTAG_AMQP_URL", "amqp://nobody@127.0.0.1:1")
    monkeypatch.setenv("DELTAG_POSTGRES_URL", url)
    said = refused("up")
    assert "DELTAG_POSTGRES_URL: The database server does not answer" in said
    assert "sesame" not in said
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("folder")
def test_a_broker_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that does not answer is named by its variable, and the password in it is not printed."""
    monkeypatch.setenv("DELTAG_AMQP_URL", "amqp://nobody:sesame@127.0.0.1:1")
    with EmbeddedPostgres(tmp_path / "server", options={"fsync": "off"}) as server:  # of its own: roles are for a whole server
        monkeypatch.setenv("DELTAG_POSTGRES_URL", server.url())
        said = refused("up")
    assert "DELTAG_AMQP_URL: The broker does not answer" in said
    assert "sesame" not in said


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize(("given", "missing"), [SERVERS, SERVERS[::-1]])
def test_one_server_without_the_other(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, given: str, missing: str) -> None:
    """With half of what a distributed Deltag needs, nothing starts, and the other half is named."""
    monkeypatch.setenv(given, "amqp://nobody@127.0.0.1:1")
    assert f"{missing}: is not set, and {given} is" in refused(command)
    assert not folder.exists()


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize("variable", ["DELTAG_HTTP_ADDRESS", "DELTAG_METRICS_ADDRESS"])
def test_a_taken_address_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, taken: str, command: str, variable: str
) -> None:
    """Where an address is taken, no data folder is made."""
    monkeypatch.setenv("DELTAG_HTTP_ADDRESS", "127.0.0.1:0")
    monkeypatch.setenv("DELTAG_METRICS_ADDRESS", "127.0.0.1:0")
    monkeypatch.setenv(variable, taken)
    assert f"{taken}: cannot be listened on" in refused(command)
    assert not folder.exists()


def test_no_deltag(folder: Path) -> None:
    """Where no Deltag is found, the folder is named in which it was looked for, and the variable that names another."""
    said = refused("token", "system")
    assert str(folder) in said
    assert "DELTAG_DATA_DIR" in said


@pytest.mark.parametrize("command", ["up", "demo"])
def test_production_is_not_made_by_a_command(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """What makes secrets and servers of its own says that production has none such, and makes nothing."""
    monkeypatch.setenv("DELTAG_ENVIRONMENT", "production")
    assert refused(command).startswith("DELTAG_ENVIRONMENT: is production")
    assert not folder.exists()


def test_production_makes_no_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said alone, whatever else production's settings lack."""
    monkeypatch.setenv("DELTAG_ENVIRONMENT", "production")
    (folder / "postgres").mkdir(parents=True)
    assert refused("token", "system").startswith("DELTAG_ENVIRONMENT: Production neither makes nor takes development tokens.")
    assert refused("parked", "list", NAME).startswith("DELTAG_REGISTRATION_DATABASE_URL: is not set")


@pytest.mark.parametrize("command", ["up", "demo"])
def test_settings_are_checked_before_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """A wrong setting is told even where another Deltag uses the folder."""
    monkeypatch.setenv("DELTAG_THRESHOLD", "1")
    with EmbeddedPostgres(folder):
        assert refused(command).startswith("DELTAG_THRESHOLD: is not a whole number from 3 to 100")


def test_a_programme_that_is_not_there() -> None:
    """A folder that does not exist is one mistake, not one for each of its files."""
    assert refused("programme", "load", "/nonexistent") == "no-such-folder: There is no folder /nonexistent."


@pytest.mark.usefixtures("operated")
@pytest.mark.parametrize("which", ["zzz", "012345678901", "9" * 30])
def test_a_group_that_is_not_there(which: str) -> None:
    """To look at a group that does not exist is an error."""
    assert "No parked messages have the fingerprint" in refused("parked", "show", "registration", which)


@pytest.mark.usefixtures("operated")
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize("action", [["replay"], ["discard", "--reason", "a mistake"]])
def test_nothing_is_moved_without_an_error(action: list[str], dry: list[str]) -> None:
    """To move a group or a message that is not parked is an error, dry or not."""
    command, *reason = action
    assert "the fingerprint 'nope'" in refused("parked", command, "registration", "--group", "nope", *reason, *dry)
    assert "Not parked: 7." in refused("parked", command, "registration", "--id", "7", *reason, *dry)


def test_what_a_sender_chose_is_shown_harmless(operated: Context) -> None:
    """A type and an id may hold anything: nobody's number or address is shown, and no control character or markup acts."""
    odd = event("mona@example.org [/bold] \x1b[2J", {}, id="74.05.18-4999 [/]")
    deliver_raw(operated, SERVICE.listens[0], [odd])
    (group,) = parking.groups(operated)
    said = "".join(deltag("parked", *asked).output for asked in (("list", NAME), ("show", NAME, group.fingerprint), ("show", NAME, "1")))
    assert said.count("[email] [/bold]") == 3
    assert said.count("[cpr] [/]") == 2
    assert not [word for word in ("mona", "4999", "\x1b") if word in said]


def test_no_offset_is_negative() -> None:
    """The log has no offset below zero."""
    assert "--from" in refused("replay", "events", "--from", "-1")
