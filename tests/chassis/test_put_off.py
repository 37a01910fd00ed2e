"""A request that came before what it follows is put off, and answered at last, whatever comes."""

import sqlalchemy as sa

from services.chassis.auditor import Auditor
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event, parked, try_again
from tests.chassis.tiny import ASKED, SERVICE, effects

REQUESTS = SERVICE.listens[1]
TOO_SOON = event(ASKED, {"number": 1, "trouble": "too soon"}, id="r-1", subject="a")


def waiting(context: Context) -> list[tuple[str, str, int]]:
    """What was put aside: how, why, and how often it was tried."""
    with context.work() as work:
        return [
            (row.kind, row.slug, row.attempts) for row in work.connection.execute(sa.text("select * from chassis.deferred order by id"))
        ]


def test_what_came_too_soon_waits_and_holds_up_nobody(context: Context) -> None:
    """Its neighbours are taken in the same transaction, it is tried again, and the books agree all the while."""
    intake = deliver_raw(context, REQUESTS, [TOO_SOON, event(ASKED, {"number": 2}, id="r-2", subject="b")])
    assert (effects(context), waiting(context)) == ([("b", 2)], [("retry", "put-off", 1)])
    assert Auditor(context, [intake]).audit(intake).difference == 0


def test_who_has_waited_long_enough_is_answered(context: Context) -> None:
    """After as many tries as a failing message gets its handler must do without what it waited for; nothing is parked."""
    intake = deliver_raw(context, REQUESTS, [TOO_SOON])
    tries = 1
    while try_again(context, REQUESTS):
        tries += 1
    assert (tries, effects(context), waiting(context), parked(context)) == (context.settings.retry_attempts, [("a", 1)], [], [])
    assert Auditor(context, [intake]).audit(intake).difference == 0


def test_it_may_be_sent_again_while_it_waits(context: Context) -> None:
    """A repetition waits with it, as one; afterwards it is a duplicate, as ever."""
    for _ in range(3):
        intake = deliver_raw(context, REQUESTS, [TOO_SOON, TOO_SOON])
    assert waiting(context) == [("retry", "put-off", 1)]
    while try_again(context, REQUESTS):
        pass
    deliver_raw(context, REQUESTS, [TOO_SOON])
    assert (effects(context), waiting(context)) == ([("a", 1)], [])
    assert Auditor(context, [intake]).audit(intake).difference == 0
