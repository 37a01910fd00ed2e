"""Chance that can be had again, and how often a fault is repeated: both by the environment."""

import os
from secrets import randbits


def seed() -> int:
    """The seed of this run, printed; DELTAG_FAULT_SEED gives the same one again."""
    chosen = int(os.environ.get("DELTAG_FAULT_SEED") or randbits(32))
    print(f"DELTAG_FAULT_SEED={chosen} makes this run again")  # noqa: T201 - it is wanted when the run fails
    return chosen


def rounds(usual: int) -> int:
    """How often a scenario repeats its fault: as DELTAG_FAULT_ROUNDS says, or as often as there is time for in every run."""
    return int(os.environ.get("DELTAG_FAULT_ROUNDS") or usual)


def many(variable: str, usual: int) -> int:
    """How many a thorough run takes: as the variable of the environment says, or as many as are usual."""
    return int(os.environ.get(variable) or usual)
