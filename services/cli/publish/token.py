"""As whom a token sends, read off it so that a line of somebody else's is refused before it goes out under the wrong name."""

import json
from base64 import urlsafe_b64decode
from typing import Any


def source_of(token: str) -> str | None:
    """The CloudEvents source in whose name registration takes what comes with it; None where the token names none, or is none.

    Nothing is checked: whether the token holds is for registration to say.
    """
    return min((source for grant in _grants(token) if grant.get("role") == "system" and (source := grant.get("source"))), default=None)


def _grants(token: str) -> list[dict[str, Any]]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return [grant for grant in claims["roles"] if isinstance(grant, dict)]
    except (IndexError, KeyError, TypeError, ValueError):
        return []
