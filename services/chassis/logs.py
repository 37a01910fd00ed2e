"""Logs: one JSON object a line, from every library alike, with nobody in them.

Everything goes through one chain: context (`service`, `correlation_id`), level, time in UTC, and at its end
`redact`, which takes out what may tell who somebody is: CPR numbers and replacement numbers in every usual spelling,
e-mail addresses, phone numbers, credentials in URLs, the values a database quotes in its errors, and the whole value
under a personal name (`given_name`, `body`, …). Ids (UUIDs), dates and times stay. What only looks like a CPR number
goes too: a log can do without it.

    log = structlog.get_logger(__name__)
    log.info("mail sent", mail_id=mail_id)

Bind what a whole piece of work shares with `structlog.contextvars.bound_contextvars(correlation_id=…)`.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
LONGEST_TEXT = 20_000
"""What is longer is cut: a log line is no place for a document."""

_ALWAYS = """
    authorization birth_date child_name cookie cpr cpr_number email family_name first_name full_name given_name guardian_name
    last_name passphrase password payload person_name phone plaintext private_key secret token
"""
_ALONE = "address body card child contact data guardian guardians name parameters params recipient sealed street"

ALWAYS_PERSONAL = frozenset(_ALWAYS.split())
"""Under these names the whole value goes, and under longer names that end in one of them (`home_phone`)."""

ALONE_PERSONAL = frozenset(_ALONE.split())
"""Under these names too, but not under longer ones: a `queue_name` is nobody's."""

_NOISY = {"amqp": "WARNING", "kombu": "WARNING", "sqlalchemy.engine": "WARNING", "alembic": "WARNING", "nameko": "WARNING"}

_DATE = r"\d{4}-\d\d-\d\d"
_KEEP = rf"""
    [0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}   # a UUID
  | (?<![0-9A-Za-z])(?=\d*[a-fA-F])(?:[0-9a-fA-F]{{32}}|[0-9a-fA-F]{{16}})(?![0-9A-Za-z])   # a trace's id, a hash
  | (?<!\d){_DATE}(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)    # a date or a time
"""
_GAP = r"[\s\u00a0./\u2010-\u2015-]"
_DAY = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
_CPR = rf"(?<!\d){_DAY}{_GAP}?(?:0[1-9]|1[0-2]){_GAP}?\d\d{_GAP}{{0,3}}\d{{4}}(?!\d)"
_PHONE = r"(?<!\d)(?:(?:\+|00)\d{1,3}[\s-]?(?:\d[\s-]?){5,12}\d|(?:45[\s-]?)?[2-9]\d(?:[\s-]?\d\d){3})(?!\d)"
_EMAIL = r"[^\s@<>\"'(),;:=]{1,64}@[^\s@<>\"'(),;:]{1,255}"
_CREDENTIALS = r"(?<=://)[^\s/@]+(?=@)"
_QUOTED = r"DETAIL:[^\n]*|\[parameters:.*?\](?=\n|$)|\[SQL:.*?\](?=\n|$)"
_PATTERN = re.compile(
    rf"(?P<keep>{_KEEP})|(?P<quoted>{_QUOTED})|(?P<credentials>{_CREDENTIALS})|(?P<email>{_EMAIL})|(?P<cpr>{_CPR})|(?P<phone>{_PHONE})",
    re.VERBOSE | re.DOTALL,
)

_CPR_ALONE = re.compile(_CPR)

_JSON = msgspec.json.Encoder(enc_hook=str)


def configure(service: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process as JSON to `stream` (standard error, if none is named). Call it once, first."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_service(service),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        _as_json,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    _route(handler, level)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last processor before a line is written: whatever may tell who somebody is, goes."""
    return {_clean_text(str(key)): _clean_field(str(key), value) for key, value in event.items()}


def clean(value: Any) -> Any:
    """The same for any value: texts cleaned, containers at every depth, bytes reduced to their size."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return _clean_number(value)
        case bytes() | bytearray():
            return f"[{len(value)} bytes]"
        case Mapping() | list() | tuple() | set() | frozenset():
            return _clean_container(value)
        case _:
            return _clean_text(str(value))


def _clean_container(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_clean_text(str(key)): _clean_field(str(key), inner) for key, inner in value.items()}
    return [clean(inner) for inner in value]


def _clean_number(value: int) -> Any:
    return REDACTED if _CPR_ALONE.fullmatch(f"{value:010d}") else value


def _clean_field(key: str, value: Any) -> Any:
    return REDACTED if value is not None and _is_personal(key) else clean(value)


def _is_personal(key: str) -> bool:
    words = re.split(r"[_\-.\s]", key.lower())
    endings = {"_".join(words[start:]) for start in range(len(words))}
    return key.lower() in ALONE_PERSONAL or not ALWAYS_PERSONAL.isdisjoint(endings)


def _clean_text(text: str) -> str:
    return _PATTERN.sub(_replacement, text[:LONGEST_TEXT])


def _replacement(found: re.Match[str]) -> str:
    return found.group() if found.lastgroup == "keep" else f"[{found.lastgroup}]"


def _with_service(name: str) -> Processor:
    """Where several services share a process, each binds its own name, which counts."""

    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", name)
        return event

    return add


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _JSON.encode(event).decode()


def _route(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(max(logging.getLevelName(least), root.level))
    logging.captureWarnings(capture=True)
