"""Where a personal number has no place: names of requests are logged, listed and handed on, and so must tell of nobody.

Told by its form alone, in the two usual spellings: what only looks like a CPR number or a replacement number is refused
too, since nobody could tell it from one. UUIDs are let by, whatever digits they hold.
"""

import re

_DAY = r"(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
_NUMBER = re.compile(rf"(?<!\d){_DAY}(?:0[1-9]|1[0-2])\d\d[- ]?\d{{4}}(?!\d)", re.ASCII)
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)


def looks_personal(text: str) -> bool:
    """Whether something in this text looks like a CPR number or a replacement number."""
    return _NUMBER.search(text) is not None and _NUMBER.search(_UUID.sub("|", text)) is not None
