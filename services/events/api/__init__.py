"""The HTTP door, a file a subject. Whoever imports it has all of its routes."""

from services.events.api import (
    activities,
    attendance,
    bookings,
    calendars,
    changes,
    codes,
    courses,
    draws,
    explanations,
    holds,
    needs,
    offers,
    papers,
    quotas,
    re_offers,
    signups,
    surveys,
)
from services.events.api.door import api

__all__ = [
    "activities",
    "api",
    "attendance",
    "bookings",
    "calendars",
    "changes",
    "codes",
    "courses",
    "draws",
    "explanations",
    "holds",
    "needs",
    "offers",
    "papers",
    "quotas",
    "re_offers",
    "signups",
    "surveys",
]
