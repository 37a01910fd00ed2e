"""Who may sign up to what, and every reason why not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.chassis.ids import new_id
from services.events.domain.activity import Activity, Audience
from services.events.domain.eligibility import Consent, Known, adult_in, why_not_sign_up
from services.events.domain.signup import Member, PartyRole
from tests.events.builders import (
    NEXT_WEEK,
    NOW,
    Family,
    a_called_off_workshop,
    a_family,
    a_pedagogue,
    a_workshop,
    knowing,
)

FAMILIES, PROFESSIONALS = Audience.FAMILIES, Audience.PROFESSIONALS
NOBODY = Known()
Refused = list[tuple[str, str]]


def refused(
    party: Sequence[Member],
    contact_id: str | None,
    known: Known,
    *,
    activity: Activity | None = None,
    audience: Audience = FAMILIES,
    now: datetime = NOW,
) -> Refused:
    """The slug and the field of every reason."""
    refusals = why_not_sign_up(activity or a_workshop(), audience, party, contact_id, known, now=now)
    return [(refusal.slug.value, refusal.field) for refusal in refusals]


def of(family: Family, known: Known | None = None, activity: Activity | None = None) -> Refused:
    """Why a family cannot come with its mother and all its children."""
    return refused(family.party(), family.mother, known or family.known(), activity=activity)


def as_colleagues(*people: str) -> list[Member]:
    """A party of professionals."""
    return [Member(person, PartyRole.PROFESSIONAL) for person in people]


def consent(family: Family, guardian: int, *, given: bool, hour: int) -> Consent:
    """A guardian's word on the family's first child."""
    return Consent(family.children[0], family.guardians[guardian], given, NOW + timedelta(hours=hour))


def test_enrolled_family_may_sign_up() -> None:
    """A child with an accepted enrolment may come with its guardian."""
    assert of(a_family()) == []


def test_guardian_may_come_alone() -> None:
    """The guardian of an enrolled child may come to a parents' event without the child."""
    family = a_family()
    assert refused(family.party(children=0), family.mother, family.known()) == []


def test_child_may_come_with_a_contact_who_stays_at_home() -> None:
    """A guardian may sign a child up without coming himself."""
    family = a_family()
    assert refused(family.party(guardians=0), family.mother, family.known()) == []


def test_nobody_has_been_heard_of() -> None:
    """Of people whom no fact has told of yet, each is named, and that it may pass."""
    family = a_family()
    refusals = list(why_not_sign_up(a_workshop(), FAMILIES, family.party(), family.mother, NOBODY, now=NOW))
    assert [(r.slug.value, r.field) for r in refusals] == [
        ("guardian-not-known", "/party/0/person_id"),
        ("child-not-known", "/party/1/person_id"),
    ]
    assert all(refusal.is_about_standing for refusal in refusals)


def test_withdrawn_enrolment() -> None:
    """A child whose enrolment was withdrawn may not come, nor a guardian without another enrolled child."""
    family = a_family()
    assert of(family, family.known(accepted=False)) == [
        ("guardian-not-enrolled", "/party/0/person_id"),
        ("child-not-enrolled", "/party/1/person_id"),
    ]


def test_enrolment_in_another_programme() -> None:
    """An enrolment counts in its own programme only."""
    assert ("child-not-enrolled", "/party/1/person_id") in of(a_family(programme="sprog-i-fokus"))


def test_second_enrolment_keeps_the_right() -> None:
    """A child with one withdrawn and one accepted enrolment may come."""
    family = a_family()
    assert of(family, knowing(family.known(accepted=False), family.known())) == []


def test_consent_that_one_guardian_withdrew() -> None:
    """One guardian's withdrawal is enough, whatever the other one said."""
    family = a_family()
    words = [consent(family, 0, given=True, hour=2), consent(family, 1, given=False, hour=1)]
    assert of(family, family.known(consents=words)) == [("consent-withdrawn", "/party/1/person_id")]


def test_consent_given_anew() -> None:
    """A guardian's last word counts: a consent that he gives again stands."""
    family = a_family()
    words = [consent(family, 0, given=True, hour=2), consent(family, 0, given=False, hour=1)]
    assert of(family, family.known(consents=words)) == []


def test_child_of_another_family() -> None:
    """A guardian cannot sign up a neighbour's child."""
    family, neighbours = a_family(), a_family()
    party = [*family.party(), *neighbours.party(guardians=0)]
    known = knowing(family.known(), neighbours.known())
    assert refused(party, family.mother, known) == [("not-in-family", "/party/2/person_id")]


def test_guardian_of_another_family() -> None:
    """A guardian who shares no child with the contact is not of the party."""
    family, neighbours = a_family(), a_family()
    party = [*family.party(), *neighbours.party(children=0)]
    known = knowing(family.known(), neighbours.known())
    assert refused(party, family.mother, known) == [("not-in-family", "/party/2/person_id")]


def test_both_guardians_may_come() -> None:
    """Guardians who share an enrolled child are one family."""
    family = a_family()
    assert refused(family.party(guardians=2), family.mother, family.known()) == []


def test_contact_must_be_known() -> None:
    """A contact who does not come himself must be a guardian that we know of."""
    family = a_family()
    assert refused(family.party(guardians=0), new_id(), family.known()) == [
        ("guardian-not-known", "/contact_id"),
        ("not-in-family", "/party/0/person_id"),
    ]


def test_contact_is_missing() -> None:
    """A party of children says which guardian is told."""
    family = a_family()
    party = family.party(guardians=0)
    assert refused(party, adult_in(party), family.known()) == [("contact-missing", "/contact_id")]


def test_first_adult_is_the_contact() -> None:
    """In a party with adults, the first of them is told when nobody else is named."""
    family = a_family()
    assert adult_in(family.party(guardians=2)) == family.mother


def test_professional_at_a_family_workshop() -> None:
    """A workshop for families is not for professionals."""
    pedagogue = a_pedagogue().professional_id
    assert ("for-families", "/party/0/person_id") in refused(as_colleagues(pedagogue), pedagogue, NOBODY)


def test_professional_of_the_programme() -> None:
    """A learning lab is for the programme's professionals."""
    pedagogue = a_pedagogue()
    known = Known(professionals=[pedagogue])
    assert refused(as_colleagues(pedagogue.professional_id), pedagogue.professional_id, known, audience=PROFESSIONALS) == []


def test_professional_elsewhere() -> None:
    """A professional of another programme, and one who is not known yet, are refused each for his reason."""
    elsewhere, unknown = a_pedagogue("sprog-i-fokus"), new_id()
    party = as_colleagues(elsewhere.professional_id, unknown)
    assert refused(party, unknown, Known(professionals=[elsewhere]), audience=PROFESSIONALS) == [
        ("professional-elsewhere", "/party/0/person_id"),
        ("professional-not-known", "/party/1/person_id"),
    ]


def test_family_at_a_learning_lab() -> None:
    """A learning lab is not for families."""
    family = a_family()
    assert refused(family.party(), family.mother, family.known(), audience=PROFESSIONALS) == [
        ("for-professionals", "/party/0/person_id"),
        ("for-professionals", "/party/1/person_id"),
    ]


def test_contact_of_professionals_comes_too() -> None:
    """Among professionals the one who is told is one of those who come."""
    pedagogue = a_pedagogue()
    known = Known(professionals=[pedagogue])
    party = as_colleagues(pedagogue.professional_id)
    assert refused(party, new_id(), known, audience=PROFESSIONALS) == [("contact-not-in-party", "/contact_id")]


def test_closed_large_and_doubled() -> None:
    """A closed activity, too large a party and a person named twice are told in one answer."""
    family = a_family(children=2)
    party = [*family.party(), family.party()[0]]
    refusals = refused(party, family.mother, family.known(), activity=a_workshop(capacity=3), now=NEXT_WEEK)
    assert refusals == [("signup-closed", ""), ("party-too-large", "/party"), ("person-twice", "/party")]


def test_called_off_activity() -> None:
    """Nobody can sign up to an activity that is called off."""
    assert of(a_family(), activity=a_called_off_workshop()) == [("activity-called-off", "")]
