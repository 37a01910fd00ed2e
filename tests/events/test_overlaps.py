"""Nobody is at two places at once: whoever signs up or is moved is told of it, or refused, as the rule has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.events.domain.overlap import Severity
from services.events.domain.signup import PartyRole
from services.events.handlers import overlapping, signups
from services.events.resources import load
from tests.events.builders import NEXT_WEEK, a_family, a_pedagogue
from tests.events.test_storage import PATIENCE_S, until_somebody_waits
from tests.events.town import Desk, Json, Town, a_meeting, a_signing_up, alone, found, reasons

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ELSEWHERE = "somebody-elsewhere"


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Somebody else, who does things at the same time."""
    with ThreadPoolExecutor(1) as somebody:
        yield somebody


def at(desk: Desk, hours: float, kind: str = "workshop") -> Json:
    """An activity so many hours after the usual one."""
    return desk.opens(kind=kind, sessions=[a_meeting(NEXT_WEEK + hours * HOUR)])


def warned(answer: TestResponse, status: int = 201) -> list[tuple[str, str]]:
    """The slug and field of each warning."""
    return [(warning["slug"], warning["field"]) for warning in found(answer, status).get("warnings", ())]


class TestSigningUp:
    def test_who_is_elsewhere_is_told(self, town: Town, desk: Desk) -> None:
        """A child that would be at two workshops at once is signed up, and the answer says which of the party it is, not where."""
        family, first, second = town.enrols(a_family()), at(desk, 0), at(desk, 1)
        desk.signs_up(first, family.party())
        answer = desk.tries_to_sign_up(second, family.party(guardians=0), family.guardians[1])
        assert warned(answer) == [(ELSEWHERE, "/party/0/person_id")]
        assert first["activity_id"] not in answer.get_data(as_text=True)

    def test_one_after_the_other(self, town: Town, desk: Desk) -> None:
        """Right after one another, at another time of a course, or after a cancellation, nobody is at two places."""
        family = town.enrols(a_family())
        first, then, cancelled = at(desk, 0), at(desk, 2), at(desk, 1)
        desk.cancels(desk.signs_up(cancelled, family.party()))
        assert [warned(desk.tries_to_sign_up(one, family.party())) for one in (first, then)] == [[], []]

    def test_a_hard_rule_refuses(self, town: Town, desk: Desk) -> None:
        """A professional comes to no supervision while he is at something else; a repeated sign-up is not refused."""
        pedagogue, first, second = town.employs(a_pedagogue()), at(desk, 0, "learning-lab"), at(desk, 1, "supervision")
        desk.signs_up(first, alone(pedagogue))
        assert reasons(desk.tries_to_sign_up(second, alone(pedagogue)), 409) == [(ELSEWHERE, "/party/0/person_id")]
        third = at(desk, 4, "supervision")
        desk.signs_up(third, alone(pedagogue))
        desk.changes(first, shift={"minutes": 240})
        assert warned(desk.tries_to_sign_up(third, alone(pedagogue)), 200) == [(ELSEWHERE, "/party/0/person_id")]

    def test_a_facilitator_is_at_his_session(self, town: Town, desk: Desk) -> None:
        """A professional who leads one lab is told when he signs up to another at the same time."""
        pedagogue = town.employs(a_pedagogue())
        leads = desk.registers(kind="facilitator", institution=None, name=None, professional_id=pedagogue.professional_id)
        found(desk.tries_to_book(at(desk, 0, "learning-lab"), leads))
        assert warned(desk.tries_to_sign_up(at(desk, 1, "course"), alone(pedagogue))) == [(ELSEWHERE, "/party/0/person_id")]

    def test_a_merged_person_is_one(self, town: Town, desk: Desk) -> None:
        """Who was stored twice and merged is at two places under either id."""
        one, two, (first, second) = town.employs(a_pedagogue()), town.employs(a_pedagogue()), (at(desk, n, "course") for n in (0, 1))
        desk.signs_up(first, alone(one))
        town.tells("person.merged", one.professional_id, person_id=one.professional_id, into_id=two.professional_id)
        assert warned(desk.tries_to_sign_up(second, alone(two))) == [(ELSEWHERE, "/party/0/person_id")]


class TestOtherWaysIn:
    def test_a_hold(self, town: Town, desk: Desk) -> None:
        """No seats are held for who could not sign up, as he is somewhere else."""
        pedagogue, first, second = town.employs(a_pedagogue()), at(desk, 0, "learning-lab"), at(desk, 1, "supervision")
        desk.signs_up(first, alone(pedagogue))
        answer = desk.coordinator.post(f"/v1/activities/{second['activity_id']}/holds", json=a_signing_up(alone(pedagogue)))
        assert reasons(answer, 409) == [(ELSEWHERE, "/party/0/person_id")]

    def test_a_transfer(self, town: Town, desk: Desk) -> None:
        """Who moves to another date is told that he is somewhere else then, or refused; what he leaves does not count."""
        pedagogue, from_, to = town.employs(a_pedagogue()), at(desk, 0, "supervision"), at(desk, 1, "supervision")
        signup = desk.signs_up(from_, alone(pedagogue))
        path = f"/v1/signups/{signup['signup_id']}/transfer"
        moved = found(desk.coordinator.post(path, json={"activity_id": to["activity_id"]}), 201)
        assert "warnings" not in moved
        busy, then = at(desk, 24, "learning-lab"), at(desk, 25, "supervision")
        desk.signs_up(busy, alone(pedagogue))
        again = desk.coordinator.post(f"/v1/signups/{moved['signup_id']}/transfer", json={"activity_id": then["activity_id"]})
        assert reasons(again, 409) == [(ELSEWHERE, "")]

    def test_a_family_is_told(self, town: Town, desk: Desk) -> None:
        """A family that moves to a date at which its child is somewhere else comes, and is told, without being told who it is."""
        family, first, busy, then = town.enrols(a_family()), at(desk, 0), at(desk, 24), at(desk, 25)
        signup = desk.signs_up(first, family.party())
        desk.signs_up(busy, family.party())
        answer = desk.coordinator.post(f"/v1/signups/{signup['signup_id']}/transfer", json={"activity_id": then["activity_id"]})
        assert warned(answer) == [(ELSEWHERE, "")]

    def test_an_answer_to_an_offer(self, town: Town, desk: Desk) -> None:
        """Who was offered seats and is somewhere else by now, where the rule is hard, cannot accept them until he is not."""
        holder, pedagogue = town.employs(a_pedagogue()), town.employs(a_pedagogue())
        supervision = desk.opens(1, kind="supervision", line={"offers": {"answer_hours": 2}})
        held = desk.signs_up(supervision, alone(holder))
        waits = desk.signs_up(supervision, alone(pedagogue))
        elsewhere = desk.signs_up(at(desk, 1, "learning-lab"), alone(pedagogue))
        desk.cancels(held)
        accept = f"/v1/signups/{waits['signup_id']}/acceptance"
        assert reasons(desk.coordinator.post(accept), 409) == [(ELSEWHERE, "")]
        desk.cancels(elsewhere)
        assert found(desk.coordinator.post(accept))["status"] == "seated"


class TestMoving:
    def test_whom_a_move_brings_together(self, town: Town, desk: Desk) -> None:
        """Before a session is moved, an organiser sees the sign-ups of whom somebody is elsewhere then; it may be moved all the same."""
        busy, free = town.enrols(a_family()), town.enrols(a_family())
        first, second = at(desk, 0), desk.opens(sessions=[a_meeting(NEXT_WEEK + DAY)])
        desk.signs_up(first, busy.party())
        signup = desk.signs_up(second, busy.party())
        desk.signs_up(second, free.party())
        answers = [desk.changes(second, dry_run=dry_run, shift={"days": -1})["elsewhere"] for dry_run in (True, False)]
        assert answers == [[signup["signup_id"]]] * 2

    def test_a_hard_rule_refuses_the_move(self, town: Town, desk: Desk) -> None:
        """A supervision is not moved to a time at which one of its professionals is elsewhere."""
        pedagogue = town.employs(a_pedagogue())
        lab, supervision = at(desk, 0, "learning-lab"), at(desk, 4, "supervision")
        desk.signs_up(lab, alone(pedagogue))
        desk.signs_up(supervision, alone(pedagogue))
        assert reasons(desk.tries_to_change(supervision, shift={"minutes": -180}), 409) == [(ELSEWHERE, "/changes/0")]
        assert desk.changes(supervision, shift={"minutes": -120})["elsewhere"] == []


class TestAtOnce:
    def test_two_sign_ups_of_one_person(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """Who signs up to two supervisions at the same moment comes to one: the second sign-up waits for the first, and sees it."""
        pedagogue, first, second = town.employs(a_pedagogue()), at(desk, 0, "supervision"), at(desk, 1, "supervision")
        with desk.context.work() as work:
            overlapping.hold_party(alone(pedagogue), work)
            signups.sign_up(first["activity_id"], alone(pedagogue), None, work, Cause(new_id()))
            trying = other.submit(desk.tries_to_sign_up, second, alone(pedagogue))
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S), 409) == [(ELSEWHERE, "/party/0/person_id")]

    def test_a_move_and_a_sign_up(self, town: Town, desk: Desk, other: ThreadPoolExecutor) -> None:
        """A supervision that is moved while one of its professionals signs up elsewhere waits for that, and is not moved onto it."""
        pedagogue, lab, supervision = town.employs(a_pedagogue()), at(desk, 0, "learning-lab"), at(desk, 4, "supervision")
        desk.signs_up(supervision, alone(pedagogue))
        with desk.context.work() as work:
            overlapping.hold_party(alone(pedagogue), work)
            signups.sign_up(lab["activity_id"], alone(pedagogue), None, work, Cause(new_id()))
            trying = other.submit(desk.tries_to_change, supervision, shift={"minutes": -180})
            until_somebody_waits(work.connection)
        assert reasons(trying.result(PATIENCE_S), 409) == [(ELSEWHERE, "/changes/0")]


def test_the_rules_are_whole() -> None:
    """There is a rule for everybody who signs up to any kind of activity."""
    resources = load()
    assert {resources.overlaps.of(kind, role) for kind in resources.kinds for role in PartyRole} == {Severity.SOFT, Severity.HARD}
    assert set(resources.overlaps.kinds) <= set(resources.kinds)
