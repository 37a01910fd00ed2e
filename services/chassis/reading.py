"""From a delivery to a message that a handler can take: decode, recognise, check, read.

Nothing here raises for a bad message: what is wrong with it becomes its `fault`, so that a batch can be sorted
before anything is handled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from services.chassis.bus import Delivery
from services.chassis.contracts import gate, problems
from services.chassis.envelope import (
    MAX_TEXT,
    MUNICIPALITY,
    PROGRAMME,
    TRACEPARENT,
    UNREADABLE,
    Envelope,
    Received,
    decode,
    sane,
    sequence_number,
    without_values,
)
from services.chassis.errors import DeltagError, Invalid, Malformed, Reason
from services.chassis.personal_number import looks_personal
from services.chassis.service import Handler, Listen
from services.chassis.storage import aggregate_key, content_hash

_NAMES = ("id", "source", "subject", "type")
"""The attributes of a request by which logs, lists and answers call it."""


@dataclass(slots=True)
class Incoming:
    """One delivery, read as far as it goes.

    `key` and `sequence` place it among its aggregate's messages (facts); `source`, `id` and `content` identify it
    (requests). `handler` is None for a fact that this service need not act on. `refusals` holds what a contract found.
    `row` is its id in `chassis.deferred`, if it has been there. One that has waited for a lock already is `hurried`: it waits for
    no lock longer than so many seconds.
    """

    delivery: Delivery
    id: str
    source: str = ""
    content: str = ""
    type: str = ""
    key: str = ""
    sequence: int | None = None
    message: Received[Any] | None = None
    handler: Handler | None = None
    fault: DeltagError | None = None
    refusals: Sequence[Reason] = ()
    row: int | None = None
    attempts: int = 0
    hurried: float = 0.0

    @property
    def snapshot(self) -> bool:
        """Whether it carries an aggregate's present state again, instead of the next thing that happened."""
        return self.message is not None and self.message.snapshot


FAULTS = (DeltagError, *UNREADABLE, LookupError, TypeError, ArithmeticError)
"""What is the message's own fault, and so must not stop its queue. No file, no memory: that is ours, and nobody is parked for it."""


class Reader:
    """Reads deliveries as one `Listen` says."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen
        self._decoders: dict[str, Callable[[msgspec.Raw], Any]] = {
            # A contract has told the types already, and to JSON Schema 1.0 is a whole number.
            type_: msgspec.json.Decoder(h.schema, strict=h.contract is None).decode
            for type_, h in listen.reads.items()
        }
        self._known = {stem(type_) for type_ in listen.reads}
        for contract in filter(None, (handler.contract for handler in listen.reads.values())):
            gate(contract)  # now, and not when there is perhaps no file left to open

    def read(self, delivery: Delivery) -> Incoming:
        """Never raises for what the message holds."""
        try:
            envelope = decode(delivery.body, delivery.content_type, delivery.headers)
            if not self._listen.ordered:
                _check_names(envelope)
        except FAULTS as error:
            digest = blake2b(delivery.body, digest_size=16).hexdigest()
            return Incoming(delivery, id=f"unreadable:{digest}", content=digest, fault=_fault(error))
        return self._placed(delivery, envelope)

    def _placed(self, delivery: Delivery, envelope: Envelope) -> Incoming:
        incoming = Incoming(delivery, envelope.id, envelope.source, type=envelope.type)
        try:
            if self._listen.ordered:
                self._place(incoming, envelope)
            else:
                incoming.content = content_hash(msgspec.json.encode([envelope.type, envelope.data]))
            self._read_data(incoming, envelope)
        except FAULTS as error:
            incoming.fault = _fault(error)
        return incoming

    def _place(self, incoming: Incoming, envelope: Envelope) -> None:
        sequence = sequence_number(envelope)
        if not envelope.subject or sequence is None or sequence < 1 or envelope.type.count(".") < 2:  # noqa: PLR2004 - service.aggregate.fact
            raise Malformed(
                "not-a-fact",
                da="En kendsgerning skal have subject, sequence (fra 1) og en type som service.aggregat.hændelse.v1.",
                en="A fact needs a subject, a sequence (from 1) and a type like service.aggregate.fact.v1.",
            )
        incoming.sequence = sequence
        incoming.key = aggregate_key(envelope.type, envelope.subject)

    def _read_data(self, incoming: Incoming, envelope: Envelope) -> None:
        incoming.handler = self._listen.reads.get(envelope.type)
        if incoming.handler is None:
            self._unknown(envelope)
            incoming.message = received(envelope, incoming, None)
            return
        incoming.refusals = self._refusals(incoming.handler, envelope)
        data = None if incoming.refusals else self._data(envelope)
        incoming.message = received(envelope, incoming, data)

    def _unknown(self, envelope: Envelope) -> None:
        """A fact that is new to us is let by; a new version of one that we read, or an unknown request, is not."""
        if not self._listen.ordered or stem(envelope.type) in self._known:
            known = ", ".join(sorted(self._listen.reads))
            raise Invalid(
                "unknown-type",
                field="/type",
                da=f"Beskedens type eller version kendes ikke her. Kendte: {known}.",
                en=f"The message's type or version is not known here. Known: {known}.",
            )

    def _refusals(self, handler: Handler, envelope: Envelope) -> Sequence[Reason]:
        if handler.contract is None:
            return ()
        found = problems(handler.contract, msgspec.json.decode(envelope.data))
        if found and handler.refuse is None:
            raise Invalid(reasons=found)
        return found

    def _data(self, envelope: Envelope) -> Any:
        try:
            return self._decoders[envelope.type](envelope.data)
        except UNREADABLE as error:
            raise _unreadable_data(error) from None


def _check_names(envelope: Envelope) -> None:
    """Raises `Malformed` where a request is named after somebody: it is then kept under a name of ours."""
    for name in _NAMES:
        if looks_personal(getattr(envelope, name) or ""):
            raise Malformed(
                "personal-number",
                field=f"/{name}",
                da=f"{name} indeholder noget, der ligner et CPR-nummer. Send anmodningen igen under et id, der ikke siger noget om nogen.",
                en=f"The attribute {name} holds what looks like a CPR number. Send the request again under an id that tells of nobody.",
            )


def _fault(error: Exception) -> DeltagError:
    return error if isinstance(error, DeltagError) else _unreadable_data(error)


def _unreadable_data(error: Exception) -> Invalid:
    text = without_values(str(error))
    return Invalid("unreadable-data", field="/data", da=f"Indholdet kan ikke læses: {text}", en=f"The data cannot be read: {text}")


def received(envelope: Envelope, incoming: Incoming, data: Any) -> Received[Any]:
    """The handler's view of a message."""
    return Received(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        subject=envelope.subject or "",
        data=data,
        time=envelope.time,
        sequence=incoming.sequence,
        correlationid=envelope.correlationid,
        traceparent=sane(TRACEPARENT, envelope.traceparent),
        municipality=sane(MUNICIPALITY, envelope.municipality),
        programme=sane(PROGRAMME, envelope.programme),
        reply_to=_address(incoming.delivery.reply_to),
        reply_correlation=_cut(incoming.delivery.correlation_id),
        snapshot=envelope.snapshot in (True, "true"),
    )


def _address(given: str | None) -> str | None:
    """Where to answer, unless it grew too long to be written again: what is not UTF-8 takes more room once it is read."""
    return given if given == _cut(given) else None


def _cut(given: str | None) -> str | None:
    return given and given.encode()[:MAX_TEXT].decode(errors="ignore")


def stem(type_: str) -> str:
    """The type without its version."""
    return type_.rpartition(".v")[0]
