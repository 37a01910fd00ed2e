"""How long each step of a child's journey may take, from `journey.toml`."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from services.registration.domain.journey import Expectation
from services.registration.domain.life import Status, Step

_FILE: Final = tomllib.loads((Path(__file__).parent / "journey.toml").read_text("utf-8"))

EXPECTATIONS: Final[Mapping[Status, Expectation]] = {
    Status(stage): Expectation(Step(row["step"]), timedelta(days=row["within_days"]) if "within_days" in row else None)
    for stage, row in _FILE.items()
}
"""What is expected next, by the stage that an enrolment is in."""
