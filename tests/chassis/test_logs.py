"""Nobody can be found in the logs: the law of redaction, and that every library's lines go through it."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import logs
from tests.servers.databases import Databases

Lines = Callable[[], list[dict[str, Any]]]

WORDS = st.text(st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="@"), max_size=30)


@st.composite
def cpr_numbers(draw: st.DrawFn) -> str:
    """A CPR-like number in one of the spellings that people use; replacement numbers have 60 added to the day."""
    born = draw(st.dates(date(1930, 1, 1), date(2029, 12, 31)))
    day = born.day + draw(st.sampled_from([0, 60]))
    gap = draw(st.sampled_from(["", "-", " ", " - ", "\u2013", "\u00a0", "."]))
    inner = draw(st.sampled_from(["", "", " ", "-", "."]))
    return f"{day:02d}{inner}{born.month:02d}{inner}{born:%y}{gap}{draw(st.integers(0, 9999)):04d}"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logs configured as a service does it; call it for the lines written so far."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    logs.configure("registration", "info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def fail_with(text: str, *, because_of: str) -> None:
    """Raise an error that another error caused."""
    raise ValueError(text) from LookupError(because_of)


@given(before=WORDS, number=cpr_numbers(), after=WORDS)
def test_no_cpr_number_survives_in_any_text(before: str, number: str, after: str) -> None:
    """A CPR number in any spelling, in any text, is taken out."""
    assert number not in logs.clean(before + number + after)


@given(number=cpr_numbers(), depth=st.integers(0, 4))
def test_no_cpr_number_survives_at_any_depth(number: str, depth: int) -> None:
    """It is taken out of lists and objects inside each other too, and of the names of fields."""
    value: Any = number
    for level in range(depth):
        value = [value] if level % 2 else {number: value}
    assert number not in json.dumps(logs.clean(value), ensure_ascii=False)


@given(born=st.dates(date(1930, 1, 1), date(2029, 12, 31)), serial=st.integers(0, 9999))
def test_a_cpr_number_that_became_a_number_goes_too(born: date, serial: int) -> None:
    """A spreadsheet's number, with its leading zero lost, is still a CPR number."""
    assert logs.clean({"n": int(f"{born:%d%m%y}{serial:04d}")}) == {"n": logs.REDACTED}


@given(before=WORDS, id=st.uuids(), after=WORDS)
def test_ids_survive(before: str, id: uuid.UUID, after: str) -> None:
    """A UUID is left as it is, whatever stands around it: without ids a log is of no use."""
    assert str(id) in logs.clean(f"{before} {id} {after}")


@given(time=st.datetimes(timezones=st.just(UTC)), form=st.sampled_from(["seconds", "milliseconds", "microseconds"]))
def test_times_survive(time: datetime, form: str) -> None:
    """A time in RFC 3339 is left as it is."""
    text = time.isoformat(timespec=form)
    assert logs.clean(f"due at {text}.") == f"due at {text}."


@given(before=WORDS, local=st.from_regex(r"[a-z0-9.+_-]{1,20}", fullmatch=True), domain=st.sampled_from(["example.dk", "mail.ballerup.dk"]))
def test_no_email_address_survives(before: str, local: str, domain: str) -> None:
    """An e-mail address is taken out."""
    assert f"{local}@{domain}" not in logs.clean(f"{before} {local}@{domain} sent")


@pytest.mark.parametrize(
    "number", ["+45 20 30 40 50", "+4520304050", "0045 20304050", "20304050", "20 30 40 50", "45 20 30 40 50", "+90 532 123 45 67"]
)
def test_phone_numbers_go(number: str) -> None:
    """Phone numbers are taken out, Danish ones with and without the country's code."""
    assert logs.clean(f"call {number}, please") == "call [phone], please"


@pytest.mark.parametrize(
    "key", ["given_name", "cpr_number", "guardian_email", "home_phone", "body", "data", "smtp_password", "Authorization"]
)
def test_what_has_a_personal_name_goes_whole(key: str) -> None:
    """Under a personal name the whole value goes, whatever it looks like."""
    assert logs.redact(None, "", {key: {"anything": "Karla"}}) == {key: logs.REDACTED}


def test_what_has_another_name_stays() -> None:
    """Names of things, counts and measures stay readable."""
    event = {"queue_name": "events.facts", "http_address": "127.0.0.1:8081", "attempts": 3, "seconds": 0.25, "reason": None, "port": 20304}
    assert logs.redact(None, "", dict(event)) == event


def test_bytes_are_only_counted() -> None:
    """A message's raw bytes are never written out."""
    assert logs.clean(b'{"given_name": "Karla"}') == "[23 bytes]"


def test_credentials_in_addresses_go() -> None:
    """The user and the password of a URL are taken out, and the host stays."""
    assert logs.clean("lost amqp://events:pa55@rabbit:5672/deltag") == "lost amqp://[credentials]@rabbit:5672/deltag"


def test_long_texts_are_cut_and_quickly() -> None:
    """A text of a megabyte costs no more than its first part."""
    assert len(logs.clean("x" * 1_000_000)) == logs.LONGEST_TEXT


def test_a_line_says_what_when_and_where(lines: Lines) -> None:
    """A line is JSON with the event, the level, the time in UTC, the service and what was bound to the work."""
    with structlog.contextvars.bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("deltag.test").info("mail sent", mail_id=str(uuid.UUID(int=1)))
    (line,) = lines()
    assert line["event"] == "mail sent"
    assert (line["level"], line["service"], line["correlation_id"], line["logger"]) == ("info", "registration", "c-1", "deltag.test")
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == UTC.utcoffset(None)


def test_lines_of_other_libraries_go_the_same_way(lines: Lines) -> None:
    """What kombu or any other library logs is JSON too, and redacted."""
    logging.getLogger("kombu.connection").warning("lost %s for %s", "amqp://u:p@h", "010190-1234")
    (line,) = lines()
    assert line["event"] == "lost amqp://[credentials]@h for [cpr]"
    assert line["logger"] == "kombu.connection"


def test_exceptions_are_redacted(lines: Lines) -> None:
    """A CPR number in an exception's text, or in the one that caused it, does not reach the log."""
    try:
        fail_with("bad 710190-1234", because_of="karla@example.dk")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert "LookupError" in line["exception"]
    assert "710190" not in line["exception"]
    assert "karla" not in line["exception"]


def test_what_a_database_quotes_is_redacted(lines: Lines, databases: Databases) -> None:
    """A failed statement is logged without the values that it was called with."""
    insert, name = sa.text("insert into child values (:given)"), "Karla"
    with databases.copied() as url:
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(sa.text("create table child (given text primary key)"))
            connection.execute(insert, {"given": name})
        try:
            with engine.begin() as connection:
                connection.execute(insert, {"given": name})
        except sa.exc.IntegrityError:
            structlog.get_logger().exception("failed")
        engine.dispose()
    (line,) = lines()
    assert "UniqueViolation" in line["exception"]
    assert name not in json.dumps(line)


def test_less_than_the_level_is_not_written(lines: Lines) -> None:
    """Debug lines are left out at level info."""
    structlog.get_logger().debug("detail")
    assert lines() == []
