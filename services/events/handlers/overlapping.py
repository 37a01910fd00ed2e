"""Nobody is at two places at once: who signs up, or whose session moves, is told or refused, as the rule has it.

Whom a hard rule may concern is held before any activity is locked, so that two decisions about one person take turns.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from services.events.domain.activity import Activity
from services.events.domain.overlap import Elsewhere, Severity
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, PartyRole, Signup

if TYPE_CHECKING:
    from services.events.storage import Work


def hold_party(party: Iterable[Member], work: "Work") -> None:
    """Before these sign up."""
    people = [member.person_id for member in party]
    work.overlapping.hold(sorted(set(work.aliases.surviving(people).values())))


def judge(signup: Signup, work: "Work", *, is_new: bool) -> Sequence[Refusal]:
    """Who of the party is somewhere else at that time: a new sign-up is refused where the rule is hard; the others are warnings.

    Nobody is told where: that may be the business of another guardian of the child.
    """
    hard, found = _judged(signup.party, signup.activity_id, signup.kind, work)
    if is_new:
        work.resources.refuse(hard)
    return found


def judge_before(party: Sequence[Member], activity: Activity, work: "Work") -> None:
    """Refuse a party that could not sign up to the activity as it is somewhere else; before it does."""
    work.resources.refuse(_judged(party, activity.activity_id, activity.kind, work)[0])


def judge_again(signup: Signup, work: "Work", but_for: str | None) -> Sequence[Refusal]:
    """The same of a sign-up that was made long ago, or elsewhere: who asks need not see all of its party, so nobody is pointed at.

    `but_for` is the activity that the party leaves for it.
    """
    hard, found = _judged(signup.party, signup.activity_id, signup.kind, work, but_for)
    work.resources.refuse([Refusal(Slug.SOMEBODY_ELSEWHERE, "")] if hard else [])
    return [Refusal(Slug.SOMEBODY_ELSEWHERE, "")] if found else []


def _judged(
    party: Sequence[Member], activity_id: str, kind: str, work: "Work", but_for: str | None = None
) -> tuple[Sequence[Refusal], Sequence[Refusal]]:
    away = work.overlapping.would_be((member.person_id for member in party), [activity_id], but_for)
    return clashing(party, kind, {person_id for _, person_id in away}, work)


def clashing(party: Sequence[Member], kind: str, away: Collection[str], work: "Work") -> tuple[Sequence[Refusal], Sequence[Refusal]]:
    """Who of the party is among those who are away: as refusals where the rule of such activities is hard, and as all of them."""
    found = [(member, _somebody(index)) for index, member in enumerate(party) if member.person_id in away]
    return [refusal for member, refusal in found if _is_hard(kind, member.role, work)], [refusal for _, refusal in found]


def hold_signed_up(kinds: Mapping[str, str], work: "Work") -> Collection[str]:
    """Before sessions of these activities (with their kinds) move: those who are signed up, where a rule is hard for anybody."""
    strict = [activity_id for activity_id, kind in kinds.items() if work.resources.overlaps.is_strict(kind)]
    people = work.overlapping.signed_up(strict) if strict else frozenset()
    work.overlapping.hold(sorted(people))
    return people


def why_not_now(held: Collection[str], kinds: Mapping[str, str], work: "Work") -> Iterator[Refusal]:
    """Whether somebody signed up between that and the lock, whom nobody holds."""
    strict = [activity_id for activity_id, kind in kinds.items() if work.resources.overlaps.is_strict(kind)]
    if strict and not work.overlapping.signed_up(strict) <= set(held):
        yield Refusal(Slug.SIGNED_UP_JUST_NOW, "")


def judge_moved(session_ids: Sequence[str], at: Mapping[str, str], kinds: Mapping[str, str], work: "Work") -> Sequence[Elsewhere]:
    """Who of those signed up to these moved sessions is somewhere else then; where the rule is hard, refused by the activity's field."""
    away = work.overlapping.elsewhere(session_ids) if session_ids else ()
    hard = {one.activity_id for one in away if _is_hard(kinds[one.activity_id], one.role, work)}
    work.resources.refuse(Refusal(Slug.SOMEBODY_ELSEWHERE, at[activity_id]) for activity_id in sorted(hard, key=at.__getitem__))
    return away


def _somebody(index: int) -> Refusal:
    return Refusal(Slug.SOMEBODY_ELSEWHERE, f"/party/{index}/person_id")


def _is_hard(kind: str, role: PartyRole, work: "Work") -> bool:
    return work.resources.overlaps.of(kind, role) is Severity.HARD
