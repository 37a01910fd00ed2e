"""All who are signed up to what is called off or moved are offered another activity in one step (nyt tilbud).

Parties are taken in the order in which they had signed up, and each stands at the other activity where it would stand had it
signed up there when it first did, as after a transfer. It is offered seats at the first of the activities that are named where
it may come and where it is that party whose turn it is; where it has none to go back to, it waits in the line of the first that
it may come to. Offers have their time to answer (`domain/offer.py`), whatever the activity's own rule; where there is none left
before it starts, seats are given.

Who still has what he had keeps it until he accepts, and is put into no line: he did not ask to go.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.events.domain.activity import Activity, Kind, why_not_change
from services.events.domain.admission import Admission
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Signup, SignupStatus
from services.events.domain.waitlist import Promotion, join, standing


class ReOfferState(StrEnum):
    """What a party got: an offer, seats, a place in a line, or nothing."""

    OFFERED = "offered"
    SEATED = "seated"
    WAITING = "waiting"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Asked:
    """All of one activity are to be offered the others, the first first; perhaps it is called off in the same step."""

    activity_id: str
    instead: Sequence[str]
    call_off: bool


@dataclass
class Instead:
    """An activity that is offered: who waits there, and how seats are offered; None: there is no time for an answer."""

    activity: Activity
    line: list[Signup]
    offer: Callable[[Signup], None] | None
    free_before: int = 0


@dataclass
class ReOffer:
    """What becomes of one party: its sign-up elsewhere, or the reasons of each activity why there is none."""

    old: Signup
    new: Signup | None = None
    promotions: Sequence[Promotion] = ()
    refusals: Sequence[tuple[str, Refusal]] = ()

    @property
    def state(self) -> ReOfferState:
        return ReOfferState(self.new.status.value) if self.new else ReOfferState.NOTHING


def place(old: Signup, there: Sequence[tuple[Instead, Admission]], new_id: Callable[[], str], now: datetime) -> ReOffer:
    """Give the party what there is for it at the activities that have admitted it, whose lines and counts are changed."""
    candidates = [(instead, _as_new(old, instead, admission, new_id())) for instead, admission in there]
    for instead, new in candidates:
        if (give := _giving(old, instead)) and _is_next(new, instead, now):
            return ReOffer(old, new, _stand(new, instead, now, give))
    if old.active or not candidates:
        return ReOffer(old)
    instead, new = candidates[0]
    return ReOffer(old, new, _stand(new, instead, now, Signup.seat))


def why_not_re_offer(
    source: Activity, asked: Asked, there: Mapping[str, Activity], kinds: Mapping[str, Kind], now: datetime
) -> Iterator[Refusal]:
    """Every reason why nobody of the one could be offered the others."""
    if not source.is_called_off:
        yield from why_not_change(source, now)
    for index, activity_id in enumerate(asked.instead):
        at = f"/instead/{index}"
        if activity_id not in there:
            yield Refusal(Slug.ACTIVITY_NOT_FOUND, at)
        elif activity_id in asked.instead[:index]:
            yield Refusal(Slug.ACTIVITY_TWICE, at)
        else:
            yield from _why_not_instead(source, there[activity_id], kinds, now, at)


def _why_not_instead(source: Activity, instead: Activity, kinds: Mapping[str, Kind], now: datetime, at: str) -> Iterator[Refusal]:
    same = source.programme == instead.programme and kinds[source.kind].audience is kinds[instead.kind].audience
    if not same or source.activity_id == instead.activity_id:
        yield Refusal(Slug.NOT_FOR_THE_SAME, at)
    elif instead.is_called_off:
        yield Refusal(Slug.ACTIVITY_CALLED_OFF, at)
    elif instead.is_draft:
        yield Refusal(Slug.ACTIVITY_IS_DRAFT, at)
    elif not instead.takes_signups(now):
        yield Refusal(Slug.SIGNUP_CLOSED, at)


def _giving(old: Signup, instead: Instead) -> Callable[[Signup], None] | None:
    """How the party gets seats there: without time to answer only who has lost what he had."""
    return instead.offer or (None if old.active else Signup.seat)


def _is_next(new: Signup, instead: Instead, now: datetime) -> bool:
    """Whether the seats there are the party's by the rule of that line."""
    activity = instead.activity
    last = activity.last_number + 1
    asking = replace(new, number=last, place=new.place or last)
    line = sorted([*instead.line, asking], key=standing)
    return not activity.is_gathering and activity.line.policy.next(line, activity.room, now) is asking


def _stand(new: Signup, instead: Instead, now: datetime, give: Callable[[Signup], None]) -> Sequence[Promotion]:
    promotions = join(instead.activity, new, instead.line, now=now, give=give)
    if new.status is SignupStatus.WAITING:
        instead.line = sorted([*instead.line, new], key=standing)
    return promotions


def _as_new(old: Signup, instead: Instead, admission: Admission, new_id: str) -> Signup:
    """The same party's sign-up there."""
    activity = instead.activity
    rank = activity.line.rank(admission.standing)
    return replace(
        old,
        signup_id=new_id,
        activity_id=activity.activity_id,
        kind=activity.kind,
        district=activity.district,
        status=SignupStatus.WAITING,
        position=None,
        reason=None,
        answer_by=None,
        rank=rank,
        place=_place_since(instead.line, rank, old.signed_up_at),
        passes=0,
        offers=0,
        lots=activity.line.lots(admission.standing),
        draws_at=activity.line.draw.closes_at if activity.line.draw and activity.is_gathering else None,
        answer_hours=activity.line.answer_hours,
        counted=admission.counted,
        late=False,
        transfers_from=old.signup_id if old.active else old.transfers_from,
        instead_of=old.signup_id,
    )


def _place_since(line: Sequence[Signup], rank: int, since: datetime) -> int:
    """The place of the first who signed up later than that; 0 if nobody did."""
    return min((one.place for one in line if one.rank == rank and one.signed_up_at > since), default=0)
