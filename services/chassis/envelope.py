"""The envelope of every message: a CloudEvent 1.0.2, in JSON.

Inside Deltag it is always structured (`application/cloudevents+json`); from outside the binary mode is read too
(attributes as `cloudEvents_…`, `cloudEvents:…` or `ce-…` headers, the data as the body).
Extension attributes: `sequence` (per aggregate, from 1; ten digits, so that it sorts as text as the extension's
specification asks), `correlationid`, `causationid`, `municipality`, `programme`, `traceparent` (W3C), `recordedtime`,
`dataclassification`, and `snapshot`, which marks a re-emitted present state.

Sources: CloudEvents 1.0.2 with its JSON format, its AMQP binding and the documented extensions `sequence`,
`distributed-tracing`, `recordedtime` and `data-classification`.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from services.chassis.errors import Malformed, Reason, TooLarge

T = TypeVar("T")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its offset: without one nobody can tell how long ago it was."""

STRUCTURED = "application/cloudevents+json"
MAX_BYTES = 1_048_576
"""The largest message that is read; what is larger is parked."""
MAX_TEXT = 255
"""The longest attribute."""
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, `traceparent`: version, trace id, parent id and flags; all-zero ids are invalid."""
MUNICIPALITY = re.compile(r"[0-9]{4}")
PROGRAMME = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises for bytes that hold no JSON, no UTF-8, a number that no machine has, or lists in lists without end."""


class Envelope(msgspec.Struct, kw_only=True):
    """A CloudEvent as it travels. `data` stays raw until a handler's schema reads it."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str | None = None
    time: Moment | None = None
    sequence: str | int | None = None
    correlationid: str | None = None
    causationid: str | None = None
    municipality: str | None = None
    programme: str | None = None
    traceparent: str | None = None
    recordedtime: Moment | None = None
    dataclassification: str | None = None
    dataschema: str | None = None
    datacontenttype: str | None = None
    snapshot: bool | str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class Received(msgspec.Struct, Generic[T], frozen=True):
    """A message as a handler sees it. Times are aware; `sequence` is None for requests from outside."""

    id: str
    source: str
    type: str
    subject: str
    data: T
    time: datetime | None = None
    sequence: int | None = None
    correlationid: str | None = None
    traceparent: str | None = None
    municipality: str | None = None
    programme: str | None = None
    reply_to: str | None = None
    reply_correlation: str | None = None
    snapshot: bool = False


class Outgoing(msgspec.Struct, frozen=True):
    """A message on its way out, encoded: what the outbox keeps and the relay publishes."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    type: str = ""
    correlation_id: str | None = None
    key: str = ""
    reply_to: str | None = None
    content_type: str = STRUCTURED
    headers: Mapping[str, Any] = msgspec.field(default_factory=dict)


_DECODE = msgspec.json.Decoder(Envelope).decode
_ENCODE = msgspec.json.Encoder().encode
_TEXTS = ("id", "source", "type", "subject", "correlationid", "causationid", "municipality", "programme", "traceparent")
_CARRIED_ON = ("id", "correlationid")
"""By these an answer names what it answers: as short texts of AMQP, which are measured in bytes."""
_DIGITS = re.compile(r"[0-9]{1,12}")
"""Contracts say ten. Snapshots may skip numbers, and the ledger's sum of what was skipped must stay within a bigint."""
_TIMES = ("time", "recordedtime")
_PREFIXES = ("cloudEvents_", "cloudEvents:", "ce-", "ce_")


def encode(envelope: Mapping[str, Any]) -> bytes:
    """The structured form, as JSON."""
    return _ENCODE(envelope)


def decode(body: bytes, content_type: str | None, headers: Mapping[str, Any]) -> Envelope:
    """Read a CloudEvent in either mode; raises `Malformed` with a reason a person can act on."""
    if len(body) > MAX_BYTES:
        raise TooLarge(
            "too-large", da=f"Beskeden fylder mere end {MAX_BYTES} byte.", en=f"The message is over {MAX_BYTES} bytes; send less."
        )
    attributes = binary_attributes(headers)
    envelope = _binary(body, attributes) if "specversion" in attributes else _structured(body, content_type)
    _check(envelope)
    return envelope


def binary_attributes(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvents attributes among AMQP headers, by their own names (binary mode)."""
    found = {}
    for name, value in headers.items():
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                attribute = name.removeprefix(prefix).lower()
                found[attribute] = _native(attribute, value)
    return found


def _native(attribute: str, value: Any) -> Any:
    """AMQP's own forms of a value: text may come as bytes, and a time as milliseconds since 1970 (AMQP binding, 3.1.3.2).

    A header of AMQP 0.9.1's own type for times comes from py-amqp as UTC that does not say so.
    """
    if attribute in _TIMES and isinstance(value, int):
        with suppress(ValueError, OverflowError):  # what is no time is refused with the rest
            return datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        value = value.encode(errors="surrogatepass")  # py-amqp lets lone surrogates through, which no database takes
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _structured(body: bytes, content_type: str | None) -> Envelope:
    if content_type and "json" not in content_type:
        raise _malformed(
            "content-type", "wrong-content-type", f"Expected {STRUCTURED}; set content_type, or use the binary mode's headers."
        )
    try:
        return _DECODE(body)
    except UNREADABLE as error:
        raise _malformed("", "not-a-cloudevent", f"Not a CloudEvent 1.0 in JSON: {without_values(str(error))}.") from None


def _binary(body: bytes, attributes: Mapping[str, Any]) -> Envelope:
    try:
        data = msgspec.Raw(body or b"null")
        msgspec.json.decode(data)
        return msgspec.convert({**attributes, "data": data}, Envelope, strict=False)
    except UNREADABLE as error:
        raise _malformed("", "not-a-cloudevent", f"Not a CloudEvent 1.0 in the binary mode: {without_values(str(error))}.") from None


def _check(envelope: Envelope) -> None:
    if envelope.specversion != "1.0":
        raise _malformed("/specversion", "unknown-specversion", "Only CloudEvents specversion 1.0 is read.")
    for name in ("id", "source", "type"):
        if not getattr(envelope, name):
            raise _malformed(f"/{name}", "field-missing", f"The attribute {name} must not be empty.")
    for name in _TEXTS:
        text = getattr(envelope, name) or ""
        if len(text) > MAX_TEXT or "\0" in text:
            raise _malformed(f"/{name}", "wrong-format", f"The attribute {name} has at most {MAX_TEXT} characters, none of them NUL.")
    for name in _CARRIED_ON:
        if len((getattr(envelope, name) or "").encode()) > MAX_TEXT:
            raise _malformed(f"/{name}", "wrong-format", f"The attribute {name} has at most {MAX_TEXT} bytes in UTF-8.")


def _malformed(field: str, slug: str, text: str) -> Malformed:
    return Malformed(reasons=[Reason(slug, field, text, text)])


def sane(pattern: re.Pattern[str], given: str | None) -> str | None:
    """A sender's attribute if it has that form: what follows repeats it, and another one may hold anybody's data."""
    return given if given and pattern.fullmatch(given) else None


def without_values(text: str) -> str:
    """A decoder's complaint without the value that it quotes, which may be personal."""
    return re.sub(r"'[^']*'", "…", text)


def sequence_number(envelope: Envelope) -> int | None:
    """The sequence as a number, or None; raises `Malformed` when it is there and is none."""
    if envelope.sequence is None:
        return None
    text = str(envelope.sequence)
    if not _DIGITS.fullmatch(text):
        raise _malformed("/sequence", "wrong-format", "The attribute sequence must be digits, at most 12.")
    return int(text)
