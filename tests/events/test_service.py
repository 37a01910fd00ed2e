"""What registration's facts do here: they say who may sign up, and take the right away again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.contracts import example
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import deliver, parked, published
from services.events.domain.signup import Member, PartyRole
from services.events.service import FACTS
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, Family, a_family, a_pedagogue
from tests.events.town import Desk, Town, a_meeting, alone, an_opening, first_session, reasons

CANCELLED = ("cancelled", None)
SEATED = ("seated", None)


def statements(context: Context, step: Callable[[], object]) -> int:
    """How many statements a step sends to the database."""
    sent: list[str] = []

    def remember(*details: Any) -> None:
        sent.append(details[2])

    sa.event.listen(context.database.engine, "before_cursor_execute", remember)
    step()
    sa.event.remove(context.database.engine, "before_cursor_execute", remember)
    return len(sent)


@pytest.mark.parametrize("type_", sorted(FACTS.reads))
def test_contract_example_is_read(context: Context, type_: str) -> None:
    """The example of every contract that this service reads goes through."""
    contract = type_.split(".", 1)[1].removesuffix(".v1") + "/v1"
    deliver(context, type_, example(contract)["data"], subject=new_id())
    assert parked(context) == []


def test_enrolled_family_may_sign_up(town: Town, desk: Desk) -> None:
    """As soon as an enrolment is accepted, its child and its guardians can sign up."""
    family = a_family()
    assert reasons(desk.tries_to_sign_up(desk.opens(), family.party()), 409)
    town.enrols(family)
    assert desk.signs_up(desk.opens(), family.party())["status"] == "seated"


def test_a_house_that_moves_opens_where_it_lies_then(town: Town, desk: Desk) -> None:
    """Registration tells where a house lies when; an activity after the move is opened in the new district, and not in the old one."""
    moved = [{"district": "hedegaarden", "start": None, "end": NOW.date()}, {"district": "baltorp", "start": "2026-11-03", "end": None}]
    who = {"institution_id": BIRKEGAARDEN.institution_id, "institution": BIRKEGAARDEN.code, "district": "hedegaarden"}
    town.tells("institution.moved", BIRKEGAARDEN.institution_id, **who, placements=moved)
    assert reasons(desk.coordinator.post("/v1/activities", json=an_opening()), 422) == [("institution-elsewhere", "/institution")]
    assert desk.opens(district="baltorp")


def test_rejected_enrolment_opens_nothing(town: Town, desk: Desk) -> None:
    """A rejected enrolment names nobody, and lets nobody in."""
    town.tells("enrolment.rejected", new_id())
    assert reasons(desk.tries_to_sign_up(desk.opens(), a_family().party()), 409)


@pytest.mark.parametrize(("status", "answer"), [("invited", 422), ("interested", 422), ("active", 201), ("paused", 201)])
def test_who_is_enrolled_may_sign_up(town: Town, desk: Desk, status: str, answer: int) -> None:
    """A family that is invited, or interested, is not enrolled yet; one that has begun, or pauses, still is."""
    family = a_family()
    town.changes(family, status)
    assert desk.tries_to_sign_up(desk.opens(), family.party()).status_code == answer


def test_a_completed_enrolment_ends_what_is_to_come(town: Town, desk: Desk) -> None:
    """A child that has completed comes to nothing more."""
    family = town.enrols(a_family())
    signup = desk.signs_up(desk.opens(), family.party())
    town.changes(family, "completed")
    assert desk.standing(signup) == [CANCELLED]


def test_withdrawn_enrolment_frees_the_seats(town: Town, desk: Desk) -> None:
    """When a child's enrolment is withdrawn, its family's seats go to the first family in the line."""
    leaving, waiting = town.enrols(a_family()), town.enrols(a_family())
    workshop = desk.opens(capacity=2)
    first, second = desk.signs_up(workshop, leaving.party()), desk.signs_up(workshop, waiting.party())
    town.withdraws(leaving)
    assert desk.standing(first, second) == [CANCELLED, SEATED]
    assert desk.signup(first)["reason"] == "enrolment-withdrawn"
    assert desk.told("events.signup")[-2:] == [("signup.cancelled", first["signup_id"]), ("signup.promoted", second["signup_id"])]


def test_facts_say_what_led_to_them(town: Town, desk: Desk) -> None:
    """A cancellation and the promotion that follows carry the withdrawal's id as their cause."""
    leaving, waiting = town.enrols(a_family()), town.enrols(a_family())
    workshop = desk.opens(capacity=2)
    desk.signs_up(workshop, leaving.party())
    desk.signs_up(workshop, waiting.party())
    withdrawal = example("enrolment.withdrawn/v1")["data"] | {
        "enrolment_id": leaving.enrolments[0],
        "child_id": leaving.children[0],
        "guardian_ids": list(leaving.guardians),
    }
    deliver(town.context, "registration.enrolment.withdrawn.v1", withdrawal, subject=leaving.enrolments[0], id="the-withdrawal")
    assert [fact["causationid"] for fact in published(town.context)[-2:]] == ["the-withdrawal"] * 2


def test_withdrawal_in_another_programme(town: Town, desk: Desk) -> None:
    """A child that leaves another programme keeps its seat in this one."""
    family = town.enrols(a_family())
    signup = desk.signs_up(desk.opens(), family.party())
    town.withdraws(Family(family.children, family.guardians, "sprog-i-fokus", [new_id()]))
    assert desk.standing(signup) == [SEATED]


def test_sibling_is_not_touched(town: Town, desk: Desk) -> None:
    """When one child leaves the programme, what its sibling was signed up to alone stands."""
    family = town.enrols(a_family(children=2))
    elder = desk.signs_up(desk.opens(), family.party(children=1))
    town.withdraws(family, child=1)
    assert desk.standing(elder) == [SEATED]


def test_past_signups_stand(town: Town, desk: Desk) -> None:
    """A withdrawal does not touch what has been held already."""
    family = town.enrols(a_family())
    signup = desk.signs_up(desk.opens(), family.party())
    desk.waits(timedelta(days=8))
    town.withdraws(family)
    assert desk.standing(signup) == [SEATED]


def test_withdrawn_consent_cancels(town: Town, desk: Desk) -> None:
    """When the consent to take part is withdrawn, the child comes to nothing more, and may come again with a new consent."""
    family, consent = town.enrols(a_family()), new_id()
    town.consents(family, consent)
    workshop = desk.opens()
    signup = desk.signs_up(workshop, family.party())
    town.takes_back(family, consent)
    assert desk.standing(signup) == [CANCELLED]
    assert desk.signup(signup)["reason"] == "consent-withdrawn"
    assert reasons(desk.tries_to_sign_up(workshop, family.party()), 422) == [("consent-withdrawn", "/party/1/person_id")]
    desk.waits(timedelta(hours=1))
    town.tells("consent.given", new_id(), child_id=family.children[0], guardian_id=family.mother, given_at=desk.context.clock())
    assert desk.signs_up(workshop, family.party())["status"] == "seated"


def test_consent_to_something_else(town: Town, desk: Desk) -> None:
    """A withdrawn consent to photographs, say, takes no seat away."""
    family, consent = town.enrols(a_family()), new_id()
    signup = desk.signs_up(desk.opens(), family.party())
    town.takes_back(family, consent, purpose="photographs")
    assert desk.standing(signup) == [SEATED]


def test_adult_takes_his_own_consent_back(town: Town, desk: Desk) -> None:
    """A father who takes part no more comes to nothing that he is signed up to; the child comes with the mother."""
    family, pedagogue, consents = town.enrols(a_family()), town.employs(a_pedagogue()), [new_id(), new_id()]
    together = [Member(person, PartyRole.GUARDIAN) for person in family.guardians]
    workshop, lab = desk.opens(), desk.opens(kind="learning-lab")
    signups = desk.signs_up(workshop, together), desk.signs_up(lab, alone(pedagogue))
    for consent_id, person_id in zip(consents, (family.guardians[1], pedagogue.professional_id), strict=True):
        said = {"consent_id": consent_id, "person_id": person_id, "purpose": "take-part", "given_at": NOW}
        town.tells("consent.own-given", consent_id, **said)
        town.tells("consent.own-withdrawn", consent_id, **said, withdrawn_at=NOW)
    assert desk.standing(*signups) == [CANCELLED] * 2
    assert reasons(desk.tries_to_sign_up(workshop, together), 422) == [("consent-withdrawn", "/party/1/person_id")]
    assert reasons(desk.tries_to_sign_up(lab, alone(pedagogue)), 422) == [("consent-withdrawn", "/party/0/person_id")]
    assert desk.signs_up(workshop, family.party())["status"] == "seated"


def test_child_leaves_every_activity(town: Town, desk: Desk) -> None:
    """A child's withdrawal ends its place at every activity at once, and the counts stay right."""
    family, other = town.enrols(a_family(children=2)), town.enrols(a_family())
    workshops = [desk.opens(capacity=3) for _ in range(3)]
    seated = [desk.signs_up(workshop, family.party()) for workshop in workshops]
    waiting = [desk.signs_up(workshop, other.party()) for workshop in workshops]
    town.withdraws(family, child=1)
    assert desk.standing(*seated, *waiting) == [CANCELLED] * 3 + [SEATED] * 3
    assert [(desk.activity(w)["taken"], desk.activity(w)["waiting"]) for w in workshops] == [(2, 0)] * 3


def test_many_withdrawals_in_one_batch(town: Town, desk: Desk) -> None:
    """Families that leave in one batch free their seats for those in the line, some of whom leave in the same batch."""
    families = town.enrols_all([a_family() for _ in range(6)])
    workshop = desk.opens(capacity=4)
    signups = [desk.signs_up(workshop, family.party()) for family in families]
    town.enrols_all([families[0], families[2], families[4]], status="withdrawn")
    assert desk.standing(*signups) == [CANCELLED, SEATED, CANCELLED, SEATED, CANCELLED, ("waiting", 1)]


def test_batch_works_in_sets(town: Town, desk: Desk) -> None:
    """Forty withdrawals take as many statements as two."""
    families = town.enrols_all([a_family() for _ in range(42)])
    workshop = desk.opens(capacity=10)
    for family in families:
        desk.signs_up(workshop, family.party())
    few = statements(desk.context, lambda: town.enrols_all(families[:2], status="withdrawn"))
    many = statements(desk.context, lambda: town.enrols_all(families[2:], status="withdrawn"))
    assert many <= few
    assert desk.activity(workshop)["waiting"] == 0


def test_course_under_way(town: Town, desk: Desk) -> None:
    """A withdrawal takes a child off a course that has begun; the freed seat stays free, because sign-up has closed."""
    family, other = town.enrols(a_family()), town.enrols(a_family())
    course = desk.opens(capacity=2, sessions=[a_meeting(NEXT_WEEK), a_meeting(NEXT_WEEK + timedelta(days=7))])
    first, second = desk.signs_up(course, family.party()), desk.signs_up(course, other.party())
    desk.waits(NEXT_WEEK - NOW + timedelta(hours=1))
    town.withdraws(family)
    assert desk.standing(first, second) == [CANCELLED, ("waiting", 1)]
    assert first_session(course)


def test_professional_may_sign_up(town: Town, desk: Desk) -> None:
    """A registered professional may come to a learning lab."""
    pedagogue = a_pedagogue()
    lab = desk.opens(kind="learning-lab")
    assert reasons(desk.tries_to_sign_up(lab, alone(pedagogue)), 409) == [("professional-not-known", "/party/0/person_id")]
    town.employs(pedagogue)
    assert desk.signs_up(lab, alone(pedagogue))["contact_id"] == pedagogue.professional_id
