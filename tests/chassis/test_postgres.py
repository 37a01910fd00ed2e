"""A PostgreSQL of one's own: durable, private, alone in its folder, and back after any fault."""

import os
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from services.chassis.errors import Conflict, Unavailable
from services.chassis.keeper import is_alive
from services.chassis.postgres import EmbeddedPostgres, create_databases
from tests.servers.databases import Databases

WRITE_AND_DIE = """
import os, sys
from pathlib import Path
import psycopg
from services.chassis.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1])).start()
psycopg.connect(server.url(), autocommit=True).execute("create table kept as select 42 as answer")
print(server.pid, flush=True)
os.kill(os.getpid() if sys.argv[2] == "deltag" else server.pid, 9)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def folder(tmp_path: Path, postgres_server: EmbeddedPostgres) -> Path:  # noqa: ARG001 - asking for it marks the test
    """A folder for one more server."""
    return tmp_path / "deltag"


@pytest.mark.parametrize("victim", ["deltag", "postgres"])
def test_what_was_committed_survives_a_kill(folder: Path, victim: str) -> None:
    """A kill -9 of Deltag, or of PostgreSQL and then Deltag, loses nothing, and no process stays behind."""
    done = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(folder), victim], capture_output=True, text=True, check=False)
    assert done.returncode == -SIGKILL, done.stderr
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url()) as connection:
        assert not is_alive(int(done.stdout))
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_folder_has_one_deltag(folder: Path) -> None:
    """A second Deltag on the same folder is refused with the first one's process id and the remedy."""
    with EmbeddedPostgres(folder), pytest.raises(Conflict) as refused:
        EmbeddedPostgres(folder).start()
    assert f"in use by a running Deltag (process {os.getpid()})" in str(refused.value)
    assert refused.value.slug == "data-folder-in-use"


def test_a_stale_pid_file_does_not_matter(folder: Path) -> None:
    """A pid file that names a process of somebody else is put aside; that process is left alone."""
    with EmbeddedPostgres(folder):
        pass
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with EmbeddedPostgres(folder) as server:
        assert server.running


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    """A kill in the middle of the first start leaves nothing that the next start takes for finished."""
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(folder) as server:
        assert server.running


def test_another_version_is_told(folder: Path) -> None:
    """A folder of another PostgreSQL version is refused in words, and left as it is."""
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("12")
    with pytest.raises(Conflict, match="was made by PostgreSQL 12"):
        EmbeddedPostgres(folder).start()
    assert (folder / "postgres" / "PG_VERSION").read_text() == "12"


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    """A wrong option is answered with the server's own words, and the folder is free again."""
    with pytest.raises(Unavailable, match="shared_buffers"):
        EmbeddedPostgres(folder, options={"shared_buffers": "nonsense"}).start()
    with EmbeddedPostgres(folder) as server:
        assert server.running


def test_a_long_path_is_no_obstacle(folder: Path) -> None:
    """Sockets have short names: below a deep folder the server still starts."""
    deep = folder.joinpath(*["a-folder-with-a-long-name"] * 5)
    with EmbeddedPostgres(deep) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_errors_quote_nobody_in_its_log(databases: Databases) -> None:
    """The server's log holds neither the values nor the statement of what failed."""
    with databases.copied() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table child (name text primary key)")
        connection.execute("insert into child values ('Karla')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into child values ('Karla')")
    log = databases.server.log.read_text()
    assert "child_pkey" in log
    assert "Karla" not in log


def test_databases_are_created_once(databases: Databases) -> None:
    """Creating databases again finds those that are there."""
    names = ["create_once_a", "create_once_b"]
    first = create_databases(databases.server.url(), names)
    assert create_databases(databases.server.url(), names) == first
    with psycopg.connect(first["create_once_b"]) as connection:
        assert connection.execute("select current_database()").fetchone() == ("create_once_b",)
