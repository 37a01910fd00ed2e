"""Named points at which a reliability test may end the process with SIGKILL, as if the power had gone, or let it stand still.

`DELTAG_CRASH_POINT=<name>` or `<name>:<nth>` names one; `<name>:<nth>:SIGSTOP` one where the process stops until it is told to go
on. Which function `crash_point` is, is decided once, when this module is imported: one that does nothing, unless a point is
named and the environment is not production. So in production no point can be reached whatever is set, and the settings
refuse to start with one named.
"""

import os
import signal
from collections import Counter

_name, _nth, _how = [*os.environ.get("DELTAG_CRASH_POINT", "").split(":"), "", ""][:3]
_in_production = os.environ.get("DELTAG_ENVIRONMENT", "").strip() == "production"
_passed: Counter[str] = Counter()


def _armed(name: str) -> None:
    """End or stop the process here, the n-th time that it comes by."""
    if name == _name:
        _passed[name] += 1
        if _passed[name] == int(_nth or 1):
            os.kill(os.getpid(), signal.Signals[_how or "SIGKILL"])


def _disarmed(_name: str) -> None:
    """Nothing: this is no test, or it is production."""


crash_point = _armed if _name and not _in_production else _disarmed
