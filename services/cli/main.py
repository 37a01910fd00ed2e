"""The entry of `deltag`. A command that serves turns its blocking calls green before it imports anything that could block."""

import sys
import warnings

SERVING = {"up", "run", "demo"}


def main() -> None:
    """Run the command line."""
    warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated", category=DeprecationWarning)
    if SERVING & set(sys.argv[1:2]):
        from services.chassis import hosting  # noqa: PLC0415 - before the rest

        hosting.patch()
    from services.cli.commands import app  # noqa: PLC0415 - after the patch

    app()
