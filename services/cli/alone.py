"""The process of one service: `deltag run` becomes it, so that what a command line needs is not held for as long as a service runs.

    python -m services.cli.alone SERVICE [http | bus]

Typer, and what it checks words with, are 17 MB of a process. They are gone; the process keeps its number, and its signals.
"""

import sys

from services.cli.main import importing


def main(name: str, only: str | None = None) -> None:
    """Run the service until SIGTERM; the status is 1 when its drain took too long.

    So it is, with a sentence, when it cannot begin: no such service, or a setting that is missing or wrong.
    """
    with importing(serving=True):
        from services.chassis.errors import DeltagError  # noqa: PLC0415 - after the patch
        from services.cli.places import distributed  # noqa: PLC0415 - the same
        from services.cli.serve import run_one  # noqa: PLC0415 - the same
    try:
        sys.exit(0 if run_one(distributed(name), only) else 1)
    except DeltagError as error:
        sys.exit("\n".join(f"{reason.field or reason.slug}: {reason.en}" for reason in error))


if __name__ == "__main__":
    main(*sys.argv[1:])
