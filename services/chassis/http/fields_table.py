"""Reads an OpenAPI document for people: its operations, and each body as a flat table of fields."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Part = Mapping[str, Any]

_RULES = {
    "format": "{}",
    "enum": "one of {}",
    "const": "always {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "default": "else {}",
}


class Row(NamedTuple):
    """One field: where it is, what it holds, and the rules that it follows."""

    name: str
    type: str
    required: bool
    rules: str
    text: str


class Body(NamedTuple):
    """What is sent or answered: its fields, and an example of it."""

    media_type: str
    rows: list[Row]
    example: str


class Reader:
    """Follows the references of one document."""

    def __init__(self, whole: Part) -> None:
        self._whole = whole

    def operations(self) -> Iterator[dict[str, Any]]:
        """Every operation, with all that a reader needs beside it."""
        for path, methods in self._whole["paths"].items():
            for method, operation in methods.items():
                yield {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "description": operation["description"].split("\n\n"),
                    "parameters": [self._parameter(given) for given in operation["parameters"]],
                    "body": self._body(operation.get("requestBody", {})),
                    "responses": [self._response(status, given) for status, given in operation["responses"].items()],
                }

    def _parameter(self, given: Part) -> Row:
        parameter = self._resolved(given)
        row = self._row(parameter["name"], parameter.get("schema", {}), required=parameter.get("required", False))
        return row._replace(text=parameter.get("description", row.text), type=f"{row.type}, {parameter['in']}")

    def _response(self, status: str, given: Part) -> dict[str, Any]:
        response = self._resolved(given)
        is_problem = str(given.get("$ref", "")).startswith("#/components/responses/Problem")
        body = None if is_problem else self._body(response)
        return {"status": status, "text": response["description"], "body": body}

    def _body(self, given: Part) -> Body | None:
        for media_type, content in given.get("content", {}).items():
            example = content.get("example")
            return Body(media_type, list(self.rows(content["schema"])), "" if example is None else shown(example))
        return None

    def rows(self, schema: Part, prefix: str = "", seen: tuple[str, ...] = ()) -> Iterator[Row]:
        """The fields of a schema and of what is in it, in order; a schema that holds itself is shown once."""
        reference = self._reference(schema)
        if reference and reference in seen:
            return
        inner = self._resolved(schema)
        if "items" in inner:
            yield from self.rows(inner["items"], f"{prefix}[]", (*seen, reference))
        for name, below in inner.get("properties", {}).items():
            path = f"{prefix}.{name}" if prefix else name
            yield self._row(path, below, required=name in inner.get("required", ()))
            yield from self.rows(below, path, (*seen, reference))

    def _row(self, name: str, schema: Part, *, required: bool) -> Row:
        inner = self._resolved(schema)
        rules = [text.format(_in_words(inner[rule])) for rule, text in _RULES.items() if rule in inner]
        return Row(name, self._type(inner), required, "; ".join(rules), str(inner.get("description", "")))

    def _type(self, schema: Part) -> str:
        if "items" in schema:
            return f"list of {self._type(self._resolved(schema['items']))}"
        given = schema.get("type", "any")
        return " or ".join(given) if isinstance(given, list) else str(given)

    def _reference(self, schema: Part) -> str:
        several = schema.get("allOf") or schema.get("anyOf") or [schema]
        return str(several[0].get("$ref", ""))

    def _resolved(self, part: Part) -> Part:
        """The part itself, with what it refers to (the first, of several) filled in."""
        reference = self._reference(part)
        if not reference:
            return part
        found: Any = self._whole
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return {**found, **{key: value for key, value in part.items() if key not in ("$ref", "allOf", "anyOf")}}


def shown(example: Any) -> str:
    """JSON for people."""
    return json.dumps(example, ensure_ascii=False, indent=2)


def _in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
