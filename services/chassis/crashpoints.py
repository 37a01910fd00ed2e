"""Named points at which a reliability test may end the process with SIGKILL, as if the power had gone.

`DELTAG_CRASH_POINT=<name>` or `<name>:<nth>` names one; a production environment refuses to start with it set.
Unset (always, outside tests), `crash_point` is a function that does nothing.
"""

import os
import signal
from collections import Counter

_name, _, _nth = os.environ.get("DELTAG_CRASH_POINT", "").partition(":")
_passed: Counter[str] = Counter()


def _armed(name: str) -> None:
    """End the process here, the n-th time that it comes by."""
    if name == _name:
        _passed[name] += 1
        if _passed[name] >= int(_nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)


def _disarmed(_name: str) -> None:
    """Nothing: this is not a test."""


crash_point = _armed if _name else _disarmed
