"""Three brokers that are one: without one of them everything goes on, and without two it waits, and nothing is lost.

What the services need is made at the second node, which leads all their queues by that, and is the one that falls; the
other system and the witness are at the first.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.topology import topology
from tests.reliability.clerk import Desk
from tests.reliability.oracle import outbox
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.reliability.stage import QUEUES, SERVICES, Stage, a_stage
from tests.servers.cluster import RabbitCluster, a_cluster
from tests.servers.databases import Databases
from tests.servers.rabbit import RabbitNode

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]
MORE = 100


@pytest.fixture(scope="module")
def all_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitCluster]:
    """The cluster of this module."""
    with a_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(all_nodes: RabbitCluster) -> RabbitCluster:
    """The cluster, whole, whatever the test before did to it."""
    all_nodes.start()
    return all_nodes


@pytest.fixture
def leader(cluster: RabbitCluster) -> RabbitNode:
    """The node that leads the services' queues."""
    return cluster.nodes[1]


@pytest.fixture
def stage(cluster: RabbitCluster, leader: RabbitNode, durable_databases: Databases, tmp_path: Path) -> Iterator[Stage]:
    """Registration and reporting, on a virtual host of the cluster."""
    vhost = cluster.nodes[0].fresh_vhost()
    listens = [listen for service in SERVICES.values() for listen in service.listens]
    RabbitBus(leader.url(vhost)).declare(topology(listens))
    queues = json.loads(leader.rabbitmqctl("-q", "--formatter", "json", "-p", vhost, "list_queues", "leader", "members"))
    assert [(queue["leader"], len(queue["members"])) for queue in queues] == [(leader.name, len(cluster.nodes))] * len(QUEUES)
    with a_stage(durable_databases, cluster.nodes[0].url(vhost), tmp_path) as stage:
        yield stage


@contextmanager
def at_work(stage: Stage, cluster: RabbitCluster) -> Iterator[Desk]:
    """Both services are busy during the block, and know every node."""
    with stage.at_work(DELTAG_AMQP_URL=cluster.url(stage.bus_url.rpartition("/")[2])) as desk:
        yield desk


def await_flow(stage: Stage) -> float:
    """The seconds until answers come over the bus again, and so many that they cannot have been under way."""
    wanted = stage.ledger.told + MORE
    return eventually(lambda: stage.ledger.told >= wanted, within=START_WITHIN_S, what="answers without the leader")


def test_leader_killed(stage: Stage, cluster: RabbitCluster, leader: RabbitNode) -> None:
    """Fault 39: kill -9 of the node that leads the queues. The others go on without it, and with it again."""
    with at_work(stage, cluster) as desk:
        leader.kill()
        without = await_flow(stage)
        leader.start()
        desk.await_answers(10)
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"the leader of three brokers killed, flowing without it after {without:.1f} s")


def test_leader_hangs(stage: Stage, cluster: RabbitCluster, leader: RabbitNode) -> None:
    """Fault 39: SIGSTOP of the node that leads the queues. The others go on without it, and it joins them when it goes on."""
    with at_work(stage, cluster) as desk:
        leader.pause()
        try:
            without = await_flow(stage)
        finally:
            leader.resume()
        desk.await_answers(10)
        seconds = stage.recovered()
    stage.figures(seconds).judge(f"the leader of three brokers hung, flowing without it after {without:.1f} s")


def test_minority(stage: Stage, cluster: RabbitCluster) -> None:
    """Fault 39: one of three is left, and takes nothing. Facts wait in the outbox, callers are answered, and all flows when one is back."""
    with at_work(stage, cluster) as desk:
        for node in cluster.nodes[1:]:
            node.kill()
        stage.await_trouble()
        desk.await_answers(20)
        assert outbox(stage.contexts["registration"]) > 0
        cluster.nodes[1].start()
        seconds = stage.recovered()
    stage.figures(seconds).judge("two of three brokers down")
