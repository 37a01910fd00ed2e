"""The HTTP door: who gets which report, and in what form."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from services.chassis.http.caller import Role
from services.chassis.service import Context
from services.chassis.testing import Door, http
from services.reporting.service import SERVICE
from tests.reporting.story import enrolled, programme, tell, town, whole_story


@pytest.fixture
def door(context: Context) -> Door:
    """The door of a service that knows the whole story."""
    tell(context, whole_story())
    return http(context)


def get(door: Door, path: str = "/v1/report", role: Role = Role.COORDINATOR, **reach: Any) -> Any:
    """What somebody gets."""
    answer = door.as_(role, **reach).get(path)
    assert answer.status_code == 200, answer.text
    return answer.json


def paths(report: Any) -> set[str]:
    """The paths of all rows."""
    return {row["path"] for section in report["sections"] for table in section["tables"] for row in table["rows"]}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/v1/report", "/v1/report.csv", "/v1/report.html"])
def test_who_may_read(context: Context, role: Role, path: str) -> None:
    """Coordinators, readers, leaders and operators may read the report, and nobody else."""
    tell(context, town())
    allowed = role in {Role.COORDINATOR, Role.READER, Role.LEADER, Role.OPERATOR}
    assert http(context).as_(role, institutions=["globen"]).get(path).status_code == (200 if allowed else 403)
    assert http(context).get(path).status_code == 401


def test_report_in_json(door: Door) -> None:
    """The report names its programme, its reach, what every measure means, and hides small numbers as null."""
    report = get(door)
    assert report["programme"]["code"] == "sammen-om-boern"
    assert report["reach"] == {"target": 1000, "enrolled": 240, "enrolled_share": 0.24, "came": report["reach"]["came"]}
    assert {"name", "label", "definition", "facts"} == set(report["measures"][0])
    numbers = [n for section in report["sections"] for table in section["tables"] for row in table["rows"] for n in row["numbers"].values()]
    assert None in numbers
    assert not set(numbers) & {1, 2, 3, 4}


def test_reader_gets_the_same_numbers(door: Door) -> None:
    """A reader's report is the coordinator's, number by number."""
    assert get(door, role=Role.READER) == get(door)


def test_leader_gets_his_own_rows(door: Door) -> None:
    """A leader gets the row of his own house, as it is in the whole report, and no totals of others."""
    own = get(door, role=Role.LEADER, institutions=["globen"])
    assert paths(own) == {"hedegaarden/globen"}
    assert own["reach"] is None
    assert all(section["total"] is None for section in own["sections"])
    whole = {(s["family"], r["path"]): r for s in get(door)["sections"] for t in s["tables"] for r in t["rows"]}
    assert all(r == whole[s["family"], r["path"]] for s in own["sections"] for t in s["tables"] for r in t["rows"])


def test_district_is_a_choice_of_rows(door: Door) -> None:
    """A report on a district has its rows with the same numbers, so that two districts cannot be subtracted from the whole."""
    assert paths(get(door, "/v1/report?district=baltorp")) == {"baltorp", "baltorp/kastanjen", "baltorp/mariehoenen"}
    refused = door.as_(Role.READER).get("/v1/report?district=atlantis")
    assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (404, "district-not-known")


def test_period_is_for_coordinators(door: Door) -> None:
    """A coordinator may choose whole months; a reader may not, and is told why."""
    report = get(door, "/v1/report?from=2023-09&to=2023-12")
    assert (report["from"], report["to"]) == ("2023-09", "2023-12")
    assert 0 < report["reach"]["enrolled"] < 240
    refused = door.as_(Role.READER).get("/v1/report?from=2023-09")
    assert (refused.status_code, refused.get_json()["errors"][0]["slug"]) == (403, "period-not-open")


@pytest.mark.parametrize("query", ["from=2024-13", "from=2024-03-01", "from=soon", "lang=so", "programm=x"])
def test_unreadable_question_is_refused(door: Door, query: str) -> None:
    """A month that is none, an unknown language or parameter is a 400."""
    assert door.as_(Role.COORDINATOR).get(f"/v1/report?{query}").status_code == 400


def test_period_must_not_be_reversed(door: Door) -> None:
    """A period that ends before it begins is refused."""
    assert door.as_(Role.COORDINATOR).get("/v1/report?from=2024-03&to=2024-02").status_code == 422


def test_programme_must_be_known(door: Door) -> None:
    """A report on a programme that is not there is a 404."""
    assert door.as_(Role.READER).get("/v1/report?programme=elsewhere").status_code == 404


def test_csv_is_one_tidy_table(door: Door) -> None:
    """The CSV has a byte order mark, one number a line, and the same numbers as the JSON."""
    answer = door.as_(Role.READER).get("/v1/report.csv?lang=en")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    shown = {(x["family"], x["table"], x["row"], x["measure"]): x["value"] for x in lines if x["unit"] == "count"}
    for section in get(door)["sections"]:
        for table in section["tables"]:
            for row in table["rows"]:
                for measure, number in row["numbers"].items():
                    assert shown[section["family"], table["by"], row["path"], measure] == ("" if number is None else str(number))


def test_page_is_closed_unless_opened(context: Context) -> None:
    """The page for everyone is closed until the deployment opens it."""
    assert http(context).get("/report").status_code == 401


def test_open_page_is_for_everyone(context_of: Callable[..., Context]) -> None:
    """Opened, it needs no token, and before there is a programme it says that there is none yet."""
    context = context_of(SERVICE, reporting_open=True)
    assert "Der er endnu ikke indlæst noget program" in http(context).get("/report").text
    tell(context, [programme(), *(enrolled(f"child {n}") for n in range(9))])
    page = http(context).get("/report?lang=en")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Children enrolled" in page.text


def test_other_language_keeps_the_question(door: Door) -> None:
    """The link to the other language asks for the same months and the same district."""
    page = door.as_(Role.COORDINATOR).get("/v1/report.html?from=2024-01&district=baltorp").text
    assert 'href="?district=baltorp&amp;from=2024-01&amp;lang=en"' in page


def test_open_page_refuses_what_is_not_there(context_of: Callable[..., Context]) -> None:
    """A programme or district that nobody knows is a 404 on the open page too."""
    context = context_of(SERVICE, reporting_open=True)
    assert http(context).get("/report?programme=elsewhere").status_code == 404
    tell(context, town())
    assert http(context).get("/report?district=atlantis").status_code == 404


def test_open_page_has_no_period(context_of: Callable[..., Context]) -> None:
    """Nobody may cut the public page into periods."""
    context = context_of(SERVICE, reporting_open=True)
    tell(context, town())
    assert http(context).get("/report?from=2024-01").status_code == 403
