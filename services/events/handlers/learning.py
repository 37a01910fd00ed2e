"""What registration tells: kept, and obeyed at once by those who may come no more."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.events import messages, seating

if TYPE_CHECKING:
    from services.events.storage import Work


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
