"""What a refused request gets: a problem document (RFC 9457) with a slug, and every reason in Danish and English.

Whoever raises says what is wrong; the status is derived in `errors.http_status` and the headers here, nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.chassis.errors import DeltagError, Invalid, TooManyRequests, TryLater, Unauthenticated, Unavailable, http_status
from services.chassis.http import reply, texts
from services.chassis.http.reply import Reply
from services.chassis.http.request import Cause

MEDIA_TYPE = "application/problem+json"
TYPES = "https://deltag.dk/problems/"
RETRY_AFTER_S = 5


class UnsupportedMediaType(Invalid):
    """The body is not of a type that the route takes; `accepted` are those that it does."""

    status, slug = 415, "unsupported-media-type"

    def __init__(self, accepted: Sequence[str] = ()) -> None:
        self.accepted = ", ".join(accepted or [reply.JSON])
        slug = "unsupported-file-type" if accepted else self.slug
        super().__init__(reasons=[texts.reason(slug, types=self.accepted)])


class MethodNotAllowed(DeltagError):
    """The path exists, but not with this method; `allowed` are those that do."""

    status, slug = 405, "method-not-allowed"

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(reasons=[texts.reason(self.slug, allowed=self.allowed)])


def problem(error: Exception, path: str, cause: Cause) -> Reply:
    """The reply to an error. What was not raised on purpose is a 500 that says nothing but the correlation id."""
    told = known(error)
    document = _about(told) | {"instance": path, "correlation_id": cause.correlationid}
    return reply.json(document, http_status(told), _headers(told), MEDIA_TYPE)


def known(error: Exception) -> DeltagError:
    """The error as callers are told of it."""
    if isinstance(error, DeltagError):
        return error
    if isinstance(error, (sa.exc.OperationalError, sa.exc.TimeoutError)):
        return Unavailable()
    return DeltagError()


def _about(error: DeltagError) -> dict[str, Any]:
    reasons = texts.spoken(error)
    return {
        "type": TYPES + error.slug,
        "title": texts.title(error.slug),
        "status": http_status(error),
        "detail": reasons[0].en if len(reasons) == 1 else f"{len(reasons)} rules are broken; `errors` names each.",
        "errors": [reason.as_dict() for reason in reasons],
    }


def _headers(error: DeltagError) -> Mapping[str, str]:
    match error:
        case Unauthenticated():
            bad = "" if error.slug == "token-missing" else ', error="invalid_token"'
            return {"WWW-Authenticate": f'Bearer realm="deltag"{bad}'}
        case MethodNotAllowed():
            return {"Allow": error.allowed}
        case UnsupportedMediaType():
            return {"Accept": error.accepted}
        case TooManyRequests():
            return {"Retry-After": str(error.after_s)}
        case TryLater() | Unavailable():
            return {"Retry-After": str(RETRY_AFTER_S)}
        case _:
            return {}
