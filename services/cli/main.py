"""The entry of `deltag`. A command that serves turns its blocking calls green before it imports anything that could block."""

import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

SERVING = {"up", "demo"}
"""Those that serve in this process; `deltag run` gives its place to `services.cli.alone`."""


def main() -> None:
    """Run the command line."""
    with importing(serving=bool(SERVING & set(sys.argv[1:2]))):
        from services.cli.commands import app  # noqa: PLC0415 - after the patch
    app()


@contextmanager
def importing(*, serving: bool) -> Iterator[None]:
    """While a process imports, nothing is collected: that stays, and to look through it was a seventh of the time."""
    gc.disable()
    warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")
    if serving:
        from services.chassis.hosting import green  # noqa: PLC0415 - before the rest

        green.patch()
    yield
    gc.freeze()
    gc.enable()
