"""The HTTP doors as the demo's people use them: coordinators, guardians and professionals, each with a token of his own."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import urllib3

from services.chassis.errors import Unavailable
from services.chassis.http import Grant, LocalIssuer, Role

PAGE = 200
PURPOSE = "run-activities"
_PATIENT = urllib3.Retry(total=8, backoff_factor=0.2, status_forcelist=(503,), allowed_methods=None, raise_on_status=False)


class Who(NamedTuple):
    """Somebody with a role. A guardian's or professional's subject is his id at registration."""

    subject: str
    role: Role


COORDINATOR = Who("demo-coordinator", Role.COORDINATOR)


class Refused(Exception):
    """A door said no: the status, and the slugs of all its reasons."""

    def __init__(self, what: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.slugs = tuple(reason["slug"] for reason in problem.get("errors", ()))
        texts = "; ".join(reason["text"]["en"] for reason in problem.get("errors", ()))
        super().__init__(f"{what}: {status} {texts or problem.get('title', '')}")


class Doors:
    """Asks the services at their addresses. A command may be repeated, so one whose answer was lost is sent again."""

    def __init__(self, base: Mapping[str, str], issuer: LocalIssuer, municipality: str) -> None:
        self.base = base
        self._issuer = issuer
        self._municipality = municipality
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(30), retries=_PATIENT)
        self._tokens: dict[Who, str] = {}

    def get(self, who: Who, service: str, path: str, **query: object) -> Any:
        return self._ask(who, "GET", service, f"{path}?{urlencode(query)}" if query else path)

    def every(self, who: Who, service: str, path: str, **query: object) -> Iterator[Any]:
        """All items of a list, page by page."""
        after: dict[str, object] = {}
        while True:
            page = self.get(who, service, path, limit=PAGE, **query, **after)
            yield from page["items"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def post(self, who: Who, service: str, path: str, body: object = None, *, key: str | None = None) -> Any:
        """A command; with a `key` the same command is done once however often it is sent."""
        return self._ask(who, "POST", service, path, body=body, key=key)

    def put(self, who: Who, service: str, path: str, body: object) -> Any:
        return self._ask(who, "PUT", service, path, body=body)

    def _ask(self, who: Who, method: str, service: str, path: str, *, body: object = None, key: str | None = None) -> Any:
        about = {"Authorization": f"Bearer {self._token(who)}", "Deltag-Purpose": PURPOSE} | ({"Idempotency-Key": key} if key else {})
        try:
            answer = self._http.request(method, self.base[service] + path, json=body, headers=about)
        except urllib3.exceptions.HTTPError as error:
            text = f"{service} does not answer at {self.base[service]} ({type(error).__name__})."
            raise Unavailable("door-away", da=text, en=text) from None
        content = answer.json() if answer.data else {}
        if answer.status >= 400:  # noqa: PLR2004 - where HTTP's refusals begin
            raise Refused(f"{method} {path}", answer.status, content)
        return content

    def _token(self, who: Who) -> str:
        if who not in self._tokens:
            self._tokens[who] = self._issuer.issue(who.subject, [Grant(who.role, self._municipality)])
        return self._tokens[who]
