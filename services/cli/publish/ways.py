"""The two ways to registration: over the bus, and over HTTP. Both give the same answers."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from services.chassis.bus import Bus, Queue, Subscription, Topology
from services.chassis.envelope import Outgoing
from services.chassis.errors import Invalid, Reason, Unauthenticated, Unavailable
from services.chassis.ids import new_id
from services.chassis.service import REQUESTS
from services.cli.publish.doors import ENROLMENT_REQUESTED, door_of, has_door
from services.cli.publish.lines import Request
from services.cli.publish.token import source_of

CHUNK = 200
_PATIENT = urllib3.Retry(total=6, connect=2, backoff_factor=0.5, status_forcelist=(503,), allowed_methods=None, raise_on_status=False)
_NO_TOKEN, _NO_DOOR, _PROBLEMS = 401, (404, 405), 400


@dataclass(frozen=True)
class Answer:
    """What registration said to a line: how the enrolment stands, with our id of it; granted; or rejected, with every reason."""

    line: int
    status: str
    enrolment_id: str
    reasons: Sequence[Reason] = ()


class Way(Protocol):
    """A way to registration."""

    def send(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """Send them all and yield the answers as they come, at most one for each. Raises `DeltagError` when nothing can be sent."""
        ...


class OverBus:
    """Over AMQP, as other systems mostly do: published with confirms, answered on a queue of its own.

    A request that was sent before gets no second answer. `wait` is how many seconds of silence mean that no more come.
    """

    def __init__(self, bus: Bus, wait: float) -> None:
        self._bus = bus
        self._wait = wait

    def send(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """See `Way.send`. Raises `Unavailable` when the broker is away or nobody listens there."""
        address = f"publish.answers.{new_id()}"
        self._bus.declare(Topology((REQUESTS,), [Queue(address, transient=True)]))
        publisher, subscription = self._bus.publisher(), self._bus.subscribe(address, CHUNK * 2)
        answers = _Answers(subscription, {request.id: request.line for request in reversed(requests)})
        try:
            for start in range(0, len(requests), CHUNK):
                _put(publisher.publish, [_outgoing(request, address) for request in requests[start : start + CHUNK]])
                yield from answers.take(0.01)
            yield from answers.rest(self._wait)
        finally:
            publisher.close()
            subscription.close()


class OverHttp:
    """Over HTTP, one after the other: the answer comes with the response. What was sent before is answered the same again.

    Raises `Invalid` for an address that is none of HTTP.
    """

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            text = "The address must begin with http:// or https://."
            raise Invalid("no-http-address", field="--http", da=text, en=text)
        root = url.rstrip("/")
        self._root = root if root.endswith("/v1") else f"{root}/registration/v1"
        self._token, self._source = token, source_of(token)
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(30), retries=_PATIENT)

    def send(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """See `Way.send`. Raises `Unavailable` when there is no door, `Unauthenticated` when it takes no such token."""
        yield from map(self._ask, requests)

    def _ask(self, request: Request) -> Answer:
        if refused := self._refused(request):
            return Answer(request.line, "rejected", "", [refused])
        status, content = self._sent(request)
        if status == _NO_TOKEN:
            raise Unauthenticated(reasons=_reasons(content["errors"]))
        is_no_door = request.type == ENROLMENT_REQUESTED and status in _NO_DOOR
        if is_no_door or (status >= _PROBLEMS and "errors" not in content):
            raise self._nobody(f"status {status}")
        return _answer(request.line, content)

    def _refused(self, request: Request) -> Reason | None:
        """Why it cannot go this way: over HTTP a request is always its token's, and it has to have a door."""
        if self._source and request.source != self._source:
            text = f"The token sends as {self._source} alone. Take the token of the source that the line names, or correct the line."
            return Reason("not-your-source", "/source", text, text)
        if not has_door(request):
            text = f"{request.type} has no HTTP door; send it over the bus (--amqp)."
            return Reason("no-door", "/type", text, text)
        return None

    def _sent(self, request: Request) -> tuple[int, Mapping[str, Any]]:
        method, path, body = door_of(request)
        key = {} if request.type == ENROLMENT_REQUESTED else {"Idempotency-Key": quote(request.id, safe="")[:200]}
        try:
            response = self._http.request(method, self._root + path, json=body, headers={"Authorization": f"Bearer {self._token}"} | key)
            content: Mapping[str, Any] = response.json()
        except urllib3.exceptions.HTTPError:
            raise self._nobody("nobody answers") from None
        except ValueError:
            raise self._nobody("the answer is not JSON") from None
        return response.status, content

    def _nobody(self, what: str) -> Unavailable:
        text = f"There is no registration service at {self._root} ({what})."
        return Unavailable("door-away", field="--http", da=text, en=text)


class _Answers:
    """Takes answers off a queue; `lines` holds the line of each request that has none yet."""

    def __init__(self, subscription: Subscription, lines: dict[str, int]) -> None:
        self._subscription = subscription
        self._lines = lines

    def take(self, timeout: float) -> Sequence[Answer]:
        """What is there, or comes within so many seconds."""
        deliveries = self._subscription.receive(CHUNK, timeout)
        if deliveries:
            self._subscription.settle(deliveries[-1])
        answers = [(delivery.correlation_id or "", json.loads(delivery.body)["data"]) for delivery in deliveries]
        return [_answer(line, data) for request_id, data in answers if (line := self._lines.pop(request_id, None))]

    def rest(self, wait: float) -> Iterator[Answer]:
        """Until every request has one, or none has come for `wait` seconds."""
        last = monotonic()
        while self._lines and monotonic() - last < wait:
            if answers := self.take(min(1.0, wait)):
                yield from answers
                last = monotonic()


def _outgoing(request: Request, address: str) -> Outgoing:
    return Outgoing(request.id, REQUESTS, request.type, request.body, correlation_id=request.id, reply_to=address)


def _put(publish: Callable[[Sequence[Outgoing]], Sequence[Outgoing]], messages: Sequence[Outgoing]) -> None:
    if returned := publish(messages):
        text = f"The broker has no queue for {returned[0].routing_key}: was Deltag ever started there?"
        raise Unavailable("nobody-listens", field="--amqp", da=text, en=text)


def _answer(line: int, content: Mapping[str, Any]) -> Answer:
    """An enrolment as registration tells of it; a problem or a rejection with its reasons; anything else says that it was done."""
    if "enrolment_id" in content:
        return Answer(line, content["status"], content["enrolment_id"], _reasons(content["reasons"]))
    refused = content.get("errors") or content.get("reasons")
    return Answer(line, "rejected", "", _reasons(refused)) if refused else Answer(line, "granted", "")


def _reasons(found: Iterable[Mapping[str, Any]]) -> Sequence[Reason]:
    return [Reason(one["slug"], one["field"], one["text"]["da"], one["text"]["en"]) for one in found]
