"""The same private RabbitMQ node in a container, for machines that have Docker or Podman and no RabbitMQ."""

import os
import subprocess
import time
from pathlib import Path

from services.chassis.keeper import KeptProcess
from tests.servers.broker_programs import container_program, find_programs
from tests.servers.rabbit import RabbitNode

IMAGE = os.environ.get("RABBITMQ_IMAGE", "rabbitmq:3.13")

_SERVER = 'PATH="/usr/lib/rabbitmq/bin:/opt/rabbitmq/sbin:$PATH" exec rabbitmq-server'
_OPERATOR = 'PATH="/usr/lib/rabbitmq/bin:/opt/rabbitmq/sbin:$PATH" exec rabbitmqctl "$@"'


def a_rabbit(folder: Path) -> RabbitNode:
    """A node made of what this machine has. Raises `LookupError` that says what to install."""
    try:
        find_programs()
    except LookupError:
        if not container_program():
            raise
        return RabbitContainer(folder)
    return RabbitNode(folder)


class RabbitContainer(RabbitNode):
    """One broker in a container. Its data stay in the node's folder, so that it can be killed and started again."""

    def kill(self) -> None:
        """End it as a power cut would."""
        self._command("kill", self._container)
        while self._command("ps", "-aq", "--filter", f"name={self._container}"):
            time.sleep(0.05)
        self._running_process().stop()

    def pause(self) -> None:
        """Let it hang."""
        self._command("pause", self._container)

    def resume(self) -> None:
        """Let it go on."""
        self._command("unpause", self._container)

    @property
    def _container(self) -> str:
        return self.name.partition("@")[0]

    def _started(self) -> KeptProcess:
        inside = {name: value for name, value in self._environment().items() if name != "PATH"}
        variables = [part for name, value in inside.items() for part in ("-e", f"{name}={value}")]
        place = ["-v", f"{self.folder}:{self.folder}", "-p", f"127.0.0.1:{self.port}:5672", *_as_me()]
        run = ["run", "--rm", "--name", self._container, *place, *variables, "--entrypoint", "sh", IMAGE, "-c", _SERVER]
        return KeptProcess([_engine(), *run], log=self.log)

    def _operator(self, *arguments: str) -> list[str]:
        return [_engine(), "exec", self._container, "sh", "-c", _OPERATOR, "sh", *arguments]

    def _client_environment(self) -> dict[str, str] | None:
        return None  # the engine's own: it may be told where it is by a variable

    def _listens(self) -> str:
        return "5672"

    def _command(self, *arguments: str) -> str:
        return subprocess.run([_engine(), *arguments], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def _engine() -> str:
    engine = container_program()
    assert engine, "neither Docker nor Podman answers"
    return engine


def _as_me() -> list[str]:
    """What the container writes belongs to whoever runs the tests."""
    mapped = ["--userns=keep-id"] if _engine() == "podman" and os.geteuid() else []
    return [*mapped, "--user", f"{os.getuid()}:{os.getgid()}"]
