"""The entry of `deltag`. A command that serves turns its blocking calls green before it imports anything that could block."""

import sys
import warnings

SERVING = {"up", "run", "demo"}


def main() -> None:
    """Run the command line."""
    warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")
    if SERVING & set(sys.argv[1:2]):
        from services.chassis.hosting import green  # noqa: PLC0415 - before the rest

        green.patch()
    from services.cli.commands import app  # noqa: PLC0415 - after the patch

    app()
