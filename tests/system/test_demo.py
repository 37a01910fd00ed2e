"""The demo as a newcomer runs it: the whole of Deltag, a thousand families, and every number checked against their file."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGTERM
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from services.chassis.postgres import EmbeddedPostgres
from tests.servers.ports import free_port
from tests.servers.rabbit import RabbitNode

ROOT = Path(__file__).parents[2]
NAMES = ("registration", "events", "notifications", "reporting")
START_WITHIN_S = 90
LEASH = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
"""What a test starts ends with the tests, also where these are killed."""

pytestmark = [pytest.mark.timeout(400), pytest.mark.server]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of the tests, without anything meant for another Deltag."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DELTAG_")}
    return kept | {"DELTAG_DATA_DIR": str(folder), "COLUMNS": "120"} | variables


def told(variables: Mapping[str, str]) -> str:
    """What the demo says; it must end well."""
    command = [*LEASH, sys.executable, "-m", "services.cli", "demo", "--exit"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4_000:]}"
    return done.stdout


def numbers(text: str) -> list[str]:
    """Every number of the summary with its name."""
    return re.findall(r"^ *[\d,]+  \S.*$", text, re.MULTILINE)


def mails(folder: Path) -> set[str]:
    """The mails that were delivered."""
    return {path.name for path in (folder / "mail").glob("*.eml")}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """On the embedded default the story ends as its file says; told again, it ends with the same numbers and no new mail."""
    variables = environment(tmp_path, DELTAG_HTTP_ADDRESS=f"127.0.0.1:{free_port()}", DELTAG_METRICS_ADDRESS=f"127.0.0.1:{free_port()}")
    first = told(variables)
    delivered = mails(tmp_path)
    assert "Every number is what demo/families.ndjson says it must be." in first
    assert len(delivered) > 200
    assert numbers(told(variables)) == numbers(first)
    assert mails(tmp_path) == delivered


@pytest.fixture
def distributed(tmp_path: Path, rabbit: RabbitNode, durable_postgres_server: EmbeddedPostgres) -> Iterator[dict[str, str]]:
    """The environment of a `deltag up` that runs on a broker and a database server, one process a service."""
    variables = environment(
        tmp_path,
        DELTAG_AMQP_URL=rabbit.url(rabbit.fresh_vhost()),
        DELTAG_POSTGRES_URL=durable_postgres_server.url(),
        **{f"DELTAG_{name.upper()}_{what}_ADDRESS": f"127.0.0.1:{free_port()}" for name in NAMES for what in ("HTTP", "METRICS")},
    )
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen([*LEASH, sys.executable, "-m", "services.cli", "up"], cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        for name in NAMES:
            await_ready(up, variables[f"DELTAG_{name.upper()}_METRICS_ADDRESS"], tmp_path / "log")
        yield variables
    finally:
        up.send_signal(SIGTERM)
        up.wait(60)


def await_ready(up: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until a service says that it is ready."""
    deadline = monotonic() + START_WITHIN_S
    while not is_ready(address):
        assert up.poll() is None, log.read_text(errors="replace")[-4_000:]
        assert monotonic() < deadline, log.read_text(errors="replace")[-4_000:]
        sleep(0.2)


def is_ready(address: str) -> bool:
    """Whether the service behind this address has all that it needs."""
    try:
        with urlopen(f"http://{address}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def test_the_same_story_on_real_servers(distributed: dict[str, str]) -> None:
    """Against a running `deltag up` on RabbitMQ and PostgreSQL the same story ends with the same numbers."""
    assert "Every number is what demo/families.ndjson says it must be." in told(distributed)
