"""Templates of activities (skabelon): what the service events opens one with unless somebody says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.registration.domain.named import Named


@dataclass(frozen=True, slots=True)
class ActivityTemplate(Named):
    """`defaults` are fields of an opening (`POST /v1/activities` of events); each session lasts `session_minutes`."""

    kind: str
    session_minutes: int
    defaults: Mapping[str, Any]
