"""The HTTP door of imports: a file in, its report out, then yes or no. For coordinators alone."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from services.chassis import tables
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.chassis.http.upload import Upload
from services.registration.api.door import api
from services.registration.imports import handlers, report
from services.registration.imports import schemas as shapes
from services.registration.imports.columns import Kind
from services.registration.storage import Work

COORDINATOR: Final = (Role.COORDINATOR,)
FILES: Final = Upload([tables.CSV, tables.XLSX, "application/vnd.ms-excel", "application/octet-stream"])
_IMPORT: Final = {200: shapes.ImportSchema()}


@api.post(
    "/v1/imports",
    summary="Send a file for its dry run",
    roles=COORDINATOR,
    query=shapes.UploadQuery(),
    body=FILES,
    returns={202: shapes.ImportSchema()},
)
def send_file(request: Request, work: Work) -> Answer:
    """CSV or XLSX. The answer comes at once; the dry run is over when `state` is `checked`, or `mapping` where a column is not known.

    `sender` is whose file it is (the caller, if none is named): the next file of his with the same columns is read like this one.
    """
    asked = request.query
    constants = dict(one.split("=", 1) for one in asked.get("value", ())) | {"programme": asked["programme"]}
    sender = asked.get("sender") or request.caller.subject
    imported = handlers.receive(request.content, Kind(asked["kind"]), sender, constants, work)
    request.concerns(imported.import_id)
    return Answer(report.of_import(imported), 202)


@api.get("/v1/imports", summary="Imports", roles=COORDINATOR, paged=(UUID,), returns={200: shapes.ImportSchema()})
def imports(request: Request, work: Work) -> Answer:
    """The latest first. Their lines are not counted here."""
    page = request.page
    found = work.imports.page(limit=page.fetch, after=str(page.after[0]) if page.after else None)
    return page.answer([report.of_import(imported) for imported in found], lambda item: (item["import_id"],))


@api.get("/v1/imports/{id:uuid}", summary="An import", roles=COORDINATOR, returns=_IMPORT)
def one_import(request: Request, work: Work) -> Mapping[str, Any]:
    imported = handlers.found(request.path["id"], work)
    return report.of_import(imported, work.imports.counts(imported.import_id))


@api.get(
    "/v1/imports/{id:uuid}/columns", summary="Which column is what", roles=COORDINATOR, personal=True, returns={200: shapes.ColumnsSchema()}
)
def columns(request: Request, work: Work) -> Mapping[str, Any]:
    """As remembered from the sender's last file, or suggested by their names. Personal: some files begin with a person."""
    return report.of_columns(handlers.found(request.path["id"], work))


@api.put(
    "/v1/imports/{id:uuid}/columns",
    summary="Say which column is what",
    roles=COORDINATOR,
    body=shapes.MappingSchema(),
    returns=_IMPORT,
    errors=(404, 409),
    examples={"body": {"columns": {"Barnets CPR-nr.": "child.cpr_number", "Bemærkninger": None}}},
)
def map_columns(request: Request, work: Work) -> Mapping[str, Any]:
    """The dry run begins anew, and the sender's next file with these columns is read the same way."""
    return report.of_import(handlers.map_columns(request.path["id"], request.body["columns"], work))


@api.get(
    "/v1/imports/{id:uuid}/report",
    summary="The report, line by line",
    roles=COORDINATOR,
    personal=True,
    query=shapes.ReportQuery(),
    paged=(int,),
    returns={200: shapes.ReportLineSchema()},
)
def report_lines(request: Request, work: Work) -> Answer:
    """Every line and every field: what was read, what was made of it, what is wrong and what to do, and what would change."""
    imported, page = handlers.found(request.path["id"], work), request.page
    where = {"status": request.query.get("status"), "deed": request.query.get("done"), "troubled": request.query.get("troubled", False)}
    rows = work.imports.rows(imported.import_id, limit=page.fetch, after=page.after[0] if page.after else 0, where=where)
    request.concerns(*report.people_of(rows[: page.limit]))
    return page.answer(list(report.of_rows(imported, rows, work)), lambda item: (item["line"],))


@api.get(
    "/v1/imports/{id:uuid}/report.csv",
    summary="The report as CSV",
    roles=COORDINATOR,
    personal=True,
    query=shapes.LanguageQuery(),
    returns={200: tables.CSV},
)
def report_as_csv(request: Request, work: Work) -> Answer:
    """No cell begins a formula. In Danish between the cells stands `;`, as spreadsheets there expect."""
    imported = handlers.found(request.path["id"], work)
    rows = report.table(imported, request.query["language"], work, lambda people: request.concerns(*people))
    return Answer(tables.csv_file(rows, report.DELIMITER[request.query["language"]]), headers=_named(imported.import_id, "csv"))


@api.get(
    "/v1/imports/{id:uuid}/report.xlsx",
    summary="The report as a workbook",
    roles=COORDINATOR,
    personal=True,
    query=shapes.LanguageQuery(),
    returns={200: tables.XLSX},
)
def report_as_workbook(request: Request, work: Work) -> Answer:
    """Every text is a text: no cell is a formula or a link."""
    imported = handlers.found(request.path["id"], work)
    rows = report.table(imported, request.query["language"], work, lambda people: request.concerns(*people))
    return Answer(tables.xlsx_file(rows, "Rapport"), headers=_named(imported.import_id, "xlsx"))


@api.post(
    "/v1/imports/{id:uuid}/confirmation",
    summary="Do what the report says",
    roles=COORDINATOR,
    body=shapes.ConfirmationSchema(),
    returns=_IMPORT,
    errors=(404, 409),
    idempotent=True,
    examples={"body": {"report": "5f2b8c1e9a7d4f60" * 4}},
)
def confirm(request: Request, work: Work) -> Mapping[str, Any]:
    """Name the `report` that you saw: the file is applied, or, where it is that of an undo, taken back.

    A line that would come to something else by now is left, and counted as moved.
    """
    return report.of_import(handlers.confirm(request.path["id"], request.body["report"], work))


@api.post(
    "/v1/imports/{id:uuid}/dry-run",
    summary="Make the dry run again",
    roles=COORDINATOR,
    returns=_IMPORT,
    errors=(404, 409),
    idempotent=True,
)
def check_again(request: Request, work: Work) -> Mapping[str, Any]:
    """Of the lines that were not applied, against what is stored now."""
    return report.of_import(handlers.check_again(request.path["id"], work))


@api.post(
    "/v1/imports/{id:uuid}/undo",
    summary="Make the dry run of taking an import back",
    roles=COORDINATOR,
    returns=_IMPORT,
    errors=(404, 409),
    idempotent=True,
)
def undo(request: Request, work: Work) -> Mapping[str, Any]:
    """Who came in by it alone would be erased, and what it changed would be as before. `state` is `undo-checked` when that is known.

    What others have built on since stays, and each line's `stays` says why. Nothing is done before the report is confirmed.
    """
    return report.of_import(handlers.undo(request.path["id"], work))


def _named(import_id: str, ending: str) -> Mapping[str, str]:
    return {"Content-Disposition": f'attachment; filename="deltag-import-{import_id}.{ending}"'}
