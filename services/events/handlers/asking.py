"""A party asks to come: what is known of it, what the activity's rules say, and whether it is signed up already.

Signing up, holding seats and asking whether one might all begin here, so that all three get the same answer.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.events import covering
from services.events.domain.activity import Activity
from services.events.domain.admission import Admission, admit
from services.events.domain.eligibility import Came, Known, adult_in, children_in
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup, as_kept
from services.events.handlers.finding import find_activity, lock_activity

if TYPE_CHECKING:
    from services.events.storage import Work


@dataclass(frozen=True)
class Asking:
    """A party as it was named, what is to be said to it, and its sign-up if it has the same one already.

    `known` and `kept` are what is known of its people, and the ids by which they are.
    """

    activity: Activity
    party: Sequence[Member]
    contact_id: str | None
    admission: Admission
    known: Known
    kept: Mapping[str, str]
    refusals: Sequence[Refusal] = ()
    again: Signup | None = None


def ask(activity_id: str, party: Sequence[Member], contact_id: str | None, work: "Work", *, hold: bool) -> Asking:
    """`contact_id` is who is told; without it, the party's first adult. `hold` locks all that the answer rests on.

    The party's own sign-up is told only while its contact may be told of everybody in it.
    """
    contact_id = contact_id or adult_in(party)
    people = [member.person_id for member in party]
    kept = work.aliases.around([*people, contact_id] if contact_id else people)
    known = work.known_today(kept, hold=hold)
    activity = lock_activity(activity_id, work) if hold else find_activity(activity_id, work)
    theirs = work.signups.of_people([id_ for id_ in kept if id_ != contact_id or id_ in people], [activity_id])
    asking = as_kept(party, kept), kept.get(str(contact_id))
    admission = admission_to(activity, *asking, known, work)
    again = _same_party(theirs, *asking, kept)
    if again and known.may_be_told(str(asking[1]), children_in(asking[0])):
        return Asking(activity, party, contact_id, admission, known, kept, again=again)
    already = why_not_again(asking[0], theirs, {refusal.field for refusal in admission.refusals}, kept)
    return Asking(activity, party, contact_id, admission, known, kept, [*admission.refusals, *already])


def admission_to(activity: Activity, party: Sequence[Member], contact_id: str | None, known: Known, work: "Work") -> Admission:
    """What is to be said to a party, all of it by the ids that are kept, by the activity's rules."""
    audience = work.resources.kinds[activity.kind].audience
    known = with_attendance([activity], party, known, work)
    admission = admit(activity, audience, party, contact_id, known, now=work.now)
    return replace(admission, refusals=[*admission.refusals, *covering.why_never(activity, party, work)])


def with_attendance(activities: Iterable[Activity], party: Iterable[Member], known: Known, work: "Work") -> Known:
    """The same with who came to what, where one of these activities asks for it."""
    if not any(activity.asks_for_attendance for activity in activities):
        return known
    return replace(known, attended=_attended(party, known, work))


def _attended(party: Iterable[Member], known: Known, work: "Work") -> Mapping[str, frozenset[Came]]:
    """To what those came whom a rule may be about, under whatever id."""
    people = {member.person_id for member in party} | {enrolment.child_id for enrolment in known.enrolments}
    kept = work.aliases.around(people)
    came = work.attendance.of_people(kept)
    return {id_: came.get(one, frozenset()) for id_, one in kept.items()}


def _same_party(signups: Sequence[Signup], party: Sequence[Member], contact_id: str | None, kept: Mapping[str, str]) -> Signup | None:
    match signups:
        case [signup] if set(as_kept(signup.party, kept)) == set(party) and kept.get(signup.contact_id) == contact_id:
            return signup
    return None


def why_not_again(
    party: Sequence[Member], theirs: Sequence[Signup], refused: Collection[str], kept: Mapping[str, str]
) -> Iterator[Refusal]:
    """Who has a sign-up already; of somebody who is refused anyway (a stranger, perhaps) nothing more is said."""
    taken = {member.person_id: signup.signup_id for signup in theirs for member in as_kept(signup.party, kept)}
    for index, member in enumerate(party):
        at = f"/party/{index}/person_id"
        if member.person_id in taken and at not in refused:
            yield Refusal(Slug.ALREADY_SIGNED_UP, at, {"signup_id": taken[member.person_id]})
