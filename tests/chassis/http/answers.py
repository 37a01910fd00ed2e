"""Reads what a door answered."""

from typing import Any

from werkzeug.test import TestResponse


def read(answer: TestResponse) -> dict[str, Any]:
    """The answer's JSON, which is an object."""
    assert isinstance(answer.json, dict)
    return answer.json
