"""Services as processes of their own, which tests kill, stop, watch and start again."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from signal import SIGKILL
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from services.chassis.settings import Settings, rules
from tests.reliability.patience import RECOVERED_WITHIN_S, START_WITHIN_S, eventually
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
_LEASH = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""A process of a test dies with the tests, also where these are killed."""
_COMPILED = ROOT / ".pytest_cache" / "compiled"
"""Where processes keep what they compiled: those started later start in a third of the time."""
LOWEST_USER = 100_000


class Process:
    """A process with an HTTP door and a port for operators. `log` keeps what it prints. One that is `bound` can be held to limits."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path, bound: bool = False) -> None:
        self.name = name
        self.log = log
        self.address, self.metrics = (f"127.0.0.1:{free_port()}" for _ in range(2))
        addresses = {"DELTAG_HTTP_ADDRESS": self.address, "DELTAG_METRICS_ADDRESS": self.metrics}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_LEASH, *(_not_root() if bound else ()), sys.executable, *command],
                env={**_clean_environment(), **environment, **addresses},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended, however."""
        return self._process.poll() is not None

    def health(self) -> dict[str, Any]:
        """What its health says; nothing while it does not answer."""
        try:
            with urlopen(f"http://{self.metrics}/health/ready", timeout=5) as answer:
                return dict(json.load(answer))
        except HTTPError as not_ready:
            return dict(json.load(not_ready))
        except (OSError, HTTPException):
            return {}

    def is_ready(self) -> bool:
        """Whether every dependency is well."""
        assert not self.ended, f"it ended by itself:\n{self.tail()}"
        return self.health().get("status") == "ready"

    def trouble(self) -> str:
        """What its health says is wrong, all in one text."""
        checks = self.health().get("checks", {"health": {"ok": False, "reason": "does not answer"}})
        return "; ".join(f"{name}: {check['reason']}" for name, check in checks.items() if not check["ok"])

    def door_answers(self) -> bool:
        """Whether its HTTP door is open."""
        with urlopen(f"http://{self.address}/openapi.json", timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)

    def measures(self) -> str:
        """Its metrics, as text."""
        with urlopen(f"http://{self.metrics}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def measured(self, name: str) -> float:
        """One of its metrics, added up over its labels."""
        families = text_string_to_metric_families(self.measures())
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    def await_ready(self) -> float:
        """Wait until every dependency is well; returns the seconds that it took."""
        return eventually(self.is_ready, within=START_WITHIN_S, what=f"ready {self.health()}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def await_death(self, within: float = START_WITHIN_S) -> None:
        """Wait until it has been killed at its crash point."""
        eventually(lambda: self.ended, within=within, what="the crash point")
        assert self._process.returncode == -SIGKILL, f"it ended otherwise:\n{self.tail()}"

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def await_end(self, within: float = RECOVERED_WITHIN_S) -> None:
        """Wait for its end; fails when it did not drain in order."""
        status = self._process.wait(within)
        assert status == 0, f"it drained with status {status}:\n{self.tail()}"

    def stop(self) -> float:
        """Ask it to end, and wait; returns the seconds that it took."""
        began = monotonic()
        self.terminate()
        self.await_end()
        return monotonic() - began

    def discard(self) -> None:
        """Make sure that it has ended."""
        if not self.ended:
            self.kill()

    def tail(self) -> str:
        """The last that it said."""
        return self.log.read_text(errors="replace")[-4_000:]


def _not_root() -> Sequence[str]:
    """More for the leash: nothing limits how many threads root has, so he becomes a user without any other process, who may read all."""
    if os.geteuid():
        return ()
    user = str(LOWEST_USER + os.getpid())
    return ("--reuid", user, "--regid", user, "--clear-groups", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")


def command(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Begin `deltag` with these arguments; what it prints is kept for whoever waits."""
    return subprocess.Popen(
        [*_LEASH, sys.executable, "-W", "ignore", "-m", "services.cli", *arguments],
        env={**_clean_environment(), **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which a process reads the keys, the database and the folder that these settings hold."""
    wanted = {
        name: rule.variables(settings.service)[0] for name, rule in rules() if name.endswith("_key") or name in {"database_url", "data_dir"}
    }
    return {variable: _text(getattr(settings, name)) for name, variable in wanted.items() if getattr(settings, name)}


def _text(value: object) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _clean_environment() -> dict[str, str]:
    """The environment of this process without anything that is meant for Deltag."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DELTAG_") and name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(_COMPILED)}
