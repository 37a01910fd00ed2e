"""The entry of `deltag`. A command that serves turns its blocking calls green before it imports anything that could block."""

import gc
import sys
import warnings

SERVING = {"up", "run", "demo"}


def main() -> None:
    """Run the command line. Nothing is collected while it imports: that stays, and to look through it was a seventh of the time."""
    gc.disable()
    warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")
    if SERVING & set(sys.argv[1:2]):
        from services.chassis.hosting import green  # noqa: PLC0415 - before the rest

        green.patch()
    from services.cli.commands import app  # noqa: PLC0415 - after the patch

    gc.freeze()
    gc.enable()
    app()
