"""Ways to talk to the tiny service over RabbitMQ."""

from collections.abc import Callable, Sequence

from services.chassis.bus import Delivery, Queue, Topology
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from services.chassis.service import EVENTS, REQUESTS
from services.chassis.testing import event
from tests.chassis.tiny import ASKED


def ask(bus_url: str, ids: Sequence[str]) -> None:
    """Publish requests, as another system would."""
    publisher = RabbitBus(bus_url).publisher()
    assert not publisher.publish([Outgoing(id_, REQUESTS, ASKED, event(ASKED, {"number": 1}, id=id_)) for id_ in ids])
    publisher.close()


def listen_in(bus_url: str) -> Callable[[int], Sequence[Delivery]]:
    """Hear everything that the service tells from now on."""
    bus = RabbitBus(bus_url)
    bus.declare(Topology([EVENTS], [Queue("listening-in", EVENTS, ["tiny.#"])]))
    subscription = bus.subscribe("listening-in", 100)

    def heard(count: int) -> Sequence[Delivery]:
        found: list[Delivery] = []
        while len(found) < count:
            got = subscription.receive(count, 20)
            assert got, "nothing more was told"
            found += got
        subscription.close()
        return found

    return heard
