"""The first half of the story: other systems publish the families' requests on the bus, and get their answers."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from time import monotonic
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.chassis.bus import Publisher, Queue, Subscription, Topology
from services.chassis.envelope import Outgoing
from services.chassis.errors import DeltagError, TryLater
from services.chassis.ids import new_id
from services.chassis.service import REQUESTS
from services.cli.demo.doors import COORDINATOR, Doors
from services.cli.demo.families import ENROLMENT_REQUESTED, SOURCES
from services.cli.demo.file import DemoFile
from services.cli.demo.mistakes import written
from services.cli.demo.plan import Plan
from services.cli.demo.telling import Teller
from services.cli.demo.world import World

Answer = Mapping[str, Any]
"""An enrolment as registration tells of it: `enrolment_id`, `status`, `child_id`, `guardian_ids`, `reasons`, …"""

CHUNK = 100
PATIENCE_S = 60
WITHDRAWAL_REQUESTED = "enrolment.withdrawal-requested.v1"


def enrol(world: World, file: DemoFile, plan: Plan, teller: Teller) -> dict[str, Answer]:
    """Publish the whole file, and return the answer to every request that must have one, by its id.

    Everything is sent every time: what was answered in an earlier run is recognised and gets no second answer, so those
    are looked up first.
    """
    answers = {id_: answer for id_, answer in enrolments(world.doors, plan) if id_ in file.answered}
    mailbox = Mailbox(world)
    try:
        mailbox.publish([_as_sent(line, number) for number, line in enumerate(file.lines, start=1)], teller)
        mailbox.collect(answers, file.answered, teller)
    finally:
        mailbox.close()
    return answers


def enrolments(doors: Doors, plan: Plan) -> Iterator[tuple[str, Answer]]:
    """All enrolments that registration knows, each under the id of the request that led to it."""
    withdrawals = {withdrawal_id(request_id): request_id for request_id in plan.withdrawn}
    for found in doors.every(COORDINATOR, "registration", "/v1/enrolments"):
        yield withdrawals.get(found["request_id"], found["request_id"]), found


def withdraw(world: World, enrolment_ids: Mapping[str, str], reason: str, effective_date: date) -> None:
    """Another system asks that enrolments end, and wants no answer; `enrolment_ids` by the id of the request that led to each."""
    world.bus.declare(Topology((REQUESTS,)))
    publisher = world.bus.publisher()
    try:
        _send(publisher, [_withdrawal(request, enrolment, reason, effective_date) for request, enrolment in enrolment_ids.items()])
    finally:
        publisher.close()


def withdrawal_id(request_id: str) -> str:
    """The id of the message that ends what this request began: the same in every run."""
    return str(uuid5(NAMESPACE_URL, f"{SOURCES[0]}/withdrawals/{request_id}"))


class Mailbox:
    """Where another system publishes from, and gets its answers: a queue of its own that goes when it is not used any more."""

    def __init__(self, world: World) -> None:
        self._address = f"demo.answers.{new_id()}"
        world.bus.declare(Topology((REQUESTS,), [Queue(self._address, transient=True)]))
        self._publisher = world.bus.publisher()
        self._subscription: Subscription = world.bus.subscribe(self._address, CHUNK * 5)

    def publish(self, messages: list[Outgoing], teller: Teller) -> None:
        """Send them in the order of the file."""
        with teller.step("Enrolment requests are published", len(messages)) as note:
            for start in range(0, len(messages), CHUNK):
                _send(self._publisher, [_with_address(message, self._address) for message in messages[start : start + CHUNK]])
                sent = min(start + CHUNK, len(messages))
                note(sent, f"{sent} messages on {REQUESTS}")

    def collect(self, answers: dict[str, Answer], wanted: set[str], teller: Teller) -> None:
        """Take answers until all are there; raises `TryLater` when none has come for a minute."""
        known, last = len(answers), monotonic()
        with teller.step("Every request gets its answer", len(wanted)) as note:
            while wanted - answers.keys():
                if new := self._take(answers):
                    last = monotonic()
                elif monotonic() - last > PATIENCE_S:
                    raise _missing(len(wanted - answers.keys()))
                if new or not known:
                    note(len(answers), _in_words(answers))
            note(len(answers), _in_words(answers) + (f"; {known} were answered in an earlier run" if known else ""))

    def close(self) -> None:
        self._publisher.close()
        self._subscription.close()

    def _take(self, answers: dict[str, Answer]) -> int:
        deliveries = self._subscription.receive(CHUNK, 1.0)
        for delivery in deliveries:
            answer = json.loads(delivery.body)["data"]
            answers[answer["request_id"]] = answer
        if deliveries:
            self._subscription.settle(deliveries[-1])
        return len(deliveries)


def _send(publisher: Publisher, messages: Sequence[Outgoing]) -> None:
    """Raises `TryLater` when nobody listens to requests."""
    if publisher.publish(messages):
        text = "No queue takes enrolment requests: does registration run?"
        raise TryLater("nobody-listens", da=text, en=text)


def _as_sent(line: str, number: int) -> Outgoing:
    """The line as its sender publishes it; one that is no CloudEvent goes out as it is."""
    try:
        message = json.loads(line)
    except ValueError:
        message = {}
    id_ = message.get("id", f"line-{number}")
    return Outgoing(id_, REQUESTS, message.get("type", ENROLMENT_REQUESTED), line.encode(), correlation_id=id_)


def _with_address(message: Outgoing, address: str) -> Outgoing:
    return Outgoing(message.id, message.exchange, message.routing_key, message.body, message.type, message.correlation_id, reply_to=address)


def _withdrawal(request_id: str, enrolment_id: str, reason: str, effective_date: date) -> Outgoing:
    id_ = withdrawal_id(request_id)
    message = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCES[0],
        "type": WITHDRAWAL_REQUESTED,
        "data": {"enrolment_id": enrolment_id, "reason": reason, "effective_date": effective_date.isoformat()},
    }
    return Outgoing(id_, REQUESTS, WITHDRAWAL_REQUESTED, written(message).encode(), correlation_id=id_)


def _in_words(answers: Mapping[str, Answer]) -> str:
    counted = Counter(answer["status"] for answer in answers.values())
    return f"{counted['accepted'] + counted['withdrawn']} accepted, {counted['rejected']} rejected"


def _missing(count: int) -> DeltagError:
    text = (
        f"{count} requests have had no answer, and none came for {PATIENCE_S} seconds."
        " Is registration well? Look at /health/ready and `deltag parked list registration`."
    )
    return TryLater("answers-missing", da=text, en=text)
