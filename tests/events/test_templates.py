"""An activity is opened by a programme's template: times and places are enough, and what is to be otherwise may be said."""

import json
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from services.chassis.contracts import example
from services.chassis.ids import new_id
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK
from tests.events.town import Desk, Json, Town, found, reasons

DATA = example("programme.loaded/v1")["data"]


def opens(desk: Desk, template: str = "play-and-language", **details: Any) -> TestResponse:
    """The answer to opening by a template."""
    asked = {
        "programme": "sammen-om-boern",
        "district": "hedegaarden",
        "institution": BIRKEGAARDEN.code,
        "place": "Salen",
        "starts": [(NEXT_WEEK + timedelta(days=7 * week)).isoformat() for week in range(2)],
    }
    return desk.coordinator.post(f"/v1/activity-templates/{template}/activities", json=asked | details)


def test_times_and_places_are_enough(desk: Desk) -> None:
    """Kind, title, seats, terms and the sessions' length are the template's; it is a draft until it is published."""
    lab = found(opens(desk), 201)
    assert (lab["status"], lab["kind"], lab["capacity"]) == ("draft", "workshop", 20)
    assert lab["title"]["en"] == "Play and language every day"
    assert lab["windows"]["closes"] == {"days_before": 1, "at": "12:00"}
    assert [session["ends_at"][11:16] for session in lab["sessions"]] == ["11:00", "11:00"]
    assert desk.becomes(lab, "publish")["status"] == "open"


def test_otherwise(desk: Desk) -> None:
    """What is said otherwise goes before the template; the same opening again is the same activity."""
    otherwise: Json = {"activity_id": new_id(), "title": {"da": "Sang", "en": "Songs"}, "capacity": 8, "status": "open"}
    first, again = opens(desk, **otherwise), opens(desk, **otherwise)
    assert (first.status_code, again.status_code) == (201, 200)
    opened = found(first, 201)
    assert (opened["activity_id"], opened["title"]["en"], opened["capacity"], opened["status"]) == (
        otherwise["activity_id"],
        "Songs",
        8,
        "open",
    )


def test_a_template_that_is_not_there(desk: Desk) -> None:
    """It is not found, and neither is another programme's."""
    assert reasons(opens(desk, "nothing"), 404) == [("template-not-found", "")]
    listed = found(desk.coordinator.get("/v1/activity-templates?programme=sammen-om-boern"))["items"]
    assert [template["code"] for template in listed] == ["play-and-language"]


def test_a_template_with_a_mistake(town: Town, desk: Desk) -> None:
    """What the defaults have wrong is refused at its field, as if it had been asked for."""
    wrong = DATA["activity_templates"][0]
    defaults = json.dumps(json.loads(wrong["defaults"]) | {"rule": {"all": 7}})
    town.tells("programme.loaded", DATA["programme_id"], activity_templates=[wrong | {"defaults": defaults}])
    assert [field for _, field in reasons(opens(desk))] == ["/rule/all"]
