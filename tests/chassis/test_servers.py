"""The servers of the tests themselves: alone, quick to give, and back after a fault."""

import subprocess
import sys
from pathlib import Path

import amqp
import psycopg
import pytest
from amqp.exceptions import NotFound

from services.chassis.keeper import is_alive
from tests.servers import ports
from tests.servers.databases import Databases
from tests.servers.ports import free_port
from tests.servers.rabbit import BATCH, RabbitNode

ANOTHER = """
import sys
from tests.servers import ports
ports._PORTS[:] = [int(port) for port in sys.argv[1:]]
print(ports.free_port())
"""


def test_a_port_is_given_to_one_process_only() -> None:
    """A port that one process of the tests was given, and does not listen on yet, is not given to another, which gets the next."""
    mine, other = free_port(), free_port_of_nobody()
    command = [sys.executable, "-c", ANOTHER, str(other), str(mine)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{other}\n"


def free_port_of_nobody() -> int:
    """A port that nobody uses and nobody was given."""
    return ports._PORTS.pop()  # noqa: SLF001 - the one place where it is not to be given


def connected(rabbit: RabbitNode, url: str) -> amqp.Connection:
    """A connection to the virtual host of `url`."""
    return amqp.Connection(f"127.0.0.1:{rabbit.port}", virtual_host=url.rpartition("/")[2])


def test_a_test_has_a_virtual_host_of_its_own(rabbit: RabbitNode) -> None:
    """What one test declares on the broker, another does not see; and it stays there while others begin."""
    one, *_, other = (rabbit.url(rabbit.fresh_vhost()) for _ in range(BATCH + 1))
    with connected(rabbit, one) as connection:
        connection.channel().queue_declare("mine", durable=True, auto_delete=False)
    with connected(rabbit, other) as connection, pytest.raises(NotFound):
        connection.channel().queue_declare("mine", passive=True)


def test_the_node_keeps_its_data_through_a_kill(rabbit: RabbitNode) -> None:
    """A node that is killed comes back on the same port with its durable queues."""
    url = rabbit.url(rabbit.fresh_vhost())
    with connected(rabbit, url) as connection:
        connection.channel().queue_declare("kept", durable=True, auto_delete=False)
    before = rabbit.pid
    rabbit.remember()
    rabbit.kill()
    assert not is_alive(before)
    rabbit.start()
    with connected(rabbit, url) as connection:
        assert connection.channel().queue_declare("kept", passive=True).queue == "kept"


def test_the_node_answers_its_operator(rabbit: RabbitNode) -> None:
    """`rabbitmqctl` speaks to the tests' node, not to the machine's."""
    assert str(rabbit.folder) in rabbit.rabbitmqctl("status")


def test_databases_are_apart(databases: Databases) -> None:
    """Two databases of one test share nothing."""
    with databases.copied() as one, databases.copied() as other:
        with psycopg.connect(one) as connection:
            connection.execute("create table mine ()")
        with psycopg.connect(other) as connection:
            assert connection.execute("select to_regclass('mine')").fetchone() == (None,)


def test_durable_databases_survive_a_kill(durable_databases: Databases) -> None:
    """What the durable server confirmed is there after a kill -9."""
    with durable_databases.copied() as url:
        with psycopg.connect(url) as connection:
            connection.execute("create table kept ()")
        durable_databases.server.kill()
        durable_databases.server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("select to_regclass('kept')::text").fetchone() == ("kept",)


def test_folders_are_private(durable_databases: Databases, tmp_path: Path) -> None:
    """Nobody but its owner may enter the folder of a server."""
    assert (durable_databases.server.folder / "postgres").stat().st_mode & 0o077 == 0
    assert tmp_path != durable_databases.server.folder
