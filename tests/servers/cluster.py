"""Three RabbitMQ nodes that are one broker: what a queue holds is on all of them, and two of them can go on without the third."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.rabbit import RabbitNode

_CONFIGURATION = """\
cluster_partition_handling = pause_minority
net_ticktime = 5
"""
"""A node that is cut off takes nothing, and joins the others again by itself; 5 to 7 s of silence are an end."""


class RabbitCluster:
    """`nodes` are all of them, the first of which made the virtual hosts; they start one after the other."""

    def __init__(self, folder: Path) -> None:
        first = RabbitNode(folder / "1", configuration=_CONFIGURATION)
        self.nodes = [first, *(RabbitNode(folder / name, configuration=_CONFIGURATION, beside=first) for name in "23")]

    def url(self, vhost: str) -> str:
        """The address of a virtual host at each node."""
        return ";".join(node.url(vhost) for node in self.nodes)

    def start(self) -> None:
        """Start those that do not run, and wait until all are one."""
        for node in self.nodes:
            if not node.running:
                node.start()
        for node in self.nodes:
            node.rabbitmqctl("await_startup")
        self.nodes[0].rabbitmqctl("await_online_nodes", str(len(self.nodes)))

    def discard(self) -> None:
        """End all, the one that knows the others' names last."""
        for node in reversed(self.nodes):
            node.discard()


@contextmanager
def a_cluster(folder: Path) -> Iterator[RabbitCluster]:
    """A cluster that runs during the block."""
    cluster = RabbitCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.discard()
