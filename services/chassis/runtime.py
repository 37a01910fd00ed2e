"""One service, put together: who gets what, in one place. A host runs its loops and mounts its door.

Each queue has a consumer and a sweeper; a relay, woken by commits here and elsewhere, takes the outbox to the bus;
timers do the service's own work on a clock, and the auditor's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from services.chassis.auditor import Auditor
from services.chassis.bus import Bus
from services.chassis.consumer import Consumer
from services.chassis.database import Database
from services.chassis.http import idempotency
from services.chassis.instruments import observe_job
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop, Wake
from services.chassis.loops import Pauses, persist
from services.chassis.relay import Listener, Relay
from services.chassis.service import Context, Service, Timer
from services.chassis.settings import Settings
from services.chassis.sweeper import Sweeper


@dataclass(frozen=True)
class Loop:
    """Something that runs until the stop."""

    name: str
    run: Callable[[], None]


def context_for(service: Service, settings: Settings) -> Context:
    """A service's context, with its database and its resources, and nothing running."""
    database = Database(partial(settings.present, "database_url"), application=f"deltag {service.name}", lock_s=settings.lock_s)
    return Context(service, settings, database, service.resources(settings), utc_now)


def utc_now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)


class Running:
    """A service with everything that works in the background; `loops` are for the host to run.

    It stops in two steps: `closing` ends the consumers, and when what they had in hand is committed, `stop` ends the
    rest, the relay last of all.
    """

    def __init__(self, context: Context, bus: Bus) -> None:
        self.context = context
        self.closing = Stop()
        self.stop = Stop()
        self.intakes = [Intake(context, listen, self.closing) for listen in context.service.listens]
        self.consumers = [Consumer(intake, bus, self.closing) for intake in self.intakes]
        self.sweepers = [Sweeper(intake, self.closing) for intake in self.intakes]
        self.relay = Relay(context, bus, self.stop)
        self.auditor = Auditor(context, self.intakes)
        self.stop.also(self.closing.set)

    def loops(self) -> Iterator[Loop]:
        """All but the consumers, which a host may give workers of its own."""
        for sweeper in self.sweepers:
            yield Loop(f"sweeper {sweeper.intake.consumer}", sweeper.run)
        yield Loop("relay", self.relay.run)
        yield Loop("listener", Listener(self.context, self.relay.wake, self.stop).run)
        for timer in (*self.context.service.timers, *self._own_timers()):
            yield Loop(f"timer {timer.name}", self._on_a_clock(timer))

    def _own_timers(self) -> Iterator[Timer]:
        yield Timer("auditor", self.auditor.EVERY_S, self.auditor.run)
        yield Timer("idempotency", idempotency.SWEEP_EVERY_S, idempotency.forget_expired)

    def troubles(self) -> dict[str, str]:
        """What keeps the service from the bus, by name; empty texts when all is well."""
        consumers = {f"queue {consumer.intake.consumer}": consumer.trouble for consumer in self.consumers}
        return consumers | {"relay": self.relay.trouble}

    def outages(self) -> dict[str, str]:
        """What keeps it from handling what comes, by name; empty texts when all is well."""
        return {f"handling {intake.consumer}": intake.outage.trouble for intake in self.intakes}

    def _on_a_clock(self, timer: Timer) -> Callable[[], None]:
        wake = Wake()
        self.context.wakers[timer.name] = wake
        self.stop.also(wake)
        return partial(persist, partial(self._tick, timer, wake), self.stop, lambda _trouble: None, loop="timer", timer=timer.name)

    def _tick(self, timer: Timer, wake: Wake, pauses: Pauses) -> None:
        timer.run(self.context)
        observe_job(self.context.service.name, timer.name)
        pauses.reset()
        if not self.stop.is_set():
            wake.wait(timer.every)
