"""Every error that Deltag raises on purpose, and what follows from it.

    DeltagError                    slug, Danish and English text, the field it is about
    ├── Invalid                    the sender must change something          422   park
    │   ├── Malformed              it cannot even be read                    400   park
    │   └── TooLarge               it is over the limit                      413   park
    ├── Unauthenticated            nobody, or a bad token                    401   park
    ├── Forbidden                  somebody, who may not                     403   park
    ├── NotFound                   there is no such thing                    404   park
    ├── Conflict                   it contradicts what already is            409   park
    ├── TooManyRequests            enough for now, of this one or of all     429   park
    ├── TryLater                   a passing fault of this one message       503   retry (counted)
    └── Unavailable                the database or the broker is away        503   pause (nobody's attempt)

The HTTP status is derived in `http_status`, the fate of a message in `fate`; nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong: which rule (`slug`), where (`field`, a JSON pointer or name), and what to do, twice.

    `da` and `en` are shown to people: no personal data in them.
    """

    slug: str
    field: str
    da: str
    en: str

    def as_dict(self) -> dict[str, object]:
        """The shape that replies, facts and problem documents share."""
        return {"slug": self.slug, "field": self.field, "text": {"da": self.da, "en": self.en}}


class DeltagError(Exception):
    """The root. `reasons` names everything that is wrong at once, never only the first."""

    status = 500
    slug = "internal-error"

    def __init__(self, slug: str | None = None, *, field: str = "", da: str = "", en: str = "", reasons: Sequence[Reason] = ()) -> None:
        self.reasons = tuple(reasons) or (Reason(slug or self.slug, field, da or en, en or da),)
        self.slug = slug or self.reasons[0].slug
        super().__init__("; ".join(f"{r.field}: {r.en}" if r.field else r.en or r.slug for r in self.reasons))

    def __iter__(self) -> Iterator[Reason]:
        return iter(self.reasons)


class Invalid(DeltagError):
    """The sender must change something; `reasons` says everything that is wrong."""

    status, slug = 422, "invalid"


class Malformed(Invalid):
    """It cannot be read at all: not JSON, not a CloudEvent, wrong encoding."""

    status, slug = 400, "malformed"


class TooLarge(Invalid):
    """It is over the size limit that the door publishes."""

    status, slug = 413, "too-large"


class Unauthenticated(DeltagError):
    """No token, or one that does not hold."""

    status, slug = 401, "unauthenticated"


class Forbidden(DeltagError):
    """A known caller asks for what his roles do not allow."""

    status, slug = 403, "forbidden"


class NotFound(DeltagError):
    """There is no such thing, or the caller may not know that there is."""

    status, slug = 404, "not-found"


class Conflict(DeltagError):
    """It contradicts what already is: the same id with other content, a state that does not allow it."""

    status, slug = 409, "conflict"


class TooManyRequests(DeltagError):
    """Enough for now: somebody asked more often than a limit allows, which never counts who is registered.

    `after_s` says in how many seconds it may be tried again.
    """

    status, slug = 429, "too-many-requests"

    def __init__(self, after_s: int, *, reasons: Sequence[Reason] = ()) -> None:
        super().__init__(reasons=reasons)
        self.after_s = after_s


class TryLater(DeltagError):
    """A passing fault of this one piece of work: it is tried again on a growing delay, and counted."""

    status, slug = 503, "try-later"


class Unavailable(DeltagError):
    """The database or the broker is away: work pauses, and it is nobody's attempt."""

    status, slug = 503, "unavailable"


class Fate(StrEnum):
    """What happens to a message whose handling raised."""

    PARK = "park"
    RETRY = "retry"
    PAUSE = "pause"


def http_status(error: BaseException) -> int:
    """The HTTP status of an error; what Deltag did not raise on purpose is a 500."""
    return error.status if isinstance(error, DeltagError) else 500


def fate(error: BaseException) -> Fate:
    """Park what is permanent, retry what may pass, pause when a dependency is away."""
    match error:
        case Unavailable():
            return Fate.PAUSE
        case TryLater():
            return Fate.RETRY
        case DeltagError():
            return Fate.PARK
        case _:
            return Fate.RETRY
