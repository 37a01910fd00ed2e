"""A private RabbitMQ node for tests: own name, cookie, folders, ports and name service; never the machine's server."""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Self

import amqp
from amqp.exceptions import AMQPError

from services.chassis.keeper import KeptProcess
from tests.servers.broker_programs import find_programs
from tests.servers.ports import free_port

START_WITHIN_S = 90
BATCH = 8
"""Virtual hosts made at once: a call of rabbitmqctl costs more than the host."""

_CONFIGURATION = """\
loopback_users = none
log.console = true
log.file = false
disk_free_limit.absolute = 50MB
"""

_LIMITS = {
    "memory": (("set_vm_memory_high_watermark", "0.0001"), ("set_vm_memory_high_watermark", "0.4")),
    "disk": (("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "50MB")),
}
"""What raises each alarm, and what ends it."""

_NEW_HOST = (
    'rabbit_vhost:add(<<"{host}">>, <<"tests">>),'
    ' rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{host}">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>)'
)
_OLD_HOST = 'rabbit_vhost:delete(<<"{host}">>, <<"tests">>)'


class RabbitNode:
    """One broker: start it once, give each test a virtual host of its own, discard it at the end.

    Fault tests `kill` it, `stop` and `start` it again with its data, or `pause` and `resume` it. `configuration` is
    for what only some nodes have. A node that is started `beside` another, which runs, is of one cluster with it.
    """

    def __init__(self, folder: Path, *, configuration: str = "", beside: "RabbitNode | None" = None) -> None:
        self.folder = folder
        self.log = folder / "rabbit.log"
        self.port, self._inner_port = free_port(), free_port()
        self.names_port: int = beside.names_port if beside else free_port()
        self.cookie: str = beside.cookie if beside else secrets.token_hex(16)
        self._beside = beside
        self._chosen = configuration
        self.name = f"deltag-{secrets.token_hex(4)}@localhost"
        self._names: KeptProcess | None = None
        self._process: KeptProcess | None = None
        self._spare: list[str] = []
        self._used: list[str] = []
        self._left: list[str] = []

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self._running_process().pid

    @property
    def running(self) -> bool:
        """Whether the broker's process is alive."""
        return self._process is not None and self._process.running

    def url(self, vhost: str = "%2F") -> str:
        """The address of a virtual host, for a user who may do everything there."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{vhost}"

    def fresh_vhost(self) -> str:
        """The name of a virtual host in which nothing is declared."""
        if not self._spare:
            self._exchange_vhosts()
        self._used.append(self._spare.pop())
        return self._used[-1]

    def start(self) -> Self:
        """Start the broker, with the data of earlier runs of this node, and wait until it takes connections."""
        if not self._process:
            self._configure()
        self._process = self._started()
        self._wait()
        return self

    def remember(self) -> None:
        """Let it write down what is declared: RabbitMQ does so some seconds late, and a kill -9 before that loses it."""
        self.rabbitmqctl("eval", "mnesia:sync_log().")

    def stop(self) -> None:
        """Stop it in order."""
        self._running_process().stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._running_process().kill()
        self._running_process().stop()

    def pause(self) -> None:
        """Let it hang: connections stay open, and nothing is answered."""
        os.kill(self.pid, SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        os.kill(self.pid, SIGCONT)

    @contextmanager
    def short_of(self, resource: str) -> Iterator[None]:
        """During the block it has too little `memory` or `disk`, and takes no messages."""
        short, enough = _LIMITS[resource]
        self.rabbitmqctl(*short)
        try:
            yield
        finally:
            self.rabbitmqctl(*enough)

    @contextmanager
    def room_for(self, vhost: str, queue: str, messages: int) -> Iterator[None]:
        """During the block a queue refuses what is more."""
        rules = json.dumps({"max-length": messages, "overflow": "reject-publish"})
        self.rabbitmqctl("set_policy", "-p", vhost, "limit", f"^{queue}$", rules, "--apply-to", "queues")
        try:
            yield
        finally:
            self.rabbitmqctl("clear_policy", "-p", vhost, "limit")

    def discard(self) -> None:
        """End it for good; its data are of no more use."""
        if self.running:
            self.kill()
        if self._names:
            self._names.stop()

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` against this node; returns what it prints."""
        done = subprocess.run(
            self._operator(*arguments), env=self._client_environment(), capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, f"rabbitmqctl {arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def _running_process(self) -> KeptProcess:
        assert self._process, "the broker was not started"
        return self._process

    def _started(self) -> KeptProcess:
        programs, environment = find_programs(), self._environment()
        if not self._names and not self._beside:
            self._names = KeptProcess([programs["epmd"], "-port", str(self.names_port)], log=self.log, environment=environment)
        return KeptProcess([programs["rabbitmq-server"]], log=self.log, environment=environment)

    def _operator(self, *arguments: str) -> list[str]:
        return [str(find_programs()["rabbitmqctl"]), *arguments]

    def _exchange_vhosts(self) -> None:
        """Make some at once, and delete those that were given away before the last exchange: nobody uses them any more."""
        names = [f"t{secrets.token_hex(4)}" for _ in range(BATCH)]
        orders = [_NEW_HOST.format(host=name) for name in names] + [_OLD_HOST.format(host=name) for name in self._left]
        self.rabbitmqctl("eval", ", ".join([*orders, "mnesia:sync_log()"]) + ".")
        self._spare, self._used, self._left = names, [], self._used

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "enabled_plugins").write_text("[].")
        (self.folder / "environment").touch()
        lines = [f"listeners.tcp.1 = {self._listens()}", _CONFIGURATION, self._chosen, *self._neighbours()]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines))
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(self.cookie)
        cookie.chmod(0o400)

    def _neighbours(self) -> list[str]:
        """What makes it join at its first start."""
        if not self._beside:
            return []
        nodes = [f"cluster_formation.classic_config.nodes.{number} = {node.name}" for number, node in enumerate((self._beside, self), 1)]
        return ["cluster_formation.peer_discovery_backend = classic_config", *nodes]

    def _client_environment(self) -> dict[str, str] | None:
        return self._environment()

    def _listens(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),  # where Erlang looks for the cookie
            "RUNNING_UNDER_SYSTEMD": "true",  # the start script becomes the broker, instead of standing before it
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.names_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._inner_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",  # idle means idle on two cores
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            assert self.running, f"RabbitMQ does not start:\n{self.log.read_text(errors='replace')[-2000:]}"
            assert time.monotonic() < deadline, "RabbitMQ does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(OSError, AMQPError), amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=5):
            return True
        return False
