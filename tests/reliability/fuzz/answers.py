"""What a door must answer to whatever it is asked."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from services.chassis.http import wsgi
from services.chassis.service import Context
from tests.reliability.fuzz.calls import Calls, Environ
from tests.reliability.fuzz.secrets import found_in

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAGES = ("/sign-up/", "/feedback")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Visit:
    """Requests at one service's door, and the count of what it answered."""

    def __init__(self, context: Context, calls: Calls) -> None:
        self._door = wsgi(context)
        self._calls = calls
        self._name = context.service.name
        self.statuses: Counter[int] = Counter()

    def ask(self, number: int) -> None:
        """So many requests; raises where an answer is not as it must be."""
        for _ in range(number):
            environ = self._calls.next()
            self._judge(environ, *self._answer(environ))
        told = ", ".join(f"{status} {count}" for status, count in sorted(self.statuses.items()))
        print(f"{self._name}: {number} requests: {told}")  # noqa: T201 - the figures are what a run is for

    def _answer(self, environ: Environ) -> tuple[int, dict[str, str], bytes]:
        started: list[Any] = []
        body = self._door(environ, lambda *given: started.append(given))
        (status, headers), content = started[0], b"".join(body)
        return int(status.split()[0]), dict(headers), content

    def _judge(self, environ: Environ, status: int, headers: dict[str, str], content: bytes) -> None:
        self.statuses[status] += 1
        asked = f"{status} to {environ}: {content!r}"
        assert status < 500, asked
        if status < 400:
            self._calls.remember(_ID.findall(content.decode(errors="replace")))
        elif not _is_page(environ, headers):
            assert headers["Content-Type"] == "application/problem+json", asked
            assert environ["REQUEST_METHOD"] == "HEAD" or not list(_wrong(json.loads(content))), asked


def _is_page(environ: Environ, headers: dict[str, str]) -> bool:
    """Whether people read it, who are told on a page what is wrong; it shows them what they typed."""
    return environ["PATH_INFO"].startswith(PAGES) and headers["Content-Type"].startswith("text/html")


def _wrong(problem: dict[str, Any]) -> Iterable[str]:
    """What a problem document lacks, or tells too much of. Its `instance` is the caller's own address."""
    for reason in problem["errors"]:
        if not (_SLUG.fullmatch(reason["slug"]) and reason["text"]["da"] and reason["text"]["en"]):
            yield f"no reason: {reason}"
    yield from found_in(json.dumps({name: value for name, value in problem.items() if name != "instance"}, ensure_ascii=False))
