"""eventlet's hub, which forgets nobody for want of memory.

To wake a green thread takes memory, and to begin one takes more. When there is none, eventlet drops the wake-up, or the
thread, and with a socket's the socket; who waited for it then waits for ever, in a process that seems well. Here both
are tried again a little later.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from eventlet.greenthread import GreenThread
from eventlet.hubs import epolls
from eventlet.support.greenlets import greenlet

AGAIN_S = 0.1

is_available = epolls.is_available


class Hub(epolls.Hub):  # type: ignore[misc]  # eventlet has no type for it
    """The hub of Linux, with patience."""

    def schedule_call_global(self, seconds: float, cb: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        """Call it then, or as soon after as there is memory."""
        return super().schedule_call_global(seconds, self._insist, cb, *args, **kw)

    def schedule_call_local(self, seconds: float, cb: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        """The same, if the green thread that asks still lives."""
        return super().schedule_call_local(seconds, self._insist, cb, *args, **kw)

    def squelch_exception(self, fileno: int, exc_info: Any) -> None:
        """Whoever waits for this file is woken at the next turn, since it is still ready."""
        if exc_info[0] is MemoryError:
            _say()
        else:
            super().squelch_exception(fileno, exc_info)

    def _insist(self, cb: Callable[..., Any], *args: Any, **kw: Any) -> None:
        try:
            cb(*args, **kw)
        except MemoryError:
            super().schedule_call_global(AGAIN_S, self._insist, self._once_more(cb), *args, **kw)
            _say()

    def _once_more(self, cb: Callable[..., Any]) -> Callable[..., Any]:
        thread = getattr(cb, "__self__", None)
        return partial(self._begin, thread) if isinstance(thread, GreenThread) and thread.dead else cb

    def _begin(self, thread: Any, *args: Any) -> None:
        """What died before it began cannot be woken: another does its work. What has ended has said how."""
        if not thread._exit_event.ready():  # noqa: SLF001 - eventlet has no public seam for it
            greenlet(thread.main, self.greenlet).switch(*args)


def _say() -> None:
    """One line, which takes no memory to speak of."""
    sys.stderr.write('{"event": "hub.short", "reason": "MemoryError", "level": "warning"}\n')
