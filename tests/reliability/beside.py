"""Work that goes on beside a test, and whose failure is the test's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def beside(work: Callable[[Event], object]) -> Iterator[None]:
    """During the block `work(stop)` runs on a thread of its own; at the end it is told to stop, and waited for.

    When it failed, so does the block: it is the cause of whatever else went wrong.
    """
    stop, failures = Event(), list[BaseException]()

    def run() -> None:
        try:
            work(stop)
        except BaseException as failure:  # noqa: BLE001 - raised again by whoever waits
            failures.append(failure)

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    except BaseException as broken:
        _end(thread, stop)
        if failures:
            raise failures[0] from broken
        raise
    _end(thread, stop)
    if failures:
        raise failures[0]


def _end(thread: Thread, stop: Event) -> None:
    stop.set()
    thread.join()
