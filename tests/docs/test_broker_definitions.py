"""The broker's definitions, on a real RabbitMQ: every user can do his own work, and nothing else."""

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from scripts.broker_definitions import ANSWERS, INTEGRATOR, SERVICES, VHOST, definitions, services, user_of, users
from services.chassis.bus import Queue, Topology
from services.chassis.bus.rabbit import RabbitBus
from services.chassis.envelope import Outgoing
from services.chassis.errors import DeltagError
from services.chassis.replay import LOG
from services.chassis.service import EVENTS, PERSONAL, REQUESTS, Service
from services.chassis.topology import EXCHANGES, topology
from tests.docs.pages import ROOT
from tests.servers.rabbit import RabbitNode

FILE = ROOT / "deploy" / "rabbitmq" / "definitions.json"
PASSWORD = "made for one test"
MESSAGES = {
    (REQUESTS, "enrolment.requested.v1"): INTEGRATOR,
    (EVENTS, "registration.enrolment.accepted.v1"): user_of("registration"),
    (PERSONAL, "registration.contact.sealed.v1"): user_of("registration"),
    (EVENTS, "events.signup.seated.v1"): user_of("events"),
    (EVENTS, "notifications.mail.sent.v1"): user_of("notifications"),
    (EVENTS, "reporting.figures.erased.v1"): user_of("reporting"),
}
"""One message of every kind, and who alone may publish it."""

every_service = pytest.mark.parametrize("service", services(), ids=SERVICES)
every_user = pytest.mark.parametrize("user", users())


@pytest.fixture(scope="module")
def broker(rabbit_node: RabbitNode) -> Iterator[RabbitNode]:
    """A broker set up as deploy/README.md says."""
    if not rabbit_node.running:
        rabbit_node.start()
    for user in users():
        rabbit_node.rabbitmqctl("add_user", user, PASSWORD)
    imported(rabbit_node)
    yield rabbit_node
    rabbit_node.rabbitmqctl("delete_vhost", VHOST)
    for user in users():
        rabbit_node.rabbitmqctl("delete_user", user)


def test_no_secret_is_in_the_file() -> None:
    """The file has neither users nor passwords, and is what the code makes of it."""
    assert json.loads(FILE.read_text()) == definitions()
    assert "users" not in definitions()
    assert "password" not in FILE.read_text()


def test_everything_is_there(broker: RabbitNode) -> None:
    """All exchanges, queues and the log are there after the import, before any service has started."""
    queues = dict(line.split("\t") for line in broker.rabbitmqctl("--quiet", "list_queues", "-p", VHOST, "name", "type").splitlines()[1:])
    assert queues == {queue.name: "quorum" for service in services() for queue in topology(service.listens).queues} | {LOG: "stream"}
    assert set(EXCHANGES) <= set(broker.rabbitmqctl("--quiet", "list_exchanges", "-p", VHOST, "name").split())


def test_an_import_may_be_repeated(broker: RabbitNode) -> None:
    """A second import changes nothing: everybody still gets in with his password."""
    imported(broker)
    for user in users():
        bus_of(broker, user).publisher().close()


@every_service
def test_a_service_can_start(broker: RabbitNode, service: Service) -> None:
    """Each service declares what it needs, consumes its queues, and looks for the exchanges as its relay does."""
    bus = bus_of(broker, user_of(service.name))
    bus.declare(topology([]))
    bus.declare(topology(service.listens))
    for listen in service.listens:
        bus.subscribe(listen.queue, prefetch=1).close()


@every_user
@pytest.mark.parametrize(("exchange", "key"), MESSAGES)
def test_only_one_may_publish(broker: RabbitNode, user: str, exchange: str, key: str) -> None:
    """A message of each kind is published by its own user, and by nobody else."""
    assert may(lambda: bus_of(broker, user).publisher().publish([message(exchange, key)])) == (MESSAGES[exchange, key] == user)


@every_user
@every_service
def test_nobody_consumes_anothers_queue(broker: RabbitNode, user: str, service: Service) -> None:
    """A service's queues are open to its own user alone."""
    for listen in service.listens:
        consume = partial(bus_of(broker, user).subscribe, listen.queue, 1)
        assert may(lambda: consume().receive(1, 0.1)) == (user == user_of(service.name))  # noqa: B023 - called at once


@every_service
def test_contact_cards_are_for_notifications_alone(broker: RabbitNode, service: Service) -> None:
    """A queue of its own does not help a service to other exchanges: only notifications can bind contact cards."""
    queue = Queue(f"{service.name}.curious", PERSONAL, ["registration.contact.#"])
    tries = may(lambda: bus_of(broker, user_of(service.name)).declare(Topology([], [queue])))
    assert tries == (service.name == "notifications")


@every_user
def test_the_log_is_for_those_who_listen_to_facts(broker: RabbitNode, user: str) -> None:
    """Who listens to facts can read the log, to catch up: every service, and nobody else."""
    reads = may(lambda: list(bus_of(broker, user).read_log(LOG, idle=0.1)))
    assert reads == (user != INTEGRATOR)


def test_an_integrator_has_his_answers_and_no_more(broker: RabbitNode) -> None:
    """He makes, reads and so gets his answers, which registration sends to him; another queue he cannot make."""
    bus = bus_of(broker, INTEGRATOR)
    bus.declare(Topology([], [Queue(ANSWERS)]))
    assert bus_of(broker, user_of("registration")).publisher().publish([message("", ANSWERS)]) == []
    assert len(bus.subscribe(ANSWERS, 1).receive(1, 5.0)) == 1
    assert not may(lambda: bus.declare(Topology([], [Queue("answers.somebody-else")])))
    assert not may(lambda: bus.declare(Topology([], [Queue(ANSWERS, EVENTS, ["#"])])))


@every_user
def test_nobody_makes_exchanges(broker: RabbitNode, user: str) -> None:
    """The exchanges are the administrator's."""
    assert not may(lambda: bus_of(broker, user).declare(Topology(["deltag.mine"])))


def imported(node: RabbitNode) -> None:
    """Import the file, from a folder that the node can see wherever it runs."""
    copy = node.folder / FILE.name
    copy.write_text(FILE.read_text())
    node.rabbitmqctl("import_definitions", str(copy))


def bus_of(node: RabbitNode, user: str) -> RabbitBus:
    """The bus as this user reaches it."""
    return RabbitBus(node.url(VHOST).replace("guest:guest", f"{user}:{PASSWORD.replace(' ', '%20')}"))


def message(exchange: str, key: str) -> Outgoing:
    """A message, which nobody reads."""
    return Outgoing("1", exchange, key, b"{}", key, None, "")


def may(attempt: Callable[[], object]) -> bool:
    """Whether the broker lets it happen; a failure for any other reason is raised."""
    try:
        attempt()
    except DeltagError as error:
        if "ACCESS_REFUSED" not in str(error):
            raise
        return False
    return True
