"""A body that is an HTML form: its names and values as a browser sends them, from a page of ours and from nowhere else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from services.chassis.errors import Forbidden, Malformed
from services.chassis.http.texts import error

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST_VALUES: Final = 1_000
_BREAK: Final = re.compile(r"\r\n?")
_OURS: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True)
class Form:
    """`request.body` has the values of each name, in their order; a line ends as in Python. A form that another site sends is refused."""


def refuse_foreign(environ: Mapping[str, Any]) -> None:
    """Raises `Forbidden` where the browser says that the form stands on another site's page (Fetch Metadata, `Sec-Fetch-Site`)."""
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in _OURS:
        raise error(Forbidden, "foreign-form")


def read(content: bytes) -> Mapping[str, Sequence[str]]:
    """What was filled in, empty fields too. Raises `Malformed` for what no browser sends."""
    try:
        found = parse_qs(content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_VALUES)
    except ValueError:
        raise error(Malformed, "form-unreadable") from None
    if any("\0" in text for name, values in found.items() for text in (name, *values)):
        raise error(Malformed, "text-with-nul")
    return {name: [_BREAK.sub("\n", value) for value in values] for name, values in found.items()}
