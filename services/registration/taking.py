"""What registration does on a clock for those without an account: take what they ask for, forget what is over.

Each request is a transaction of its own, and one that fails for a reason that nobody foresaw is put before a person: it
holds up nobody else.
"""

import structlog

from services.chassis.database import is_collision
from services.chassis.errors import TryLater, Unavailable
from services.chassis.service import Context
from services.registration.handlers import sign_ups

AT_ONCE = 50
"""How many are taken before the clock is looked at again."""

log = structlog.get_logger(__name__)


def take_sign_ups(context: Context) -> None:
    """Take what applicants ask for; the timer `sign-ups`."""
    with context.work() as work:
        received = work.sign_up_requests.received(AT_ONCE)
        if len(received) == AT_ONCE:
            work.wake("sign-ups")
    for sign_up_request_id in received:
        _take(sign_up_request_id, context)


def forget_sign_ups(context: Context) -> None:
    """Forget links, codes and sessions that are over; the timer `forget-sign-ups`."""
    with context.work() as work:
        sign_ups.forget(work)


def _take(sign_up_request_id: str, context: Context) -> None:
    """Raises `Unavailable` and `TryLater`: then the clock comes again. A collision with another transaction waits for it too."""
    try:
        with context.work() as work:
            sign_ups.take_received(sign_up_request_id, work)
    except (TryLater, Unavailable):
        raise
    except Exception as error:  # noqa: BLE001 - one request's surprise must not stop the others
        if is_collision(error):
            return
        # Its type alone: the text may quote somebody.
        log.warning("sign_up.surprise", sign_up_request_id=sign_up_request_id, error=type(error).__name__)
        with context.work() as work:
            sign_ups.set_aside(sign_up_request_id, work)
