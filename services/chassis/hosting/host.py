"""Each service becomes a nameko service: its queues are entrypoints, its loops a dependency.

nameko gives the container, the workers and the lifecycle. The loops themselves are written on `threading` and run on
plain threads in tests, so another host can take nameko's place.
"""

import errno
import gc
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import eventlet
import eventlet.wsgi
import structlog
from eventlet.event import Event
from eventlet.support.greenlets import GreenletExit
from eventlet.timeout import Timeout
from nameko.containers import ServiceContainer, WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint
from nameko.runners import ServiceRunner

from services.chassis.bus import Delivery
from services.chassis.consumer import Consumer
from services.chassis.errors import Conflict, Unavailable
from services.chassis.hosting.waiting import in_a_loop
from services.chassis.runtime import Running
from services.chassis.setting_rules import Address

log = structlog.get_logger(__name__)

Wsgi = Callable[..., Any]

SHORT_S = 0.5
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""What the machine has too little of at the moment: files, or memory."""


class QueueDoor(Entrypoint):
    """A queue as a nameko entrypoint: every batch is handled by one worker, which holds the service's dependencies."""

    def __init__(self, consumer: Consumer, **options: Any) -> None:
        self.consumer = consumer
        consumer.process = self._in_a_worker
        super().__init__(expected_exceptions=(Unavailable,), **options)

    def start(self) -> None:
        """Begin to consume."""
        self._ended = Event()
        self.container.spawn_managed_thread(
            partial(_run_and_tell, self.consumer.run, self._ended), identifier=self.consumer.intake.consumer
        )

    def stop(self) -> None:
        """Return when what was in hand is handled and acknowledged."""
        self.consumer.stop.set()
        self._ended.wait()

    def _in_a_worker(self, deliveries: Sequence[Delivery]) -> None:
        handled = Event()
        self.container.spawn_worker(self, (deliveries,), {}, handle_result=partial(_hand_over, handled))
        handled.wait()


class Background(DependencyProvider):
    """Runs a service's loops for as long as its container lives, and hands workers the running service."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._ended: list[Event] = []
        super().__init__()

    def start(self) -> None:
        """Begin all loops."""
        for loop in self.running.loops():
            ended = Event()
            self._ended.append(ended)
            self.container.spawn_managed_thread(partial(_run_and_tell, loop.run, ended), identifier=loop.name)

    def stop(self) -> None:
        """Return when all have ended; the relay has then published what was committed."""
        self.running.stop.set()
        for ended in self._ended:
            ended.wait()

    def get_dependency(self, _worker: WorkerContext) -> Running:
        """What a worker gets."""
        return self.running


def nameko_service(running: Running) -> type:
    """The nameko service class of one of our services."""
    service = running.context.service
    doors = {f"take_{n}": _queue_door(consumer) for n, consumer in enumerate(running.consumers)}
    return type(f"{service.name.title()}Service", (), {"name": service.name, "background": Background(running), **doors})


def _queue_door(consumer: Consumer) -> Callable[..., None]:
    def take(_service: Any, deliveries: Sequence[Delivery]) -> None:
        in_a_loop()
        consumer.intake.settle(deliveries)

    return QueueDoor.decorator(consumer)(take)  # type: ignore[no-any-return]


def host(runnings: Sequence[Running], doors: Mapping[Address, Wsgi], *, drain_s: float, started: Callable[[], None] = lambda: None) -> bool:
    """Run services and HTTP doors until SIGTERM or SIGINT, then drain; False when that took longer than `drain_s` seconds.

    Also False when a service dies meanwhile: the others are drained, and whoever supervises the process starts it again.
    `started` is called when the doors listen and the loops run.
    """
    asked = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: eventlet.spawn_n(_send_once, asked, in_order=True))
    servers = [_serve(address, wsgi) for address, wsgi in doors.items()]
    runner = ServiceRunner(config={"max_workers": 16})
    for running in runnings:
        runner.add_service(nameko_service(running))
    gc.freeze()  # what is there now stays: to look through it again and again made a fifth of what Python costs for a message
    runner.start()
    for container in runner.containers:
        eventlet.spawn_n(_tell_of_death, container, asked)
    eventlet.spawn_n(started)
    in_order = bool(asked.wait())
    try:
        with Timeout(drain_s):
            _close(servers, within=drain_s / 2)
            runner.stop()
    except Timeout:
        return False
    return in_order


def _tell_of_death(container: ServiceContainer, asked: Event) -> None:
    """Where one thread of a service fails, nameko ends them all: nothing of it works any more, and nothing of it says so."""
    try:
        container.wait()
    except Exception as error:  # noqa: BLE001 - whatever it died of
        log.critical("host.service-died", died=container.service_name, reason=type(error).__name__)
        _send_once(asked, in_order=False)


def _serve(address: Address, wsgi: Wsgi) -> Any:
    listener = _listener(address)
    return eventlet.spawn(eventlet.wsgi.server, listener, wsgi, log_output=False, keepalive=30, socket_timeout=60, debug=False)


def _close(servers: Sequence[Any], *, within: float) -> None:
    """Let nobody in any more, and wait until everybody who is in has his answer, or until the time is up."""
    for server in servers:
        server.kill()
    with Timeout(within, exception=False):
        for server in servers:
            with suppress(GreenletExit):
                server.wait()


def _listener(address: Address) -> Any:
    """The port, for this process alone: if two shared it, each would get some of the callers. Raises `Conflict` when it is taken."""
    try:
        listener = eventlet.listen((address.host, address.port), backlog=500, reuse_port=False)
    except OSError as error:
        text = f"cannot be listened on ({error.strerror}). Stop what uses it, or choose another address."
        raise Conflict("address-taken", field=str(address), da=text, en=text) from None
    listener.accept = partial(_accepted, listener.accept)
    return listener


def _accepted(accept: Callable[[], Any]) -> Any:
    """The next caller. eventlet closes the door for good when there is no file descriptor left for one; here he waits."""
    while True:
        try:
            return accept()
        except OSError as error:
            if error.errno not in _SHORT:
                raise
            log.warning("http.short", reason=error.strerror)
            eventlet.sleep(SHORT_S)


def _send_once(event: Event, *, in_order: bool) -> None:
    if not event.ready():
        event.send(in_order)


def _run_and_tell(run: Callable[[], None], ended: Event) -> None:
    in_a_loop()
    try:
        run()
    finally:
        ended.send()


def _hand_over(handled: Event, _worker: WorkerContext, result: Any, exc_info: Any) -> tuple[Any, Any]:
    """Give a worker's result, or its exception, to the loop that waits for it."""
    if exc_info:
        handled.send_exception(*exc_info)
    else:
        handled.send(result)
    return result, exc_info
