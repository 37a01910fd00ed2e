"""How much is to be measured: what everybody who measures is asked for, and what he may answer."""

import sys
from dataclasses import dataclass
from typing import Any

QUEUE_TYPES = ("classic", "quorum")

Result = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """`scale` shortens or lengthens every run; at less than 1 the figures are for trying out only."""

    rounds: int = 3
    scale: float = 1.0

    def of(self, number: float) -> int:
        """That many, scaled."""
        return max(1, int(number * self.scale))


def tell(text: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
