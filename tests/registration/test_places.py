"""Institutions in time, as the database keeps them and the HTTP door shows them."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from services.registration.domain.programme import Institution, Placement
from services.registration.domain.validity import Validity
from services.registration.handlers.programmes import load_programme
from services.registration.handlers.refreshing import refresh
from tests.registration.builders import REQUESTED, a_request
from tests.registration.folders import Files, with_house, write

Load = Callable[[Files], None]

MOVED = 'district = [{ code = "hedegaarden", end = 2022-12-31 }, { code = "baltorp", start = 2023-01-01 }]'


@pytest.fixture
def load(registration: Context, tmp_path: Path) -> Load:
    """`load(files)` takes them as the programme's new folder."""
    made = iter(range(1_000))

    def take(files: Files) -> None:
        with registration.work() as work:
            load_programme(write(files, tmp_path / str(next(made))), work)

    return take


def listed(door: Door, query: str) -> set[str]:
    """The codes of the institutions that a query finds."""
    return {item["institution"] for item in door.get(f"/v1/institutions?{query}").get_json()["items"]}


class TestOverHttp:
    """GET /v1/institutions and GET /v1/institutions/{id}."""

    def test_a_house_is_found_where_it_lay_that_day(self, load: Load, door: Door) -> None:
        """`on` asks for a day: before the move the house is in the one district, from then on in the other."""
        load(with_house(MOVED))
        reader = door.as_(Role.READER)
        assert "fyrtaarnet" in listed(reader, "on=2022-12-31&district=hedegaarden")
        assert "fyrtaarnet" not in listed(reader, "on=2023-01-01&district=hedegaarden")
        assert "fyrtaarnet" in listed(reader, "on=2023-01-01&district=baltorp")
        [then] = [i for i in reader.get("/v1/institutions?on=2022-01-01").get_json()["items"] if i["institution"] == "fyrtaarnet"]
        assert then["district"] == "hedegaarden"

    def test_without_a_day_today_is_meant(self, load: Load, door: Door) -> None:
        """What has closed is not listed today, and is on its last day."""
        load(with_house(f"closed = 2024-05-31\n{MOVED}"))
        assert "fyrtaarnet" not in listed(door.as_(Role.READER), "district=baltorp")
        assert "fyrtaarnet" in listed(door.as_(Role.READER), "on=2024-05-31")

    def test_an_institution_tells_its_history(self, load: Load, door: Door) -> None:
        """One that has closed can still be looked up, with what became of it; the other says what was merged into it."""
        load(with_house(f'closed = 2024-05-31\nsuccessor = "globen"\np_number = "0000151002"\n{MOVED}'))
        reader = door.as_(Role.READER)
        house = reader.get("/v1/institutions/018d0c3d-e740-7c40-8f2e-3d9a51c7e299").get_json()
        assert (house["existence"]["end"], house["successor"], house["district"]) == ("2024-05-31", "globen", "baltorp")
        assert [placement["district"] for placement in house["placements"]] == ["hedegaarden", "baltorp"]
        assert house["placements"][1] == {"district": "baltorp", "start": "2023-01-01", "end": "2024-05-31"}
        assert reader.get("/v1/institutions/018d0c3d-e740-7c40-8f2e-3d9a51c7e203").get_json()["predecessors"] == ["fyrtaarnet"]

    def test_what_is_not_there_is_not_found(self, door: Door) -> None:
        """An unknown institution and an unknown programme are a 404 that says so; a day that is none is refused."""
        reader = door.as_(Role.READER)
        unknown = [reader.get(path) for path in (f"/v1/institutions/{new_id()}", "/v1/programmes/none/consent-texts")]
        assert [answer.status_code for answer in unknown] == [404, 404]
        assert {answer.get_json()["errors"][0]["slug"] for answer in unknown} == {"no-such-institution", "unknown-programme"}
        assert reader.get("/v1/institutions?on=2024-02-30").status_code == 400

    def test_a_programme_shows_what_it_asks(self, door: Door) -> None:
        """Cohorts, questions and consent purposes stand in the programme; the words of its consents behind a door of their own."""
        reader = door.as_(Role.READER)
        [programme] = reader.get("/v1/programmes").get_json()["items"]
        assert {cohort["code"] for cohort in programme["cohorts"]} >= {"a-2021", "a-2022"}
        assert {q["code"]: q["sensitivity"] for q in programme["questions"]}["allergies"] == "sensitive"
        given_by = {purpose["code"]: purpose["given_by"] for purpose in programme["consent_purposes"]}
        assert (given_by["take-part"], given_by["newsletter"]) == ("one_holder", "all_holders")
        texts = reader.get("/v1/programmes/sammen-om-boern/consent-texts").get_json()["items"]
        assert {(text["purpose"], text["version"], text["language"]) for text in texts} >= {("take-part", "2021-1", "en")}
        assert all("agree" in text["text"] for text in texts if text["language"] == "en")


def test_an_enrolment_keeps_the_district_of_its_own_day(load: Load, registration: Context) -> None:
    """Two children of one house, one before it moved and one after: each keeps its district, whatever happens later."""
    load(with_house(MOVED))
    for start in ("2022-12-01", "2023-01-01"):
        deliver(registration, REQUESTED, a_request(institution="fyrtaarnet", start_date=start))
    load(with_house(f"closed = 2024-05-31\n{MOVED}"))
    with registration.work() as work:
        refresh(work)
    accepted = [m["data"] for m in published(registration) if m["type"] == "registration.enrolment.accepted.v1"]
    assert [fact["district"] for fact in accepted] == ["hedegaarden", "baltorp"] * 2


def test_nobody_is_enrolled_in_a_house_that_has_closed(load: Load, registration: Context) -> None:
    """A start after the last day of the house is refused with the reason."""
    load(with_house('closed = 2023-12-31\ndistrict = "baltorp"'))
    deliver(registration, REQUESTED, a_request(institution="fyrtaarnet", start_date="2024-01-01"))
    [answer] = [m["data"] for m in published(registration) if m["type"].startswith("registration.enrolment")]
    assert [reason["slug"] for reason in answer["reasons"]] == ["institution-not-open"]


def a_house(*placements: Placement, **details: Any) -> Institution:
    """A house that is nowhere in the folder."""
    return Institution(new_id(), new_id(), "House", "daycare-house", ("sammen-om-boern",), placements, **details)


@pytest.mark.parametrize(
    ("placements", "constraint"),
    [
        ((Validity(end=date(2023, 1, 1)), Validity(start=date(2023, 1, 1))), "placement_one_at_a_time"),
        ((Validity(), Validity(date(2023, 1, 1), date(2023, 1, 1))), "placement_one_at_a_time"),
        ((Validity(date(2019, 12, 31), date(2023, 1, 1)),), "placement_within_existence"),
        ((Validity(date(2021, 1, 1)),), "placement_within_existence"),
    ],
)
def test_the_database_refuses_what_no_house_can_do(registration: Context, placements: tuple[Validity, ...], constraint: str) -> None:
    """Even past every rule, a house is in one district at a time, and in none before it opens or after it closes."""
    existence = Validity(date(2020, 1, 1), date(2024, 1, 1)) if constraint == "placement_within_existence" else Validity()
    house = a_house(*(Placement("baltorp", valid) for valid in placements), existence=existence)
    with pytest.raises(sa.exc.IntegrityError, match=constraint), registration.work() as work:
        work.programmes.save_institutions([house])


FIRST = date(2023, 1, 1)
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True).map(sorted)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts, st.integers(-2, 45), st.booleans())
def test_the_database_and_the_rules_agree_on_every_day(registration: Context, cut: list[int], day: int, closes: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever the history, a house that is asked for by day and district is found exactly where the rules say that it lies."""
    starts = [FIRST, *(FIRST + timedelta(days=n) for n in cut)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), FIRST + timedelta(days=41) if closes else None]
    districts = ["hedegaarden" if n % 2 else "baltorp" for n in range(len(starts))]
    history = [Placement(name, Validity(*valid)) for name, valid in zip(districts, zip(starts, ends, strict=True), strict=True)]
    house, asked = a_house(*history, existence=Validity(FIRST, ends[-1])), FIRST + timedelta(days=day)
    with registration.work() as work:
        work.programmes.save_institutions([house])
        assert work.programmes.institution(house.institution_id) == house
        found = {name: house in work.programmes.institutions_on(asked, district=name) for name in ("hedegaarden", "baltorp")}
    assert found == {name: name == house.district_on(asked) for name in found}
