"""The hub where there is no memory to wake somebody."""

from collections.abc import Iterator
from socket import socket
from typing import Any

import pytest
from eventlet.greenthread import GreenThread
from eventlet.support.greenlets import GreenletExit, getcurrent

from services.chassis.hosting.hub import Hub


class Starved(GreenThread):  # type: ignore[misc]  # eventlet has no type for it
    """A green thread for which there is no memory when it is to begin."""

    def switch(self, *_: Any) -> None:
        """Die, as the interpreter lets it."""
        self.throw(GreenletExit)
        raise MemoryError


@pytest.fixture
def hub() -> Iterator[Any]:
    """A hub that a test turns by hand, so that whoever ends comes back to it."""
    hub = Hub()
    hub.greenlet = getcurrent()
    yield hub
    hub.poll.close()


def turn(hub: Any) -> None:
    """Call whoever is due in the next second."""
    hub.prepare_timers()
    hub.fire_timers(hub.clock() + 1)


def test_a_wake_up_is_repeated(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Whom there was no memory to wake is woken later, once, and the log says so."""
    woken: list[str] = []

    def wake(name: str) -> None:
        woken.append(name)
        if len(woken) == 1:
            raise MemoryError

    hub.schedule_call_global(0, wake, "anna")
    for _ in range(3):
        turn(hub)
    assert woken == ["anna", "anna"]
    assert "hub.short" in capsys.readouterr().err


def test_a_thread_that_could_not_begin_begins_later(hub: Any) -> None:
    """What a green thread was to do is done, and whoever waits for its end hears of it."""
    thread, done, ended = Starved(hub.greenlet), list[str](), list[Any]()
    thread.link(ended.append)
    hub.schedule_call_global(0, thread.switch, done.append, ("handled",), {})
    for _ in range(3):
        turn(hub)
    assert done == ["handled"]
    assert ended == [thread]


def test_a_thread_that_ended_is_not_repeated(hub: Any) -> None:
    """A green thread that ran out of memory at its work has ended, and said so."""
    tried: list[str] = []

    def work() -> None:
        tried.append("once")
        raise MemoryError

    thread = GreenThread(hub.greenlet)
    hub.schedule_call_global(0, thread.switch, work, (), {})
    for _ in range(3):
        turn(hub)
    assert tried == ["once"]
    with pytest.raises(MemoryError):
        thread.wait()


@pytest.mark.parametrize(("error", "left"), [(MemoryError, True), (ValueError, False)])
def test_a_file_stays_when_its_reader_cannot_be_woken(hub: Any, error: type[Exception], *, left: bool) -> None:
    """A socket is forgotten when its reader fails, but not when he could only not be woken for want of memory."""
    with socket() as file:
        hub.add(hub.READ, file.fileno(), print, print, print)
        hub.squelch_exception(file.fileno(), (error, error(), None))
        assert (file.fileno() in hub.listeners[hub.READ]) is left
