"""The HTTP door of imports, and who may go through it."""

import csv
import io
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.tables import CSV, XLSX
from services.chassis.testing import Door, run_timer
from services.registration.api import api
from services.registration.imports.handlers import TIMER
from tests.registration.imports import messy
from tests.registration.imports.desk import living

QUERY = {"kind": "families", "programme": "sammen-om-boern", "sender": "pladsanvisningen"}
ROUTES = [route for route in api.routes if route.path.startswith("/v1/imports")]


@pytest.fixture
def reader(door: Door) -> Door:
    """A coordinator who says why he reads."""
    return door.as_(Role.COORDINATOR, purpose="handle-enrolment")


def send(door: Door, content: bytes, media_type: str = CSV, **query: Any) -> Any:
    """Upload a file."""
    return door.post(f"/v1/imports?{urlencode(QUERY | query, doseq=True)}", data=content, content_type=media_type)


def checked(door: Door, context: Context, content: bytes, **query: Any) -> dict[str, Any]:
    """Upload a file and let its dry run be made."""
    answer = send(door, content, **query)
    assert answer.status_code == 202, answer.get_json()
    return worked(door, context, answer.get_json()["import_id"])


def worked(door: Door, context: Context, import_id: str) -> dict[str, Any]:
    """The import, when the clock has done what waits."""
    for _ in range(4):
        run_timer(context, TIMER)
    found: dict[str, Any] = door.get(f"/v1/imports/{import_id}").get_json()
    return found


def test_from_the_file_to_its_undoing(reader: Door, registration: Context) -> None:
    """Sent, looked at, confirmed and taken back: every answer says where the import stands, and how many lines are what."""
    imported = checked(reader, registration, messy.as_csv())
    path = f"/v1/imports/{imported['import_id']}"
    assert (imported["state"], imported["lines"]["new"], imported["lines"]["refused"]) == ("checked", 4, 4)
    assert reader.post(f"{path}/confirmation", json={"report": imported["report"]}).get_json()["state"] == "applying"
    assert worked(reader, registration, imported["import_id"])["lines"]["applied"] == 5
    assert living(registration)
    assert reader.post(f"{path}/undo").get_json()["state"] == "undo-checking"
    undoing = worked(reader, registration, imported["import_id"])
    assert (undoing["state"], undoing["lines"]["would-be-undone"]) == ("undo-checked", 5)
    assert reader.post(f"{path}/confirmation", json={"report": undoing["report"]}).get_json()["state"] == "undoing"
    assert worked(reader, registration, imported["import_id"])["lines"]["undone"] == 5
    assert not living(registration)


def test_the_report_has_every_line_and_field(reader: Door, registration: Context) -> None:
    """Page by page: what was read and made of each field, what is wrong and what to do in two languages, and what would change."""
    imported = checked(reader, registration, messy.as_csv())
    path = f"/v1/imports/{imported['import_id']}/report"
    first = reader.get(f"{path}?limit=5").get_json()
    second = reader.get(f"{path}?limit=200&after={first['next']}").get_json()
    lines = [*first["items"], *second["items"]]
    assert [line["line"] for line in lines] == [5, 6, 7, 8, 9, 10, 12, 13, 14]
    assert all(len(line["fields"]) >= 15 for line in lines)
    carl = lines[3]
    assert [(one["slug"], one["column"], one["severity"]) for one in carl["issues"] if one["severity"] == "error"] == [
        ("two-dates", "Startdato", "error")
    ]
    assert {"da", "en"} == carl["issues"][-1]["text"].keys()
    assert {"field": "institution", "before": None, "after": "birkegaarden"} in lines[0]["changes"]


def test_no_cpr_number_is_shown_whole(reader: Door, registration: Context) -> None:
    """Neither in the report nor in its tables is there more than the first six digits, whatever column they stood in."""
    imported = checked(reader, registration, messy.as_csv())
    path = f"/v1/imports/{imported['import_id']}"
    told = "".join(reader.get(f"{path}/{part}").get_data(as_text=True) for part in ("report", "report.csv", "columns"))
    assert "740522-xxxx" in told
    assert not any(number in told.replace("-", "") for number in ("7405224015", "6903914028", "0105364017"))


def test_tables_run_nothing(reader: Door, registration: Context) -> None:
    """In CSV what would be a formula begins with an apostrophe; in the workbook it is a text."""
    imported = checked(reader, registration, messy.as_csv())
    path = f"/v1/imports/{imported['import_id']}"
    as_csv = list(csv.reader(io.StringIO(reader.get(f"{path}/report.csv?language=en").get_data(as_text=True).removeprefix("\ufeff"))))
    assert "'=HYPERLINK(1) Ånd" in as_csv[-1]
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(reader.get(f"{path}/report.xlsx?language=en").data)).get_sheet_by_index(0)
    rows = workbook.to_python()
    assert (rows[0][0], len(rows), "=HYPERLINK(1) Ånd" in rows[-1]) == ("line", 10, True)


def test_a_danish_table_is_danish(reader: Door, registration: Context) -> None:
    """A Danish spreadsheet opens it in columns, and every word in it that is ours is Danish: stages, fields, answers, objections."""
    imported = checked(reader, registration, messy.as_csv())
    table = reader.get(f"/v1/imports/{imported['import_id']}/report.csv").get_data(as_text=True).removeprefix("\ufeff")
    head, first, *others = csv.reader(io.StringIO(table), delimiter=";")
    told = dict(zip(head, first, strict=True))
    assert (told["linje"], told["status"], told["Forældremyndighed, forælder 1 →"]) == (str(messy.FIRST_LINE), "ny", "ja")
    assert "Barnets fornavn: - → Asta" in told["ændringer"].splitlines()
    assert {row[1] for row in others} == {"ny", "ændret", "afvist"}
    assert not any(word in table for word in ("child.", "guardian1", "Ligner: -", ";new;", ";yes;"))


def test_what_cannot_be_done_now_is_said_in_danish(reader: Door, registration: Context) -> None:
    """The state of the import that stands in the way has a Danish word."""
    imported = checked(reader, registration, messy.as_csv())
    refused = reader.post(f"/v1/imports/{imported['import_id']}/undo").get_json()["errors"]
    assert refused[0]["text"]["da"] == "Det kan ikke gøres, mens importen er prøvekørt."


def test_columns_are_shown_and_decided(reader: Door, registration: Context) -> None:
    """Each column with its field; a person takes one away, and the dry run begins anew without it."""
    imported = checked(reader, registration, messy.as_csv())
    path = f"/v1/imports/{imported['import_id']}"
    shown = {one["column"]: one["field"] for one in reader.get(f"{path}/columns").get_json()["columns"]}
    assert (shown["Mors mobil"], shown["Bemærkninger"]) == ("guardian1.phone", None)
    assert reader.put(f"{path}/columns", json={"columns": {"Mors mobil": None}}).get_json()["state"] == "reading"
    again = worked(reader, registration, imported["import_id"])
    assert (again["state"], again["report"] != imported["report"]) == ("checked", True)


def test_a_workbook_is_taken_as_one(reader: Door, registration: Context) -> None:
    """Its media type is that of a workbook; one value for all lines stands in the query."""
    answer = send(reader, messy.as_xlsx(), XLSX, value=["guardian2.language=ar"])
    assert worked(reader, registration, answer.get_json()["import_id"])["state"] == "checked"


@pytest.mark.parametrize("part", ["report", "report.csv", "report.xlsx"])
def test_reading_the_report_is_audited(reader: Door, registration: Context, part: str) -> None:
    """Of people who are stored, the audit knows when and for what their line was read, in whichever form: children and guardians."""
    imported = checked(reader, registration, messy.as_csv())
    reader.get(f"/v1/imports/{imported['import_id']}/{part}")
    reader.post(f"/v1/imports/{imported['import_id']}/confirmation", json={"report": imported["report"]})
    worked(reader, registration, imported["import_id"])
    reader.get(f"/v1/imports/{imported['import_id']}/{part}")
    with registration.work() as work:
        query = sa.text("select objects, purpose from chassis.audit where route = :route order by at, id")
        before, after = work.connection.execute(query, {"route": f"GET /v1/imports/{{id}}/{part}"}).all()
        stored = work.connection.execute(sa.text("select child_id::text from child union select guardian_id::text from guardian")).scalars()
        assert set(after.objects) == {*stored, imported["import_id"]}
    assert (before.objects, after.purpose) == ([imported["import_id"]], "handle-enrolment")


def test_what_cannot_be_taken_is_refused(reader: Door, registration: Context) -> None:
    """Another media type, a field that there is not, an import that there is not, a confirmation too early: each with its status."""
    assert send(reader, b"{}", "application/json").status_code == 415
    assert send(reader, b"x" * (registration.settings.max_upload_bytes + 1)).status_code == 413
    assert send(reader, b"x", value=["colour=red"]).status_code == 422
    assert send(reader, b"x", value=["child.cpr_number=740522-4015"]).status_code == 400
    assert reader.get(f"/v1/imports/{new_id()}").status_code == 404
    waiting = send(reader, messy.as_csv()).get_json()["import_id"]
    assert reader.post(f"/v1/imports/{waiting}/confirmation", json={"report": "0" * 64}).status_code == 409
    assert reader.post(f"/v1/imports/{waiting}/undo").status_code == 409


def test_imports_are_listed_the_latest_first(reader: Door) -> None:
    """Page by page, without what stands in them."""
    ids = [send(reader, messy.as_csv()).get_json()["import_id"] for _ in range(3)]
    first = reader.get("/v1/imports?limit=2").get_json()
    second = reader.get(f"/v1/imports?limit=2&after={quote(first['next'])}").get_json()
    assert [one["import_id"] for one in (*first["items"], *second["items"])] == ids[::-1]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_nobody_but_a_coordinator_comes_in(door: Door, role: Role, route: Any) -> None:
    """Every door of imports is closed to every other role."""
    path = route.template.replace("{id}", new_id())
    assert door.as_(role, purpose="handle-enrolment").request(route.method, path, json={}).status_code == 403
