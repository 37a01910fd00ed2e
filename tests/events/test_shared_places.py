"""A house that two programmes use: each opens activities there."""

from services.chassis.ids import new_id
from tests.events.builders import BIRKEGAARDEN, SAMMEN
from tests.events.town import Desk, Town, an_opening

READING = "laesning"


def test_a_second_programme_opens_in_the_same_house(town: Town, desk: Desk) -> None:
    """Once the house is told with both programmes; before that it is no house of the second one's, and it stays one of the first's."""
    town.tells("programme.loaded", new_id(), programme=READING)
    refused = desk.coordinator.post("/v1/activities", json=an_opening(programme=READING)).get_json()
    assert [error["slug"] for error in refused["errors"]] == ["institution-not-known"]
    house = {"institution": BIRKEGAARDEN.code, "district": BIRKEGAARDEN.district, "programme": SAMMEN.code}
    told = house | {"institution_id": BIRKEGAARDEN.institution_id, "programmes": [SAMMEN.code, READING]}
    town.tells("institution.registered", BIRKEGAARDEN.institution_id, **told)
    opened = [desk.activity(desk.opens(programme=code)) for code in (READING, SAMMEN.code)]
    assert [(one["programme"], one["institution"]) for one in opened] == [(READING, BIRKEGAARDEN.code), (SAMMEN.code, BIRKEGAARDEN.code)]
