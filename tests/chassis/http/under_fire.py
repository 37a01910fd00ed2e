"""Any service's door under fire from schemathesis, in process.

stage, schema = set_up(api)

@schema.parametrize()
def test_…(case, …):
    stage.door = wsgi(context)
    hold(case, headers)
"""

from collections.abc import Sequence
from typing import Any

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core.parameters import ParameterLocation

from services.chassis.http import Api
from services.chassis.http.openapi import document
from services.chassis.ids import new_id


class Stage:
    """Where schemathesis finds the door of the test that runs: it wants an application when the tests are collected."""

    door: Any = None
    applicant: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Hand the request to the door."""
        return self.door(environ, start_response)


def set_up(api: Api) -> tuple[Stage, Any]:
    """A stage, and the API's document as schemathesis reads it: `schema.parametrize()` makes a test for each operation."""
    stage = Stage()
    schema = schemathesis.openapi.from_dict(document(api) | {"servers": [{"url": "/"}]})
    schema.app, schema.location = stage, "/openapi.json"
    schema.config.generation.update(allow_x00=False)  # PostgreSQL cannot keep it; tests of the door refuse it by name
    return stage, schema


def hold(case: schemathesis.Case[Any], headers: dict[str, str], *, but_for: Sequence[str] = ()) -> None:
    """Send the case; whatever fits the document must be accepted, and whatever does not, refused.

    `headers` say who calls, unless the case's headers are wrong on purpose. A cursor that fits is still made up (it is
    opaque), so being refused for it is right; and no key is used twice. `but_for` names checks that an operation is
    right not to pass.
    """
    own = dict(case.headers or {})
    if not _has_wrong_headers(case):
        own = headers | {name: new_id() if name == "Idempotency-Key" else value for name, value in own.items() if name not in headers}
    made_up = ["positive_data_acceptance"] if "after" in (case.query or {}) else []
    excluded: list[Any] = [CHECKS.get_one(name) for name in (*made_up, *but_for)]
    case.call_and_validate(headers=own, excluded_checks=excluded)


def _has_wrong_headers(case: schemathesis.Case[Any]) -> bool:
    headers = case.meta and case.meta.components.get(ParameterLocation.HEADER)
    return bool(headers and headers.mode.is_negative)
