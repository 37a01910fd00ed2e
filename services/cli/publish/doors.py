"""Which HTTP door each request goes to: what the message says beside what the address says is the body."""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final
from urllib.parse import quote

from services.cli.publish.lines import Request

ENROLMENT_REQUESTED: Final = "enrolment.requested.v1"

_DOORS: Final[Mapping[str, tuple[str, str]]] = {
    "enrolment.withdrawal-requested.v1": ("POST", "/enrolments/{enrolment_id}/withdrawal"),
    "enrolment.step-requested.v1": ("POST", "/enrolments/{enrolment_id}/steps"),
    "consent.giving-requested.v1": ("POST", "/consents"),
    "consent.withdrawal-requested.v1": ("POST", "/consents/{consent_id}/withdrawal"),
    "family.correction-requested.v1": ("PATCH", "/guardians/{guardian_id}"),
    "family.guardian-requested.v1": ("POST", "/children/{child_id}/guardians"),
    "family.guardianship-requested.v1": ("PUT", "/children/{child_id}/guardians/{guardian_id}"),
    "family.identity-correction-requested.v1": ("POST", "/corrections"),
    "protection.requested.v1": ("POST", "/protections"),
}
_BODY: Final[Mapping[str, str]] = {"family.correction-requested.v1": "changes"}
"""The field that is the whole body, where one is."""


def has_door(request: Request) -> bool:
    """Whether it can be asked for over HTTP at all."""
    return request.type == ENROLMENT_REQUESTED or request.type in _DOORS


def door_of(request: Request) -> tuple[str, str, Any]:
    """Method, path below /v1, and body."""
    if request.type == ENROLMENT_REQUESTED:
        return "POST", "/enrolment-requests", {"id": request.id, "data": request.data}
    method, path = _DOORS[request.type]
    named = {name for _, name, _, _ in Formatter().parse(path) if name}
    said = {name: value for name, value in request.data.items() if name not in named}
    body = said[_BODY[request.type]] if request.type in _BODY else said
    return method, path.format_map({name: quote(str(request.data[name]), safe="") for name in named}), body
