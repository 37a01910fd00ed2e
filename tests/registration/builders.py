"""People and requests for the tests: Asta from Hedegården and those around her. Everybody is invented.

CPR numbers are replacement numbers (the day is 60 higher), which no person has.
"""

from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

PROGRAMME = Path(__file__).parents[2] / "programmes" / "sammen-om-boern"
SENDER = "https://daycare-administration.example"
REQUESTED = "enrolment.requested.v1"
WITHDRAWAL = "enrolment.withdrawal-requested.v1"

_serials = cycle(range(5000, 10_000))
"""A number has four digits of them, and a run of all tests uses more. No test writes one of these out."""


def a_number(birth_date: str = "2022-05-14", serial: int | None = None) -> str:
    """A replacement number for somebody born that day; another one each time in a test, unless `serial` says which."""
    born = date.fromisoformat(birth_date)
    return f"{born.day + 60:02d}{born:%m%y}-{next(_serials) if serial is None else serial:04d}"


def a_guardian(**details: Any) -> dict[str, Any]:
    """Mona, who has custody and reads Danish; she gave no CPR number."""
    mona = {"given_name": "Mona", "family_name": "Prøvesen", "email": "mona@example.org", "language": "da", "custody": True}
    return mona | details


def a_consent(**details: Any) -> dict[str, Any]:
    """The first guardian's consent to take part."""
    consent = {"purpose": "take-part", "given": True, "guardian": 0, "text_version": "2024-1", "language": "da", "channel": "web"}
    return consent | {"given_at": "2024-01-15T09:12:44+01:00"} | details


def a_request(*, birth_date: str = "2022-05-14", cpr_number: str | None = None, **details: Any) -> dict[str, Any]:
    """Asta, aged one, is to start on track A in Birkegården on 1 March 2024. A detail that is None is left out."""
    child = {"birth_date": birth_date, "cpr_number": cpr_number or a_number(birth_date), "given_name": "Asta", "family_name": "Prøvesen"}
    request = {
        "programme": "sammen-om-boern",
        "track": "A",
        "institution": "151001",
        "start_date": "2024-03-01",
        "child": child,
        "guardians": [a_guardian()],
        "consent": a_consent(),
    }
    return {name: value for name, value in (request | details).items() if value is not None}
