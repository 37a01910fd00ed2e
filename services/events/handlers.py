"""What this service can be asked to do, in the order of the story.

Each function runs inside one unit of work, so that what it changes and what it tells leave together. Every decision about
seats is made under the lock of the activity's row, which is taken once and late. Locks are taken in one order, people
before activities and each kind by id, so that two commands never wait for each other in a circle; a batch of facts may
take several turns at it, and then PostgreSQL ends one of the two, which the chassis tries again.

A refusal is raised with every reason at once: `Invalid` when what was asked must change, `Conflict` when the same
request could be right at another time (the activity is called off; a child is not known yet), `NotFound`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.chassis.ids import new_id
from services.chassis.storage import Cause
from services.events import messages, seating
from services.events.domain import waitlist
from services.events.domain.activity import Activity, why_not_change, why_not_open
from services.events.domain.attendance import AttendanceState, Outcome, Roll, why_not_record
from services.events.domain.eligibility import adult_in, children_in, why_not_sign_up
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.signup import Member, Signup, as_kept

if TYPE_CHECKING:
    from services.events.storage import Work


# What registration tells.


def learn_programmes(facts: Sequence[Received[messages.ProgrammeLoaded]], work: "Work") -> None:
    work.places.learn_programmes([fact.data for fact in facts])


def learn_institutions(facts: Sequence[Received[messages.InstitutionChanged]], work: "Work") -> None:
    work.places.learn_institutions([fact.data for fact in facts])


def learn_professionals(facts: Sequence[Received[messages.ProfessionalRegistered]], work: "Work") -> None:
    work.people.learn_professionals([fact.data for fact in facts])


def learn_enrolments(facts: Sequence[Received[messages.EnrolmentChanged]], work: "Work") -> None:
    """Keep who is enrolled; a child whose enrolment is withdrawn or completed comes to nothing more in that programme."""
    of_children = [fact for fact in facts if fact.data.child_id]
    work.people.learn_enrolments([fact.data for fact in of_children])
    seating.cancel_people({str(fact.data.child_id): fact for fact in of_children if fact.data.ended}, work)


def learn_families(facts: Sequence[Received[messages.FamilyChanged]], work: "Work") -> None:
    """Keep who may be told of which child, and when. No sign-up is cancelled by it: the child keeps its place."""
    work.families.learn([fact.data for fact in facts])


def learn_consents(facts: Sequence[Received[messages.ConsentChanged]], work: "Work") -> None:
    """Keep who may take part; a child whose consent is withdrawn comes to nothing more."""
    to_take_part = [fact for fact in facts if fact.data.purpose == messages.TAKE_PART]
    work.people.learn_consents([fact.data for fact in to_take_part])
    seating.cancel_people({str(fact.data.child_id): fact for fact in to_take_part if fact.data.withdrawn}, work)


def learn_own_consents(facts: Sequence[Received[messages.OwnConsentChanged]], work: "Work") -> None:
    """Keep which adults take part themselves; one who has withdrawn comes to nothing more."""
    to_take_part = [fact for fact in facts if fact.data.purpose == messages.TAKE_PART]
    work.people.learn_own_consents([fact.data for fact in to_take_part])
    seating.cancel_people({str(fact.data.person_id): fact for fact in to_take_part if fact.data.withdrawn}, work)


def learn_merges(facts: Sequence[Received[messages.PersonChanged]], work: "Work") -> None:
    """Keep which ids mean the same person. Who may come no more, now that two are one or one is two, comes no more."""
    into = {str(fact.data.person_id): fact.data.into for fact in facts}
    before = work.aliases.surviving(into)
    work.aliases.learn(into)
    about = ((fact, str(fact.data.person_id)) for fact in facts)
    seating.cancel_people({id_: fact for fact, one in about for id_ in (one, before[one], into[one]) if id_}, work)


# What an organiser does.


def open_activity(asked: Activity, work: "Work", cause: Cause) -> tuple[Activity, bool]:
    """Open an activity; True if it is new. The same id with the same content is the activity as it is now, and False."""
    if opening := work.activities.opening_of(asked.activity_id):
        return _opened_before(asked, opening, work), False
    programme = work.places.programme(asked.programme)
    institution = work.places.institution(asked.programme, asked.institution)
    work.resources.refuse(why_not_open(asked, kinds=work.resources.kinds, programme=programme, institution=institution, now=work.now))
    asked.institution_id = institution.institution_id if institution else None
    if not work.activities.add(asked):
        return open_activity(asked, work, cause)
    messages.tell_activity(asked, work, cause)
    return asked, True


def change_capacity(activity_id: str, capacity: int, work: "Work", cause: Cause) -> Activity:
    """Give the activity more seats or fewer, and the line what is free now."""
    activity = _locked(activity_id, work)
    work.resources.refuse(waitlist.why_not_resize(activity, capacity, work.signups.largest_waiting(activity_id), work.now))
    if capacity != activity.capacity:
        activity.capacity = capacity
        messages.tell_activity(activity, work, cause, messages.ACTIVITY_CHANGED)
        seating.settle([activity], work, {activity_id: cause})
    return activity


def call_off(activity_id: str, work: "Work", cause: Cause) -> Activity:
    """The organiser calls the activity off: every sign-up to it is cancelled. Doing it again changes nothing."""
    activity = _locked(activity_id, work)
    if activity.is_called_off:
        return activity
    work.resources.refuse(why_not_change(activity, work.now))
    signups = work.signups.active(activity_id)
    waitlist.call_off(activity, signups)
    work.signups.save(signups)
    work.activities.save([activity])
    messages.tell_activity(activity, work, cause)
    for signup in signups:
        messages.tell_signup(signup, work, cause)
    return activity


# What those who come do.


def sign_up(activity_id: str, party: Sequence[Member], contact_id: str | None, work: "Work", cause: Cause) -> tuple[Signup, bool]:
    """Seat the party or put it in the line, all or none; True if it is new.

    The same party again is the sign-up that it has already, and False, while its contact may be told of it. `contact_id` is
    who is told; without it, the party's first adult.
    """
    contact_id = contact_id or adult_in(party)
    people = [member.person_id for member in party]
    kept = work.aliases.around([*people, contact_id] if contact_id else people)
    known = work.known_today(kept, hold=True)
    activity = _locked(activity_id, work)
    theirs = work.signups.of_people([id_ for id_ in kept if id_ != contact_id or id_ in people], [activity_id])
    asking = as_kept(party, kept), kept.get(str(contact_id))
    again = _same_party(theirs, *asking, kept)
    if again and known.may_be_told(str(asking[1]), children_in(asking[0])):
        return again, False
    audience = work.resources.kinds[activity.kind].audience
    refusals = list(why_not_sign_up(activity, audience, *asking, known, now=work.now))
    work.resources.refuse([*refusals, *_why_not_again(asking[0], theirs, {refusal.field for refusal in refusals}, kept)])
    signup = _new_signup(activity, party, str(contact_id), work)
    waitlist.join(activity, signup)
    work.signups.add(signup)
    work.activities.save([activity])
    messages.tell_signup(signup, work, cause)
    return signup, True


def cancel(signup_id: str, work: "Work", cause: Cause) -> Signup:
    """The party does not come; what it held goes to the line. Doing it again changes nothing."""
    activity = _locked(find_signup(signup_id, work).activity_id, work)
    signup = find_signup(signup_id, work)
    if not signup.active:
        return signup
    work.resources.refuse(why_not_change(activity, work.now))
    waitlist.leave(activity, signup, signup.own_reason)
    work.signups.save([signup])
    messages.tell_signup(signup, work, cause)
    seating.settle([activity], work, {activity.activity_id: cause})
    return signup


# What happens at a session.


def record_attendance(
    session_id: str, marks: Sequence[tuple[str, AttendanceState]], by: str, work: "Work", cause: Cause
) -> Sequence[Outcome]:
    """Record or correct who came, each person with an outcome of his own; a correction keeps what was said before."""
    activity = _locked(find_activity_of_session(session_id, work).activity_id, work)
    roll = call_the_roll(activity, session_id, work)
    work.resources.refuse(why_not_record(activity, roll.session, work.now))
    outcomes = [
        roll.mark(person_id, state, f"/attendance/{index}/person_id", new_id=new_id(), by=by, now=work.now)
        for index, (person_id, state) in enumerate(marks)
    ]
    changed = [outcome.attendance for outcome in outcomes if outcome.attendance and outcome.changed]
    work.attendance.save(changed)
    for attendance in changed:
        messages.tell_attendance(attendance, work, cause)
    return outcomes


# What can be looked up.


def find_activity(activity_id: str, work: "Work") -> Activity:
    return work.activities.get(activity_id) or work.resources.missing(Slug.ACTIVITY_NOT_FOUND)


def find_activity_of_session(session_id: str, work: "Work") -> Activity:
    return work.activities.of_session(session_id) or work.resources.missing(Slug.SESSION_NOT_FOUND)


def find_signup(signup_id: str, work: "Work") -> Signup:
    return work.signups.get(signup_id) or work.resources.missing(Slug.SIGNUP_NOT_FOUND)


def call_the_roll(activity: Activity, session_id: str, work: "Work") -> Roll:
    """Who has a seat, and what is recorded of them for one session of the activity."""
    seated = work.signups.seats_of(activity.activity_id)
    return Roll(activity, activity.session(session_id), seated, work.attendance.of_session(session_id))


def refresh(work: "Work") -> None:
    """Tell the present state of every aggregate again, for a reader who was not there."""
    for activity in work.activities.stream():
        messages.show_activity(activity, work)
    for signup in work.signups.stream():
        messages.show_signup(signup, work)
    for attendance in work.attendance.stream():
        messages.show_attendance(attendance, work)


# The steps that they share.


def _locked(activity_id: str, work: "Work") -> Activity:
    locked = work.activities.lock([activity_id])
    return locked[0] if locked else work.resources.missing(Slug.ACTIVITY_NOT_FOUND)


def _opened_before(asked: Activity, opening: str, work: "Work") -> Activity:
    if asked.opening() != opening:
        work.resources.refuse([Refusal(Slug.ACTIVITY_EXISTS, "/activity_id")])
    return find_activity(asked.activity_id, work)


def _new_signup(activity: Activity, party: Sequence[Member], contact_id: str, work: "Work") -> Signup:
    return Signup(
        signup_id=new_id(),
        activity_id=activity.activity_id,
        programme=activity.programme,
        kind=activity.kind,
        district=activity.district,
        contact_id=contact_id,
        party=party,
        signed_up_at=work.now,
    )


def _same_party(signups: Sequence[Signup], party: Sequence[Member], contact_id: str | None, kept: Mapping[str, str]) -> Signup | None:
    match signups:
        case [signup] if set(as_kept(signup.party, kept)) == set(party) and kept.get(signup.contact_id) == contact_id:
            return signup
    return None


def _why_not_again(
    party: Sequence[Member], theirs: Sequence[Signup], refused: Collection[str], kept: Mapping[str, str]
) -> Iterator[Refusal]:
    """Who has a sign-up already; of somebody who is refused anyway (a stranger, perhaps) nothing more is said."""
    taken = {member.person_id: signup.signup_id for signup in theirs for member in as_kept(signup.party, kept)}
    for index, member in enumerate(party):
        at = f"/party/{index}/person_id"
        if member.person_id in taken and at not in refused:
            yield Refusal(Slug.ALREADY_SIGNED_UP, at, {"signup_id": taken[member.person_id]})
