"""Moments that another system names: whether one has come, since its clock may be a little ahead of ours, and on which day it was."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DENMARK: Final = ZoneInfo("Europe/Copenhagen")
"""Whose days count."""

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours."""


def has_come(moment: datetime, now: datetime) -> bool:
    """Whether it is no later than clocks may differ; both are aware."""
    return moment <= now + CLOCKS_DIFFER


def day_of(moment: datetime) -> date:
    """The day in Denmark; the moment is aware."""
    return moment.astimezone(DENMARK).date()
