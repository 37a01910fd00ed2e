"""The tiny service in a process of its own, and ways to talk to it over RabbitMQ."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from services.chassis.bus import Delivery, Queue, Topology
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from services.chassis.service import EVENTS, REQUESTS
from services.chassis.testing import event
from tests.chassis.tiny import ASKED, SERVICE


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


def say_running() -> None:
    """Tell the test that it may begin."""
    sys.stdout.write("running\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until SIGTERM."""
    from services.chassis.consumer import topology  # noqa: PLC0415 - after the patch
    from services.chassis.hosting.host import host  # noqa: PLC0415 - after the patch
    from services.chassis.runtime import Running, utc_now  # noqa: PLC0415
    from services.chassis.service import Context  # noqa: PLC0415
    from services.chassis.storage import Database  # noqa: PLC0415
    from tests.settings import settings_for  # noqa: PLC0415

    url = os.environ["TINY_DATABASE"]
    settings = settings_for("tiny", database_url=url, data_dir=Path(os.environ["TINY_DATA"]))
    bus = RabbitBus(os.environ["TINY_BUS"])
    bus.declare(topology(SERVICE.listens))
    running = Running(Context(SERVICE, settings, Database(url), None, utc_now), bus)
    drained = host([running], {}, drain_s=settings.drain_s, started=say_running)
    raise SystemExit(0 if drained else 1)


if __name__ == "__main__":
    from services.chassis.hosting.green import patch

    patch()
    main()
