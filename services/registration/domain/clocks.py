"""Whether a moment that another system names has come: its clock may be a little ahead of ours."""

from datetime import datetime, timedelta
from typing import Final

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours."""


def has_come(moment: datetime, now: datetime) -> bool:
    """Whether it is no later than clocks may differ; both are aware."""
    return moment <= now + CLOCKS_DIFFER
