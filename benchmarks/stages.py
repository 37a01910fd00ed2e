"""`deltag up` step by step: the same calls in the same order, and the time at which each was done, written into a file.

`python -m benchmarks.stages FILE`; the times are the machine's monotonic clock, which all its processes share.
"""

# ruff: noqa: E402 - as in `deltag up`, what could block is imported after the patch

import gc
import json
import sys
from pathlib import Path
from time import monotonic

BEGUN = monotonic()
gc.disable()

from services.chassis.hosting import green

green.patch()

from services.cli import (
    commands,  # noqa: F401 - what the command line imports belongs to the start
    serve,
)
from services.cli.places import NAMES, data_dir, embedded

gc.freeze()
gc.enable()


def main(file: Path) -> bool:
    """Serve until told to stop."""
    done = {"python": BEGUN, "imports": monotonic()}
    with embedded(data_dir()) as place:
        done["database"] = monotonic()
        for name in NAMES:
            place.context(name)
        done["services"] = monotonic()
        place.prepare()
        done["preparation"] = monotonic()
        return serve.serve(place, started=lambda: _tell(file, done | {"doors": monotonic()}))


def _tell(file: Path, done: dict[str, float]) -> None:
    file.write_text(json.dumps(done))


if __name__ == "__main__":
    sys.exit(0 if main(Path(sys.argv[1])) else 1)
