"""What of a sign-up somebody sees at the door. Who organises the activity sees all of it, and so does the system that
signed the party up; a participant sees his own.

A guardian sees what he comes to or is the contact of, while he may be told of every child in it. A child's other guardian
does not see it: that the child comes would tell him where the first one is. But where the contact may not be told of a child
any more, those guardians see it, and may cancel it, who may be told of all its children: else nobody of the family could.

Of other guardians he sees nothing: neither that they come nor who is the contact. That one shares with the other how he is
reached (registration's `shares_contacts`) says nothing of where he goes, and so is told in no fact. Only the contact himself sees
the whole party, for whom he speaks: it is he who named it, unless an organiser did. Organisers sign up guardians who are not
to know of each other apart.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.chassis.http.caller import Caller
from services.events import telling
from services.events.access import made_itself, organises, own_ids
from services.events.domain.activity import Activity
from services.events.domain.eligibility import Known, children_in
from services.events.domain.signup import BY_PROFESSIONAL, PartyRole, Signup

if TYPE_CHECKING:
    from services.events.storage import Work


@dataclass(frozen=True)
class Sight:
    """How somebody looks at a sign-up: as one of those with these ids, or (None) as its organiser or the system that made it."""

    own: Collection[str] | None

    def speaks_for(self, signup: Signup) -> bool:
        """Whether he is its contact, organises it or made it as a system: so he sees what the party needs."""
        return self.own is None or signup.contact_id in self.own

    def of(self, signup: Signup) -> dict[str, Any]:
        """The sign-up as he sees it; `seats` are those of the people whom he sees."""
        shown = telling.signup(signup)
        if self.own is None or signup.contact_id in self.own or signup.own_reason == BY_PROFESSIONAL:
            return shown
        party = [member for member in shown["party"] if member["role"] != PartyRole.GUARDIAN or member["person_id"] in self.own]
        return shown | {"contact_id": None, "party": party, "seats": len(party)}


def sight_of(signup: Signup, activity: Activity, caller: Caller, work: "Work") -> Sight | None:
    """How the caller looks at it today; None where he may not know that there is one."""
    if organises(caller, activity) or made_itself(caller, signup.made_by):
        return Sight(None)
    own = own_ids(caller, work.aliases)
    return Sight(own) if own and seen_by(own, [signup], work) else None


def seen_by(own: Collection[str], signups: Iterable[Signup], work: "Work") -> list[Signup]:
    """Those of these sign-ups of which somebody with these ids may know today, in a few statements however many they are."""
    found = list(signups)
    everybody = {one for signup in found for one in (*children_in(signup.party), signup.contact_id)}
    kept = work.aliases.around([*everybody, *own])
    known = work.known_today(kept)
    return [signup for signup in found if _is_seen(signup, own, kept, known)]


def _is_seen(signup: Signup, own: Collection[str], kept: Mapping[str, str], known: Known) -> bool:
    is_his = not (signup.people | {signup.contact_id}).isdisjoint(own)
    children = children_in(signup.party)
    if not children:
        return is_his
    himself, contact, *theirs = (kept[id_] for id_ in (next(iter(own)), signup.contact_id, *children))
    return known.may_be_told(himself, theirs) and (is_his or known.bars(contact, theirs))
