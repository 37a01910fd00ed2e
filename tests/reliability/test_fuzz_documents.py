"""Schemathesis at the HTTP doors of all services: what fits their OpenAPI documents is answered as they say, the rest refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from services.chassis.http import Grant, LocalIssuer, Role, wsgi
from services.chassis.http.openapi import document
from services.chassis.ids import new_id
from services.chassis.service import Context, Service
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.domain.sign_up import Channel, Session
from services.registration.service import SERVICE as REGISTRATION
from services.reporting.service import SERVICE as REPORTING
from tests.chassis.http.under_fire import hold, set_up
from tests.reliability.chance import many
from tests.reliability.fuzz.stories import tell

ACCEPTANCE, REJECTION = ("positive_data_acceptance",), ("negative_data_rejection",)
PAGES = (
    *(("GET", f"/sign-up{page}") for page in ("", "/link", "/open", "/family", "/receipt")),
    *(("POST", f"/sign-up/{page}") for page in ("link", "open", "family")),
    ("GET", "/feedback"),
    ("POST", "/feedback"),
    ("GET", "/feedback/thanks"),
)
REPORTS = ("/v1/report", "/v1/report.csv", "/v1/report.html", "/report")
BUT_FOR = {("GET", path): ACCEPTANCE for path in REPORTS} | {
    ("POST", "/v1/professionals"): ACCEPTANCE,
    ("POST", "/v1/activities"): ACCEPTANCE,
    ("POST", "/v1/activities/changes"): ACCEPTANCE,
    ("POST", "/v1/activities/{id}/copies"): ACCEPTANCE,
    ("PUT", "/v1/signups/{id}/needs"): ACCEPTANCE,
    ("POST", "/v1/activities/{id}/re-offers"): ACCEPTANCE,
    ("POST", "/v1/bookables"): ACCEPTANCE,
    ("PUT", "/v1/sessions/{id}/bookings"): ACCEPTANCE,
    ("POST", "/v1/session-plans"): ACCEPTANCE,
    ("POST", "/v1/activity-templates/{code}/activities"): ACCEPTANCE,
    ("POST", "/v1/cycles"): ACCEPTANCE,
    ("POST", "/v1/sessions/{id}/check-ins"): ACCEPTANCE,
    ("PUT", "/v1/activities/{id}/quotas/{code}"): ACCEPTANCE,
    ("POST", "/v1/sessions/{id}/observations"): ACCEPTANCE,
    ("GET", "/v1/bookables/{id}/bookings"): ACCEPTANCE,
    ("GET", "/v1/demand"): ACCEPTANCE,
    ("POST", "/v1/imports"): ACCEPTANCE,
    ("POST", "/v1/consents"): ACCEPTANCE,
    ("POST", "/v1/merges"): ACCEPTANCE,
    ("POST", "/v1/enrolment-requests/bulk"): REJECTION,
    ("POST", "/v1/sign-up-links"): ACCEPTANCE,
    ("POST", "/v1/sign-up-sessions"): ACCEPTANCE,
    ("POST", "/v1/sign-up-requests"): ACCEPTANCE,
    **dict.fromkeys(PAGES, ACCEPTANCE + REJECTION),
}
"""No document can say which programmes, places, kinds and people there are, that a period ends after its beginning, which years are
ours, or that a code was mistyped; and of many requests each is answered on its own, also when it is none. A link that is made up
opens nothing, and limits end what is asked for too often. A page takes whatever is typed, and says what is wrong with it.
"""
PURPOSE = "plan-workshop"
PURPOSES = {("GET", "/v1/people/{id}/access-report"): "answer-enquiry"}
OF_APPLICANTS = {("GET", "/v1/sign-up-requests"), ("POST", "/v1/sign-up-requests")}
QUICK = 4
THOROUGH = 300

Entered = Callable[[Service, Any], dict[str, str]]


def an_applicant(context: Context) -> str:
    """The token of somebody who has proved an address."""
    now, keys = context.clock(), context.resources.sign_up_keys
    session = Session(new_id(), new_id(), Channel.EMAIL, "sammen-om-boern", bytes(32), now, now + timedelta(hours=1))
    with context.work() as work:
        work.sign_ups.open(session)
    token: str = keys.issuer.issue(session.session_id, context.settings.municipality, now, timedelta(hours=1))
    return token


@pytest.fixture
def entered(context_of: Callable[..., Context]) -> Entered:
    """`entered(service, stage)`: a service that knows something is on that stage; the headers of somebody who may do everything."""

    def make(service: Service, stage: Any) -> dict[str, str]:
        context = tell(context_of(service))
        stage.door = wsgi(context)
        grants = [Grant(role, context.settings.municipality) for role in Role]
        token = LocalIssuer(context.settings, context.clock).issue("everybody", grants)
        stage.applicant = f"Bearer {an_applicant(context)}" if service is REGISTRATION else ""
        return {"Authorization": f"Bearer {token}"}

    return make


def kept(service: Service, examples: int) -> Any:
    """A test for each operation of the service's document."""
    stage, schema = set_up(service.api)
    headers: dict[Any, dict[str, str]] = {}

    @schema.parametrize()  # type: ignore[untyped-decorator]  # schemathesis says nothing of its type
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
    def test(case: schemathesis.Case[Any], entered: Entered) -> None:
        if entered not in headers:
            headers[entered] = entered(service, stage)
        operation = (case.method, case.path)
        mine = {"Deltag-Purpose": PURPOSES.get(operation, PURPOSE)}
        mine |= {"Authorization": stage.applicant} if operation in OF_APPLICANTS else {}
        hold(case, headers[entered] | mine, but_for=BUT_FOR.get(operation, ()))

    test.__doc__ = (
        f"Whatever fits the document of {service.name} is answered as it says, and whatever does not is refused as it says:"
        f" up to {examples} examples of each operation.{_but_for(service)}"
    )
    return test


def _but_for(service: Service) -> str:
    """What a reader of the figures has to know: which operations are tried in one direction only, and why."""
    known = {(method.upper(), path) for path, methods in document(service.api)["paths"].items() for method in methods}
    excused = [f"`{method} {path}`" for method, path in BUT_FOR if (method, path) in known]
    why = "no document can say which programmes, places and people there are, and a page takes whatever is typed"
    return f" Not held to it both ways, because {why}: {', '.join(excused)}." if excused else ""


def thoroughly(service: Service) -> Any:
    """Such a test with many examples."""
    return pytest.mark.thorough(pytest.mark.timeout(1_200)(kept(service, many("DELTAG_FUZZ_EXAMPLES", THOROUGH))))


test_registration = kept(REGISTRATION, QUICK)
test_events = kept(EVENTS, QUICK)
test_notifications = kept(NOTIFICATIONS, QUICK)
test_reporting = kept(REPORTING, QUICK)
test_registration_thoroughly = thoroughly(REGISTRATION)
test_events_thoroughly = thoroughly(EVENTS)
test_notifications_thoroughly = thoroughly(NOTIFICATIONS)
test_reporting_thoroughly = thoroughly(REPORTING)
