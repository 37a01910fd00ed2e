"""JSON is taken at its word: a number is no text, `true` is no number, and nothing unknown is let by in silence.

marshmallow's fields are lenient on purpose ("3" is an integer, "on" is true). `strictly` tightens a body's schema once,
where its route is declared; `load` then reports everything that is wrong, by JSON pointer.
"""

from collections.abc import Iterator
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from services.chassis.errors import Invalid, Reason
from services.chassis.http.texts import of_marshmallow


class Only:
    """A set of the one value that *is* `value`: unlike in `{True}`, 1 is not in it."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __contains__(self, item: object) -> bool:
        return item is self._value


_TRUE, _FALSE = Only(value=True), Only(value=False)


def strictly(schema: Schema) -> Schema:
    """The same schema, refusing what its fields would convert. A `DateTime` without zone is refused here, at import."""
    schema.unknown = RAISE
    for field in schema.fields.values():
        _tighten(field)
    return schema


def load(schema: Schema, data: object) -> Any:
    """What the schema makes of `data`; raises `Invalid` with every reason at once."""
    try:
        return schema.load(data)  # type: ignore[arg-type]  # whatever JSON was sent
    except ValidationError as error:
        raise Invalid(reasons=list(reasons(error.messages))) from None


def reasons(messages: Any, pointer: str = "") -> Iterator[Reason]:
    """The schema's tree of messages as a flat list, each with the JSON pointer of its field."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from reasons(below, pointer if key == "_schema" else f"{pointer}/{escaped(str(key))}")
    else:
        yield from (of_marshmallow(str(message), pointer) for message in messages)


def escaped(token: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _tighten(field: Any) -> None:
    match field:
        case fields.Boolean():
            field.truthy, field.falsy = _TRUE, _FALSE  # type: ignore[assignment]  # all that is asked of them is `in`
        case fields.Integer():
            field.strict = True
        case fields.Float():
            field.num_type = _number  # type: ignore[assignment]
        case fields.Decimal():
            raise TypeError(f"{field.name}: JSON has no decimals, use fields.Float or count in whole units")
        case fields.AwareDateTime():
            pass
        case fields.DateTime():
            raise TypeError(f"{field.name}: a moment without its offset is ambiguous, use fields.AwareDateTime")
        case fields.Nested():
            strictly(field.schema)
        case fields.List():
            _tighten(field.inner)
        case fields.Dict():
            _tighten(field.value_field)


def _number(value: Any) -> float:
    if isinstance(value, str):
        raise TypeError("a text is no number")
    return float(value)
