"""Templates of activities (skabelon): what an activity is opened with unless somebody says otherwise. They are data of the programme."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Template:
    """`text` is what it is called; `defaults`, in JSON, are fields of an opening; each session lasts `session_minutes`."""

    code: str
    text: Mapping[str, str]
    kind: str
    session_minutes: int
    defaults: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """The defaults, read."""
        found: Mapping[str, Any] = json.loads(self.defaults)
        return found

    def filled_in(self, asked: Mapping[str, Any], starts: list[datetime], place: str) -> dict[str, Any]:
        """The opening that comes of it: the defaults, what was asked for otherwise, and a session at each of these times."""
        lasts = timedelta(minutes=self.session_minutes)
        sessions = [{"starts_at": start.isoformat(), "ends_at": (start + lasts).isoformat(), "place": place} for start in starts]
        return {**self.fields, **asked, "kind": self.kind, "sessions": sessions}
