"""A body that is a file: its bytes reach the route as `request.content`, and no schema looks into them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Upload:
    """The media types that a route takes. A file may be as large as `DELTAG_MAX_UPLOAD_BYTES`."""

    media_types: Sequence[str]
