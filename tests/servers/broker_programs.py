"""Finds RabbitMQ: its own programs, installed first where that is possible, or a container, or what exactly to install."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from tests.servers.packages import can_install, install

PROGRAMS = ("rabbitmq-server", "rabbitmqctl", "epmd")

_PLACES = (
    "/usr/lib/rabbitmq/bin",  # Debian and Ubuntu: the programs themselves; those on the PATH change to another user
    "/usr/lib/rabbitmq/lib/*/sbin",
    "/opt/homebrew/sbin",
    "/usr/local/sbin",
)

_INSTALL = """\
The tests need RabbitMQ 3.10 or newer, and here is none. Install it once:
    Debian, Ubuntu   sudo apt-get install --no-install-recommends rabbitmq-server
    Fedora           sudo dnf install rabbitmq-server
    macOS            brew install rabbitmq
or have Docker or Podman running, and the tests use the image `rabbitmq` (RABBITMQ_IMAGE names another).
The tests start a node of their own; the machine's server may be off (sudo systemctl disable --now rabbitmq-server).
Without it, `make test-fast` runs every test that needs no server."""


@cache
def find_programs() -> dict[str, Path]:
    """The path of each program, installed first where that is possible. Raises `LookupError` that says what to install."""
    found = _found()
    if not found and can_install():
        install("rabbitmq-server")
        found = _found()
    if not found:
        raise LookupError(_INSTALL)
    return found


@cache
def container_program() -> str | None:
    """`docker` or `podman`, if one of them answers."""
    return next((name for name in ("docker", "podman") if shutil.which(name) and _answers(name)), None)


def _answers(name: str) -> bool:
    return subprocess.run([name, "info"], capture_output=True, check=False, timeout=30).returncode == 0


def _found() -> dict[str, Path]:
    search = os.pathsep.join([*_folders(), os.environ["PATH"]])
    paths = {name: shutil.which(name, path=search) for name in PROGRAMS}
    return {name: Path(path) for name, path in paths.items() if path} if all(paths.values()) else {}


def _folders() -> list[str]:
    return [str(folder) for place in _PLACES for folder in sorted(Path("/").glob(place.lstrip("/")))]
