"""Where Deltag's own data files are, and how files that matter are written."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def contracts() -> Path:
    """The folder of message contracts, in a checkout or in an installed wheel."""
    return _folder("contracts")


def programmes() -> Path:
    """The folder of programmes that come with Deltag, in a checkout or in an installed wheel."""
    return _folder("programmes")


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing: a crash leaves the old one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """One process at a time in this block; a process that dies lets the next one in."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
