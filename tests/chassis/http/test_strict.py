"""Bodies are taken at their word."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from services.chassis.errors import Invalid
from services.chassis.http.strict import QUERY, load, strictly


class Inner(Schema):
    count = fields.Integer(required=True)


class Strict(Schema):
    count = fields.Integer()
    weight = fields.Float()
    flag = fields.Boolean()
    day = fields.Date()
    at = fields.AwareDateTime()
    counts = fields.List(fields.Integer())
    by_name = fields.Dict(keys=fields.String(), values=fields.Integer())
    anything = fields.Dict()
    inner = fields.Nested(Inner)
    inners = fields.List(fields.Nested(Inner))


SCHEMA = strictly(Strict())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def fields_of(data: Any) -> set[str]:
    """The pointers of everything that is refused."""
    with pytest.raises(Invalid) as refused:
        load(SCHEMA, data)
    return {reason.field for reason in refused.value}


def is_whole(value: Any) -> bool:
    """Whether JSON Schema calls it an integer, for which 3 and 3.0 are the same number."""
    return type(value) is int or (type(value) is float and value.is_integer())


@given(JSON.filter(lambda value: not is_whole(value)))
def test_only_an_integer_is_an_integer(value: Any) -> None:
    """No text, no true and no 3.5 is taken for a whole number."""
    assert fields_of({"count": value}) == {"/count"}


def test_a_whole_number_is_whole_however_it_is_written() -> None:
    """JSON makes no difference between 3 and 3.0, so neither does the door; what comes out is an integer."""
    (count,) = load(SCHEMA, {"count": 3.0}).values()
    assert (count, type(count)) == (3, int)


@pytest.mark.parametrize("day", ["20260301", "2026-W09-7", "2026-060", "2026-3-1", "2026-02-30", "2026-03-01T00:00:00Z", 20260301, None])
def test_a_day_is_written_in_one_way(day: Any) -> None:
    """A day is YYYY-MM-DD and exists."""
    assert fields_of({"day": day}) == {"/day"}


@pytest.mark.parametrize("at", ["2026-03-01T09:30:00", "2026-03-01", "20260301T093000Z", "2026-03-01T25:00:00Z", 1772357400, True])
def test_a_moment_has_its_offset(at: Any) -> None:
    """A moment is RFC 3339 with Z or an offset; without, nobody knows when it is."""
    assert fields_of({"at": at}) == {"/at"}


@given(st.dates(), st.datetimes(timezones=st.timezones()))
def test_days_and_moments_pass(day: date, at: datetime) -> None:
    """What Python writes as ISO 8601 with an offset is read as the same moment."""
    offset_in_minutes = at.replace(tzinfo=timezone(timedelta(minutes=(at.utcoffset() or timedelta()) // timedelta(minutes=1))))
    assert load(SCHEMA, {"day": day.isoformat(), "at": offset_in_minutes.isoformat()}) == {"day": day, "at": offset_in_minutes}


QUERY_SCHEMA = strictly(Strict(), QUERY)


@pytest.mark.parametrize("text", ["3.0", " 3", "+3", "1_000", "٣", "", "3" * 19])
def test_a_number_in_a_query_is_digits(text: str) -> None:
    """In a query everything is text, and a whole number is its digits."""
    with pytest.raises(Invalid):
        load(QUERY_SCHEMA, {"count": text})


@pytest.mark.parametrize("text", ["1", "on", "True", "yes", ""])
def test_a_boolean_in_a_query_is_a_word(text: str) -> None:
    """In a query a boolean is `true` or `false`."""
    with pytest.raises(Invalid):
        load(QUERY_SCHEMA, {"flag": text})


def test_a_query_is_read() -> None:
    """What is written as it should be is read."""
    assert load(QUERY_SCHEMA, {"count": "-3", "flag": "true", "weight": "1.5"}) == {"count": -3, "flag": True, "weight": 1.5}


@given(JSON.filter(lambda value: type(value) not in (int, float)))
def test_only_a_number_is_a_number(value: Any) -> None:
    """No text and no true is taken for a number."""
    assert fields_of({"weight": value}) == {"/weight"}


@given(JSON.filter(lambda value: type(value) is not bool))
def test_only_true_and_false_are_booleans(value: Any) -> None:
    """No 1, no "on" and no "false" is taken for a boolean."""
    assert fields_of({"flag": value}) == {"/flag"}


@given(st.integers(min_value=-(2**31), max_value=2**31 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_the_right_types_pass(count: int, weight: float, flag: bool) -> None:  # noqa: FBT001 - a property's values
    """What is right goes through unchanged."""
    data = {"count": count, "weight": weight, "flag": flag}
    assert load(SCHEMA, data) == data


def test_everything_wrong_is_said_at_once() -> None:
    """All errors come together, each by its JSON pointer, inside lists and objects too."""
    wrong = {
        "count": "3",
        "flag": 1,
        "counts": [1, "2", True],
        "by_name": {"a": 1, "b": "2"},
        "inner": {"count": "4"},
        "inners": [{"count": 1}, {}, 5],
        "colour": "red",
    }
    assert fields_of(wrong) == {
        "/count", "/flag", "/counts/1", "/counts/2", "/by_name/b/value", "/inner/count", "/inners/1/count", "/inners/2", "/colour",
    }  # fmt: skip


@given(st.integers(max_value=-(2**31) - 1) | st.integers(min_value=2**31))
def test_a_number_that_no_column_holds_is_refused(count: int) -> None:
    """A whole number beyond 32 bits is the sender's to mend, wherever it stands."""
    data = {"count": count, "counts": [1, count], "by_name": {"a": count}, "inner": {"count": count}}
    assert fields_of(data) == {"/count", "/counts/1", "/by_name/a/value", "/inner/count"}


def test_a_number_in_a_query_fits_a_column() -> None:
    """A query's whole numbers have the same limits as a body's."""
    with pytest.raises(Invalid, match="Must be from -2147483648 to 2147483647"):
        load(QUERY_SCHEMA, {"count": "3000000000"})


def test_a_validator_that_speaks_one_language_is_refused() -> None:
    """A schema whose refusal is not among the texts in both languages is refused when it is declared."""
    schema = Schema.from_dict({"month": fields.String(validate=validate.Regexp("a", error="A month is written 2024-03."))})
    with pytest.raises(TypeError, match=r"^month: say what breaks the rule in texts\.toml"):
        strictly(schema())


@pytest.mark.parametrize("whole", [[], "text", 5, None, True])
def test_the_body_itself_must_be_an_object(whole: Any) -> None:
    """What is no object at all is refused as a whole."""
    assert fields_of(whole) == {""}


def test_an_unknown_field_that_may_be_personal_is_not_repeated() -> None:
    """A key that does not look like a field's name may hold personal data; its parent is named instead."""
    assert fields_of({"010170-1234": 1}) == {""}


def test_an_error_never_quotes_the_value() -> None:
    """What was sent may be personal, and is never repeated."""
    with pytest.raises(Invalid) as refused:
        load(SCHEMA, {"day": "010170-1234", "count": "010170-1234", "inner": "010170-1234"})
    assert "010170-1234" not in repr([reason.as_dict() for reason in refused.value])
