"""What a service knows before the fuzz begins: the sample programme, or what the good examples tell."""

from operator import itemgetter

from services.chassis.contracts import by_type, example
from services.chassis.files import programmes
from services.chassis.service import Context, Service
from services.chassis.testing import deliver
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.handlers.programmes import load_programme
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING

SERVICES: tuple[Service, ...] = (REGISTRATION, EVENTS, NOTIFICATIONS, REPORTING)


def tell(context: Context) -> Context:
    """The same service, no longer new."""
    if context.service is REGISTRATION:
        with context.work() as work:
            load_programme(programmes() / "sammen-om-boern", work)
        return context
    facts = [example(by_type()[type_]) for listen in context.service.listens for type_ in listen.reads]
    for fact in sorted(facts, key=itemgetter("time", "sequence")):
        deliver(context, fact["type"], fact["data"], subject=fact["subject"], sequence=int(fact["sequence"]))
    return context
