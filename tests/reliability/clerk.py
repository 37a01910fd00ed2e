"""A clerk who works over HTTP, with a Deltag that dies under his hands: what was not answered he asks again.

He sends families in bulk, signs every second child's party up, and withdraws every third child. What he was answered with
success is acknowledged; what he repeats, he repeats under the same ids and keys.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException
from threading import Event
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.runtime import utc_now
from services.events.api.activity_schemas import OPENING
from services.events.api.term_schemas import TERMS
from tests.reliability.load import SOURCE, Families, Ledger, Request
from tests.reliability.oracle import withdrawal_of
from tests.reliability.patience import START_WITHIN_S, eventually
from tests.settings import settings_for

ACTIVITY = str(OPENING["activity_id"])
AT_ONCE = 60
SEATS = 10_000
TOKEN = LocalIssuer(settings_for("registration"), utc_now).issue("clerk", [Grant(Role.SYSTEM, "0151", None, SOURCE)])
"""The other system's, for registration."""
ANSWERED_WITHIN_S = 4.0
"""So soon a caller has his answer, whatever happens to the broker."""
PACE_S = 0.05


class Clerk:
    """`where(service)` says where a service answers now; `token` is good for a system and for a coordinator."""

    def __init__(self, where: Callable[[str], str], token: str, ledger: Ledger) -> None:
        self.ledger = ledger
        self.signed_up: set[str] = set()
        self._where = where
        self._token = token
        self._families = Families()
        self._accepted = 0

    def open_activity(self) -> None:
        """Open what every family can sign up to."""
        open_to_all = {name: value for name, value in OPENING.items() if name not in TERMS}
        self._ask("events", "/v1/activities", open_to_all | {"capacity": SEATS})

    def run(self, stop: Event) -> None:
        """Work until the stop; what was begun is finished."""
        while not stop.is_set():
            requests = [self._families.request() for _ in range(AT_ONCE)]
            for answer in self.enrol(requests):
                self._follow_up(answer)

    def enrol(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """Send these, until they are answered."""
        ids = [request["id"] for request in requests]
        self.ledger.attempted.update(ids)
        body = {"requests": [{"id": request["id"], "data": request["data"]} for request in requests]}
        answers = self._ask("registration", "/v1/enrolment-requests/bulk", body)["answers"]
        self.ledger.acknowledged.update(ids)
        return [answer["enrolment"] for answer in answers]

    def _follow_up(self, enrolment: Mapping[str, Any]) -> None:
        self._accepted += 1
        if self._accepted % 12 == 0:
            self._sign_up(enrolment)
        elif self._accepted % 12 == 6:
            self._withdraw(enrolment)

    def _sign_up(self, enrolment: Mapping[str, Any]) -> None:
        child, guardian = enrolment["child_id"], enrolment["guardian_ids"][0]
        party = [{"person_id": child, "role": "child"}, {"person_id": guardian, "role": "guardian"}]
        self._ask("events", f"/v1/activities/{ACTIVITY}/signups", {"party": party, "contact_id": guardian})
        self.signed_up.add(child)

    def _withdraw(self, enrolment: Mapping[str, Any]) -> None:
        name = withdrawal_of(enrolment["enrolment_id"])
        self.ledger.attempted[name] += 1
        details = {"reason": "moved", "effective_date": "2024-06-01"}
        self._ask("registration", f"/v1/enrolments/{enrolment['enrolment_id']}/withdrawal", details, key=enrolment["enrolment_id"])
        self.ledger.acknowledged.add(name)

    def _ask(self, service: str, path: str, body: Any, key: str = "") -> Any:
        """Ask until there is an answer. A conflict may pass: what one service has told, another has perhaps not heard yet."""
        deadline = monotonic() + START_WITHIN_S
        while (answer := self._try(service, path, body, key)) is None:
            assert monotonic() < deadline, f"{path} is not answered"
            sleep(0.05)
        return answer

    def _try(self, service: str, path: str, body: Any, key: str) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        request = HttpRequest(f"{self._where(service)}{path}", json.dumps(body).encode(), headers)  # noqa: S310 - our own address
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
                return json.load(answer)
        except HTTPError as refused:
            if refused.code not in {HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE}:
                raise AssertionError(refused.read()) from None
        except (OSError, HTTPException, ValueError):
            pass
        return None


class Desk:
    """Where one child after the other is enrolled over HTTP. `longest_s` is how long somebody had to wait for his answer."""

    def __init__(self, clerk: Clerk, families: Families) -> None:
        self.longest_s = 0.0
        self.answers = 0
        self._clerk = clerk
        self._families = families

    def run(self, stop: Event) -> None:
        """Enrol until the stop."""
        while not stop.wait(PACE_S):
            self._enrol(self._families.request())

    def await_answers(self, number: int) -> None:
        """Wait until so many more are enrolled."""
        wanted = self.answers + number
        eventually(lambda: self.answers >= wanted, within=START_WITHIN_S, what=f"{number} more answers over HTTP")

    def _enrol(self, request: Request) -> None:
        began = monotonic()
        [enrolment] = self._clerk.enrol([request])
        self.longest_s = max(self.longest_s, monotonic() - began)
        self.answers += 1
        self._clerk.ledger.answers[request["id"]] = enrolment["status"]
