"""The HTTP door: the report as JSON, as CSV and as a page to read.

Who may ask for what. Everyone gets the same numbers, with the same ones hidden: a filter only chooses rows. A leader gets
the rows of his own institutions. Only coordinators and operators, who may look at the single sign-up anyway, may
choose a period: numbers for overlapping periods could be subtracted from each other.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.http.api import Api
from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.reporting import documents, handlers, page
from services.reporting.domain.measures import LANGUAGES
from services.reporting.domain.report import Report
from services.reporting.schemas import Question, ReportSchema
from services.reporting.storage import Work
from services.reporting.texts import refusal

api = Api(
    "reporting",
    title="Reporting",
    description="Reach, enrolments, sign-ups and attendance, from facts alone; numbers about few people are hidden.",
)

READERS = (Role.COORDINATOR, Role.READER, Role.LEADER, Role.OPERATOR)
CHOOSE_PERIOD = (Role.COORDINATOR, Role.OPERATOR)
SEE_ALL = (Role.COORDINATOR, Role.READER, Role.OPERATOR)


@api.get("/v1/report", summary="The report", roles=READERS, query=Question(), returns={200: ReportSchema()}, errors=(400, 404, 422))
def report(request: Request, work: Work) -> Mapping[str, Any]:
    return documents.as_json(_report(request, work))


@api.get(
    "/v1/report.csv", summary="The report as one table", roles=READERS, query=Question(), returns={200: "text/csv"}, errors=(400, 404, 422)
)
def report_as_csv(request: Request, work: Work) -> Answer:
    found = _report(request, work)
    name = f"deltag-{found.programme.code}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(documents.as_csv(found, _language(request)), headers=headers)


@api.page("/v1/report.html", summary="The report as a page", roles=READERS, query=Question(), errors=(400, 404, 422))
def report_as_page(request: Request, work: Work) -> str:
    return page.render(_report(request, work), _language(request), _question(request))


@api.page(
    "/report", summary="The report as a page, where it is open to everyone", public=True, query=Question(), errors=(400, 401, 403, 404, 422)
)
def public_page(request: Request, work: Work) -> str:
    """Open where the setting says so; before there is any programme, the page says that."""
    if not work.context.settings.reporting_open:
        raise refusal(Unauthenticated, "page-not-open", "")
    found = _report(request, work) if request.query.get("programme") or work.tallies.programmes() else None
    return page.render(found, _language(request), _question(request))


def _report(request: Request, work: Work) -> Report:
    start, end = _period(request)
    found = handlers.report(work, request.query.get("programme"), start, end)
    if not request.caller.has(*SEE_ALL) and request.caller.has(Role.LEADER):
        found = _own(request, found)
    return _district(request.query.get("district"), found)


def _question(request: Request) -> Mapping[str, str]:
    """What was asked, by the names in the query string."""
    fields = Question().fields
    return {fields[name].data_key or name: value for name, value in request.query.items()}


def _language(request: Request) -> str:
    """The language that is asked for, else the one that the browser would rather have, else Danish."""
    preferred = parse_accept_header(request.accept_language, LanguageAccept).best_match(LANGUAGES, "da")
    return str(request.query.get("language", preferred))


def _period(request: Request) -> tuple[date | None, date | None]:
    """The first day, and the day after the last."""
    start, last = _first_day(request.query.get("start")), _first_day(request.query.get("end"))
    if (start or last) and not request.caller.has(*CHOOSE_PERIOD):
        raise refusal(Forbidden, "period-not-open", "/from" if start else "/to")
    if start and last and last < start:
        raise refusal(Invalid, "period-reversed", "/to")
    return start, last and (last + timedelta(days=31)).replace(day=1)


def _first_day(month: str | None) -> date | None:
    return date.fromisoformat(f"{month}-01") if month else None


def _own(request: Request, found: Report) -> Report:
    own = request.caller.institutions(Role.LEADER)
    if own is None:
        return found
    return found.only(f"{place.district}/{place.code}" for place in found.places if place.code in own)


def _district(code: str | None, found: Report) -> Report:
    if code is None:
        return found
    known = [district["code"] for district in found.programme.districts]
    if code not in known:
        raise refusal(NotFound, "district-not-known", "/district", known=", ".join(known))
    return found.only(path for path in found.place_paths() if path.split("/")[0] == code)
