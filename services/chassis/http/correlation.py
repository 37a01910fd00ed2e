"""Where a request stands in a longer story: its correlation id and its trace."""

import re
from collections.abc import Mapping
from typing import Any

from services.chassis.envelope import TRACEPARENT, sane
from services.chassis.http.request import Cause
from services.chassis.ids import new_id

_ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
"""A UUID, or 32 hexadecimal digits. A free text is not taken over, since it could hold personal data."""


def cause_of(environ: Mapping[str, Any], municipality: str) -> Cause:
    """The request as the cause of what follows from it. `X-Correlation-Id` is taken where it is sane, else made."""
    id = new_id()
    return Cause(
        id=id,
        correlationid=sane(_ID, environ.get("HTTP_X_CORRELATION_ID")) or id,
        traceparent=sane(TRACEPARENT, environ.get("HTTP_TRACEPARENT")),
        municipality=municipality,
    )
