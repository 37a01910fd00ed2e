"""When one may sign up: from an opening to a closing, and some earlier than others; and until when one may cancel in good time.

Without an opening sign-up is open at once, without a closing until the first session starts. In a staged opening the groups that
are to be reached first may sign up before all others: everybody in the party must be of the group.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.events.domain.moment import Moment
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.rule import Rule
from services.events.domain.session import LOCAL
from services.events.domain.traits import Traits


@dataclass(frozen=True)
class Stage:
    """A group that may sign up before the others do."""

    who: Rule
    opens: Moment


@dataclass(frozen=True)
class Windows:
    """All relative to the first session; `cancel_until` is when a cancellation begins to be late."""

    opens: Moment | None = None
    closes: Moment | None = None
    cancel_until: Moment | None = None
    stages: tuple[Stage, ...] = ()

    def opens_at(self, party: Sequence[Traits], first: datetime) -> datetime | None:
        """From when this party may sign up; None: since ever."""
        if self.opens is None:
            return None
        day = first.astimezone(LOCAL).date()
        earlier = [stage.opens for stage in self.stages if _all_of(party, stage.who, day)]
        return min(moment.before(first) for moment in [self.opens, *earlier])

    def closes_at(self, first: datetime) -> datetime:
        """When sign-up closes: with the first session at the latest."""
        return min(first, self.closes.before(first)) if self.closes else first

    def is_late(self, first: datetime, now: datetime) -> bool:
        """Whether a cancellation now would come after its deadline."""
        return self.cancel_until is not None and now > self.cancel_until.before(first)


UNTIL_IT_STARTS = Windows()
"""Sign-up is open from the beginning until the first session starts."""


def _all_of(party: Sequence[Traits], who: Rule, day: date) -> bool:
    return bool(party) and all(who.lets_in(traits, day) for traits in party)


def why_not_yet(windows: Windows, party: Sequence[Traits], first: datetime, now: datetime) -> Iterator[Refusal]:
    """Why this party cannot sign up now, if sign-up has not opened for it or has closed."""
    opens_at = windows.opens_at(party, first)
    if opens_at and now < opens_at:
        yield Refusal(Slug.SIGNUP_NOT_OPEN, "", {"opens_at": f"{opens_at.astimezone(LOCAL):%d.%m.%Y %H:%M}"})
    if windows.closes_at(first) <= now < first:
        yield Refusal(Slug.SIGNUP_WINDOW_CLOSED, "")


def why_not_windows(windows: Windows, first: datetime) -> Iterator[Refusal]:
    """Every reason why these windows make no sense for a first session that starts then."""
    if windows.opens and windows.opens.before(first) >= windows.closes_at(first):
        yield Refusal(Slug.WINDOW_NEVER_OPEN, "/windows/opens")
    if windows.cancel_until and windows.cancel_until.before(first) > first:
        yield Refusal(Slug.WINDOW_AFTER_START, "/windows/cancel_until")
    for index, stage in enumerate(windows.stages):
        if windows.opens is None or stage.opens.before(first) >= windows.opens.before(first):
            yield Refusal(Slug.STAGE_NOT_EARLIER, f"/windows/stages/{index}/opens")
