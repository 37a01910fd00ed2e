"""What the HTTP door takes: the documented examples go through, and near misses do not."""

import pytest
from marshmallow import Schema

from services.chassis.errors import Invalid
from services.chassis.http.strict import load, strictly
from services.events.api import api
from services.events.api.activity_schemas import OPENING, OpeningSchema

EXAMPLES = [(route.body, route.examples["body"]) for route in api.routes if isinstance(route.body, Schema)]


@pytest.mark.parametrize(("schema", "example"), EXAMPLES, ids=lambda value: type(value).__name__ if isinstance(value, Schema) else "")
def test_documented_example_is_taken(schema: Schema, example: object) -> None:
    """The example body of every route is one that the route takes."""
    assert load(schema, example)


@pytest.mark.parametrize("code", ["", "Workshop", "work shop", "workshop\n", "-workshop", "værksted", "w" * 65])
def test_codes_are_small_ascii_words(code: str) -> None:
    """A code is small letters, digits and single hyphens, and nothing beside."""
    with pytest.raises(Invalid) as refused:
        load(strictly(OpeningSchema()), OPENING | {"kind": code})
    assert {reason.field for reason in refused.value} == {"/kind"}


def test_moments_need_their_offset() -> None:
    """A session without an offset is ambiguous, and refused."""
    session = OPENING["sessions"][0] | {"starts_at": "2027-04-10T16:30:00"}  # type: ignore[index]  # the example is JSON
    with pytest.raises(Invalid) as refused:
        load(strictly(OpeningSchema()), OPENING | {"sessions": [session]})
    assert [reason.field for reason in refused.value] == ["/sessions/0/starts_at"]
