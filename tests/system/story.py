"""What several stories over all four services begin with."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.chassis.http import Role
from services.chassis.service import Context, Service
from services.chassis.testing import Door, http
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.outside import with_programme
from tests.system.town_hall import TownHall


def a_hall(context_of: Callable[..., Context], folder: Path) -> TownHall:
    """All four services, with the sample programme."""
    services: dict[str, Service] = {s.name: s for s in (REGISTRATION, EVENTS, NOTIFICATIONS, REPORTING)}
    hall = TownHall({name: context_of(service) for name, service in services.items()}, folder / "mail")
    with_programme(hall.services["registration"])
    hall.carry()
    return hall


def opened(events: Context, in_days: int = 7) -> dict[str, Any]:
    """A workshop in so many days, in another house."""
    begins = events.clock() + timedelta(days=in_days)
    sessions = [{"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=2)).isoformat(), "place": "Sesam"}]
    where = {"programme": "sammen-om-boern", "district": "hedegaarden", "institution": "sesam", "kind": "workshop", "capacity": 9}
    return post(events, "/v1/activities", where | {"title": {"da": "Leg", "en": "Play"}, "sessions": sessions})


def signed_up(events: Context, activity: dict[str, Any], people: Sequence[tuple[str, str]], *, contact: str) -> dict[str, Any]:
    """These people, each with his role, sign up as one party."""
    party = [{"person_id": person_id, "role": role} for person_id, role in people]
    return post(events, f"/v1/activities/{activity['activity_id']}/signups", {"party": party, "contact_id": contact})


def post(context: Context, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a coordinator's request leads to."""
    answer = http(context).as_(Role.COORDINATOR, purpose="plan-workshop").post(path, json=body)
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def coordinator(hall: TownHall) -> Door:
    """A coordinator of the municipality, at registration's door."""
    return http(hall.services["registration"]).as_(Role.COORDINATOR, purpose="answer-enquiry")


def erased(hall: TownHall, person_id: str) -> dict[str, Any]:
    """The receipt of an erasure, as its plan says, when all have answered."""
    door = coordinator(hall)
    plan = door.get(f"/v1/people/{person_id}/erasure-plan").get_json()
    receipt = door.post("/v1/erasures", json={"person_id": person_id, "digest": plan["digest"]})
    assert receipt.status_code == 201, receipt.get_json()
    assert receipt.get_json()["awaited"] == ["events", "notifications", "reporting"]
    hall.carry()
    hall.erase()
    found: dict[str, Any] = door.get(f"/v1/erasures/{receipt.get_json()['erasure_id']}").get_json()
    return found
