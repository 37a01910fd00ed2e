"""Who is at the door, and who waits for them."""

from threading import Event, Thread

from werkzeug.test import create_environ

from services.chassis.callers import CALLERS, Callers
from services.chassis.http import wsgi
from services.chassis.service import Context


def test_long_work_waits_until_nobody_is_at_the_door() -> None:
    """It goes on when the last caller has his answer, and before that no sooner than it said."""
    callers, gone_on = Callers(), Event()

    def wait() -> None:
        if callers.go_first(30):
            gone_on.set()

    patient = Thread(target=wait)
    with callers.one_more():
        assert not callers.go_first(0)
        with callers.one_more():
            patient.start()
        assert not gone_on.is_set()
    patient.join(30)
    assert gone_on.is_set()


def test_a_caller_is_at_the_door_until_he_is_answered(context: Context) -> None:
    """While his answer begins he is still counted, whatever it says; after it he is not."""
    alone = []

    def begin(_status: str, _headers: object) -> None:
        alone.append(CALLERS.go_first(0))

    wsgi(context)(create_environ("/nowhere"), begin)
    assert [*alone, CALLERS.go_first(0)] == [False, True]
