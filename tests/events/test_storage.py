"""What the database itself refuses, and how those who meet at the same rows wait for each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.chassis.envelope import Received
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.events.api.activity_schemas import OpeningSchema
from services.events.domain.signup import Signup
from services.events.handlers import activities, learning, signups
from services.events.messages import TAKE_PART, ConsentChanged, EnrolmentChanged
from tests.events.builders import LAST_WEEK, NOW, Family, a_family, a_party, a_signup, a_workshop
from tests.events.town import Desk, Town, an_opening, found, reasons

PATIENCE_S = 20


def kept(context: Context, *signups: Signup) -> None:
    """A workshop with these sign-ups, written past every rule."""
    with context.work() as work:
        work.activities.add(a_workshop(activity_id=signups[0].activity_id))
        for signup in signups:
            work.signups.add(signup)


def until_somebody_waits(connection: sa.Connection) -> None:
    """Returns when another connection waits for a lock of this one."""
    deadline = monotonic() + PATIENCE_S
    blocked = sa.text("select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))")
    while not connection.execute(blocked).scalar():
        assert monotonic() < deadline, "nobody waits"


def an_enrolment(family: Family, status: str) -> EnrolmentChanged:
    """What is read of a fact about the family's first child."""
    guardians = [UUID(guardian) for guardian in family.guardians]
    return EnrolmentChanged(UUID(family.enrolments[0]), UUID(family.children[0]), family.programme, status, guardians)


def a_fact(data: EnrolmentChanged) -> Received[EnrolmentChanged]:
    """The fact as a handler gets it."""
    return Received(id=new_id(), source="/test", type="registration.enrolment.withdrawn.v1", subject=str(data.enrolment_id), data=data)


def a_withdrawn_consent(family: Family) -> ConsentChanged:
    """What is read of the mother's withdrawal for her first child."""
    child, mother = UUID(family.children[0]), UUID(family.mother)
    return ConsentChanged(
        consent_id=UUID(new_id()),
        child_id=child,
        guardian_id=mother,
        purpose=TAKE_PART,
        status="withdrawn",
        given_at=LAST_WEEK,
        withdrawn_at=NOW,
    )


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Somebody else, who does things at the same time."""
    with ThreadPoolExecutor(1) as somebody:
        yield somebody


class TestConstraints:
    def test_never_overbooked(self, desk: Desk) -> None:
        """The database refuses more taken seats than there are, whatever the code does."""
        workshop = desk.opens(capacity=4)
        with pytest.raises(sa.exc.IntegrityError, match="never_overbooked"), desk.context.work() as work:
            work.connection.execute(sa.text("update activity set taken = 5 where activity_id = :id"), {"id": workshop["activity_id"]})

    def test_counts_add_up(self, town: Town, desk: Desk) -> None:
        """Counts are written as differences: two writers who both saw two free seats cannot both take them."""
        workshop = desk.opens(capacity=2)
        with desk.context.work() as work:
            seen_before = work.activities.lock([workshop["activity_id"]])[0]
        desk.signs_up(workshop, town.enrols(a_family()).party())
        seen_before.taken += 2
        with desk.context.work() as work:
            work.activities._locked[workshop["activity_id"]] = a_workshop(taken=0)  # noqa: SLF001 - what a writer without the lock saw
            with pytest.raises(sa.exc.IntegrityError, match="never_overbooked"):
                work.activities.save([seen_before])

    def test_nobody_twice(self, context: Context) -> None:
        """A person has at most one sign-up to an activity that is not cancelled."""
        signup = a_signup(number=1)
        with pytest.raises(sa.exc.IntegrityError, match="one_seat_each"):
            kept(context, signup, a_signup(activity_id=signup.activity_id, party=signup.party, number=2))

    def test_numbers_are_drawn_once(self, context: Context) -> None:
        """No two sign-ups to an activity have the same number in the order of arrival."""
        signup = a_signup(number=1)
        with pytest.raises(sa.exc.IntegrityError, match="one_number_each"):
            kept(context, signup, a_signup(activity_id=signup.activity_id, party=a_party(), number=1))

    def test_called_off_is_empty(self, town: Town, desk: Desk) -> None:
        """What is called off has no seats taken."""
        workshop = desk.opens()
        desk.signs_up(workshop, town.enrols(a_family()).party())
        called_off = sa.text("update activity set status = 'called-off' where activity_id = :id")
        with pytest.raises(sa.exc.IntegrityError, match="called_off_is_empty"), desk.context.work() as work:
            work.connection.execute(called_off, {"id": workshop["activity_id"]})


class TestWaitingForEachOther:
    def test_withdrawal_sees_the_signup(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """A withdrawal that comes while the family signs up waits for it, and cancels it."""
        family, workshop = town.enrols(a_family()), desk.opens()
        with desk.context.work() as work:
            signup, _ = signups.sign_up(workshop["activity_id"], family.party(), None, work, Cause(new_id()))
            leaving = other.submit(town.withdraws, family)
            until_somebody_waits(work.connection)
        leaving.result(PATIENCE_S)
        assert desk.standing({"signup_id": signup.signup_id}) == [("cancelled", None)]

    def test_signup_sees_the_withdrawal(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """A sign-up that comes while the enrolment is being withdrawn waits for it, and is refused."""
        family, workshop = town.enrols(a_family()), desk.opens()
        with desk.context.work() as work:
            work.people.learn_enrolments([an_enrolment(family, "withdrawn")])
            trying = other.submit(desk.tries_to_sign_up, workshop, family.party())
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S)) == [
            ("guardian-not-enrolled", "/party/0/person_id"),
            ("child-not-enrolled", "/party/1/person_id"),
        ]

    def test_signup_sees_the_withdrawn_consent(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """A sign-up that comes while a consent is being withdrawn waits for it, and is refused."""
        family, workshop = town.enrols(a_family()), desk.opens()
        with desk.context.work() as work:
            work.people.learn_consents([a_withdrawn_consent(family)])
            trying = other.submit(desk.tries_to_sign_up, workshop, family.party())
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S)) == [("consent-withdrawn", "/party/1/person_id")]

    def test_signups_to_one_activity_take_turns(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """Of two families that want the last seats at once the first gets them, and the second waits in the line."""
        first, second = town.enrols_all([a_family(), a_family()])
        workshop = desk.opens(capacity=2)
        with desk.context.work() as work:
            signup, _ = signups.sign_up(workshop["activity_id"], first.party(), None, work, Cause(new_id()))
            trying = other.submit(desk.signs_up, workshop, second.party())
            until_somebody_waits(work.connection)
        assert (signup.status, trying.result(PATIENCE_S)["position"]) == ("seated", 1)

    def test_same_opening_at_once(self, desk: Desk, other: ThreadPoolExecutor) -> None:
        """Of two equal openings at the same moment one opens the activity, and the other finds it."""
        opening = an_opening(activity_id=new_id())
        with desk.context.work() as work:
            activities.open_activity(OpeningSchema().load(opening), work, Cause(new_id()))
            trying = other.submit(desk.coordinator.post, "/v1/activities", json=opening)
            until_somebody_waits(work.connection)
        assert found(trying.result(PATIENCE_S))["activity_id"] == opening["activity_id"]


MANY = 5_000
_CROWD = """
insert into enrolment select gen_random_uuid(), gen_random_uuid(), 'sammen-om-boern', true,
    jsonb_build_array(gen_random_uuid(), gen_random_uuid()) from generate_series(1, 5000);
insert into family select child_id, guardian_ids, '[]' from enrolment;
insert into consent select gen_random_uuid(), child_id, gen_random_uuid(), true, now() from enrolment;
insert into professional select gen_random_uuid(), 'sammen-om-boern' from generate_series(1, 5000);
insert into activity (activity_id, programme, kind, title, district, status, capacity, taken, last_number, opening)
    select gen_random_uuid(), 'sammen-om-boern', 'workshop', '{}', 'hedegaarden', 'open', 9, 1, 1, '' from generate_series(1, 5000);
insert into session select gen_random_uuid(), activity_id, now(), now() + interval '1 hour', '' from activity;
insert into signup (signup_id, activity_id, contact_id, seats, number, place, status, signed_up_at)
    select gen_random_uuid(), activity_id, gen_random_uuid(), 1, 1, 1, 'seated', now() from activity;
insert into party select signup_id, 0, activity_id, gen_random_uuid(), 'guardian' from signup;
analyze;
"""
_ROWS_SCANNED = sa.text("select coalesce(sum(seq_tup_read), 0) from pg_stat_xact_user_tables where schemaname = 'public'")


def test_cost_does_not_grow_with_what_is_stored(town: Town, desk: Desk) -> None:
    """Among thousands of families and activities, a sign-up, a cancellation and a withdrawal read a handful of rows each."""
    with desk.context.work() as work:
        work.connection.exec_driver_sql(_CROWD)
    staying, leaving, waiting = town.enrols_all([a_family() for _ in range(3)])
    workshop = desk.opens(capacity=4)
    with desk.context.work() as work:
        before = work.connection.execute(_ROWS_SCANNED).scalar_one()
        signup, _ = signups.sign_up(workshop["activity_id"], staying.party(), None, work, Cause(new_id()))
        signups.sign_up(workshop["activity_id"], leaving.party(), None, work, Cause(new_id()))
        signups.sign_up(workshop["activity_id"], waiting.party(), None, work, Cause(new_id()))
        signups.cancel(signup.signup_id, work, Cause(new_id()))
        learning.learn_enrolments([a_fact(an_enrolment(leaving, "withdrawn"))], work)
        assert work.connection.execute(_ROWS_SCANNED).scalar_one() - before < MANY
        assert work.signups.seats_of(workshop["activity_id"]).keys() == {waiting.mother, *waiting.children}
