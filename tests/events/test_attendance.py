"""Attendance as it is really taken: without a network, by several people, of some without a seat, and corrected afterwards."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import published
from services.events.handlers.refreshing import refresh
from tests.events.builders import BIRKEGAARDEN, NEXT_WEEK, NOW, Family, a_family, a_pedagogue
from tests.events.town import Desk, Json, Town, an_observation, found

AFTERWARDS = NEXT_WEEK + timedelta(days=2)


@pytest.fixture
def family(town: Town) -> Family:
    """A mother, a father and a child."""
    return town.enrols(a_family())


@pytest.fixture
def workshop(desk: Desk, family: Family) -> Json:
    """A workshop that begins now, at which the mother and the child have seats."""
    workshop = desk.opens(capacity=2)
    desk.signs_up(workshop, family.party())
    desk.waits(NEXT_WEEK - NOW)
    return workshop


def states(desk: Desk, workshop: Json) -> dict[str, str | None]:
    """What counts of each person on the roll."""
    return {line["person_id"]: line["state"] for line in desk.roll(workshop)["attendance"]}


def slugs(desk: Desk, workshop: Json, *lines: Json) -> list[str]:
    """Why these observations are refused."""
    path = f"/v1/sessions/{workshop['sessions'][0]['session_id']}/observations"
    results = found(desk.coordinator.post(path, json={"attendance": list(lines)}))["results"]
    return [error["slug"] for result in results for error in result["errors"]]


class TestMerging:
    def test_the_latest_counts(self, desk: Desk, workshop: Json, family: Family) -> None:
        """What was seen last counts, also when it came first; the other is kept behind it."""
        desk.waits(timedelta(hours=1))
        came = an_observation(family.mother, "late", NEXT_WEEK + timedelta(minutes=20))
        assert desk.observes(workshop, came) == ["recorded"]
        assert desk.observes(workshop, an_observation(family.mother, "absent", NEXT_WEEK)) == ["kept"]
        mother, _ = desk.roll(workshop)["attendance"]
        assert (mother["state"], [entry["state"] for entry in mother["history"]]) == ("late", ["absent", "late"])

    def test_again(self, desk: Desk, workshop: Json, family: Family) -> None:
        """An observation that comes again is known, within a list and in a later one, and nothing more is told of it."""
        line = an_observation(family.mother)
        assert desk.observes(workshop, line, line) == ["recorded", "unchanged"]
        assert desk.observes(workshop, line) == ["unchanged"]
        assert len(desk.told("events.attendance")) == 1

    def test_another_under_the_same_nonce(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Other content under a nonce that was used is refused, so that no device loses an observation unnoticed."""
        line = an_observation(family.mother)
        desk.observes(workshop, line)
        assert slugs(desk, workshop, line | {"state": "late"}) == ["nonce-reused"]

    def test_one_nonce_for_a_whole_list(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Of different people a nonce tells apart nothing: a device may use one for a list."""
        nonce = new_id()
        lines = [an_observation(person, nonce=nonce) for person in (family.mother, family.children[0])]
        assert desk.observes(workshop, *lines) == ["recorded", "recorded"]

    def test_two_at_the_same_time(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Of two who saw different things at the same time the one counts whose id comes later, whoever was first to send."""
        anna, bo = (desk.door.as_(Role.LEADER, subject=name, institutions=[BIRKEGAARDEN.code]) for name in ("anna", "bo"))
        mother, child = family.mother, family.children[0]
        assert desk.observes(workshop, an_observation(mother, "late"), an_observation(child, "late"), door=bo) == ["recorded"] * 2
        assert desk.observes(workshop, an_observation(mother), an_observation(child), door=anna) == ["kept"] * 2
        assert states(desk, workshop) == {mother: "late", child: "late"}

    def test_what_is_said_at_the_desk_comes_last(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Who corrects the roll sees what he corrects: his word comes last, even after a clock that is fast."""
        desk.observes(workshop, an_observation(family.mother, "absent", NEXT_WEEK + timedelta(minutes=3)))
        desk.marks(workshop, (family.mother, "present"))
        assert states(desk, workshop)[family.mother] == "present"

    def test_same_state_seen_later(self, desk: Desk, workshop: Json, family: Family) -> None:
        """The same state seen again later is kept, and is no news to anybody."""
        desk.observes(workshop, an_observation(family.mother), an_observation(family.mother, seen_at=NEXT_WEEK + timedelta(minutes=1)))
        assert len(desk.roll(workshop)["attendance"][0]["history"]) == 2
        assert len(desk.told("events.attendance")) == 1

    def test_a_clock_that_is_wrong(self, desk: Desk, workshop: Json, family: Family) -> None:
        """What was seen more than five minutes ahead of our time, or a day before the session, is refused: it would outrank the truth."""
        ahead = an_observation(family.mother, seen_at=NEXT_WEEK + timedelta(minutes=6))
        assert slugs(desk, workshop, ahead, an_observation(family.mother, seen_at=NOW)) == ["seen-in-the-future", "attendance-too-early"]

    def test_merging_days_later(self, desk: Desk, workshop: Json, family: Family) -> None:
        """A list that was kept at the session needs no reason, however late it comes."""
        desk.waits(timedelta(days=30))
        assert desk.observes(workshop, an_observation(family.mother)) == ["recorded"]


class TestDroppingIn:
    def test_father_without_a_seat(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Who comes without a seat is counted, at a full house too; the roll says how many more came than there are seats."""
        everybody = [an_observation(person, drop_in=True) for person in (*family.guardians, family.children[0])]
        assert desk.observes(workshop, *everybody) == ["recorded"] * 3
        roll = desk.roll(workshop)
        assert (roll["capacity"], roll["came"], roll["dropped_in"], roll["over"]) == (2, 3, 1, 1)
        assert [(line["role"], line["dropped_in"]) for line in roll["attendance"]] == [
            ("guardian", False),
            ("child", False),
            ("guardian", True),
        ]
        assert desk.activity(workshop)["taken"] == 2

    def test_fact(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Who dropped in is told in a fact of its own, which names no sign-up, and so is his correction."""
        father = family.guardians[1]
        desk.observes(workshop, an_observation(father, drop_in=True))
        desk.marks(workshop, (father, "late"))
        facts = [fact for fact in published(desk.context) if fact["type"].startswith("events.attendance")]
        assert [(fact["type"], fact["data"]["state"]) for fact in facts] == [
            ("events.attendance.dropped-in.v1", "present"),
            ("events.attendance.dropped-in.v1", "late"),
        ]
        assert "signup_id" not in facts[0]["data"]

    def test_without_saying_so(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Nobody is recorded without a seat by mistake: the line has to say that he dropped in."""
        assert slugs(desk, workshop, an_observation(family.guardians[1])) == ["not-seated"]

    def test_strangers(self, town: Town, desk: Desk, workshop: Json) -> None:
        """Whom the programme does not know, or not among those whom the activity is for, cannot be recorded by an id."""
        lines = [an_observation(person, drop_in=True) for person in (new_id(), town.employs(a_pedagogue()).professional_id)]
        assert slugs(desk, workshop, *lines) == ["person-not-known", "person-not-known"]

    def test_consent(self, town: Town, desk: Desk, workshop: Json) -> None:
        """A child that does not take part is not recorded as having dropped in."""
        other = town.enrols(a_family())
        town.takes_back(other, new_id())
        assert slugs(desk, workshop, an_observation(other.children[0], drop_in=True)) == ["consent-withdrawn"]

    def test_merged_person(self, town: Town, desk: Desk, workshop: Json, family: Family) -> None:
        """Who was stored twice is counted once: under the id with which he has a seat, whichever of his ids was sent."""
        double = new_id()
        town.tells("person.merged", double, person_id=double, into_id=family.mother)
        assert desk.observes(workshop, an_observation(double, drop_in=True)) == ["recorded"]
        assert states(desk, workshop) == {family.mother: "present", family.children[0]: None}

    def test_again_in_a_refresh(self, desk: Desk, workshop: Json, family: Family) -> None:
        """A present state is told again in the fact in which it was told first."""
        desk.observes(workshop, an_observation(family.guardians[1], drop_in=True), an_observation(family.mother))
        with desk.context.work() as work:
            refresh(work)
        assert sorted(fact for fact, _ in desk.told("events.attendance"))[::2] == ["attendance.dropped-in", "attendance.recorded"]


class TestCorrecting:
    def test_reason_after_the_end(self, desk: Desk, workshop: Json, family: Family) -> None:
        """Until the session ends a mark is corrected as it is; from its end on, the same day too, with a reason, which is kept."""
        desk.marks(workshop, (family.mother, "absent"))
        desk.waits(timedelta(hours=1, minutes=59))
        assert result(desk, workshop, family.mother, "excused") == "recorded"
        desk.waits(timedelta(minutes=1))
        assert result(desk, workshop, family.mother, "present") == "reason-needed"
        assert result(desk, workshop, family.mother, "present", "mistaken") == "recorded"
        assert [entry["reason"] for entry in desk.roll(workshop)["attendance"][0]["history"]] == [None, None, "mistaken"]

    def test_first_word_after_the_day(self, desk: Desk, workshop: Json, family: Family) -> None:
        """What was never recorded can be recorded later without a reason, and the same word again changes nothing."""
        desk.waits(timedelta(days=3))
        assert [result(desk, workshop, family.mother, "present") for _ in range(2)] == ["recorded", "unchanged"]

    def test_observation_after_the_day(self, desk: Desk, workshop: Json, family: Family) -> None:
        """What a device says it saw on a later day needs a reason, whatever is recorded."""
        desk.waits(timedelta(days=3))
        late = an_observation(family.mother, seen_at=AFTERWARDS)
        assert slugs(desk, workshop, late) == ["reason-needed"]
        assert desk.observes(workshop, late | {"reason": "told-afterwards"}) == ["recorded"]

    def test_reasons_are_a_closed_list(self, desk: Desk, workshop: Json, family: Family) -> None:
        """A reason is one of a few words, so that nobody writes about somebody there."""
        path = f"/v1/sessions/{workshop['sessions'][0]['session_id']}/attendance"
        body = {"attendance": [{"person_id": family.mother, "state": "late", "reason": "moderen var syg"}]}
        assert desk.coordinator.put(path, json=body).status_code == 422


def result(desk: Desk, workshop: Json, person: str, state: str, reason: str | None = None) -> str:
    """What became of one mark: its result, or why it was refused."""
    path = f"/v1/sessions/{workshop['sessions'][0]['session_id']}/attendance"
    body = {"attendance": [{"person_id": person, "state": state, "reason": reason}]}
    line = found(desk.coordinator.put(path, json=body))["results"][0]
    return str(line["errors"][0]["slug"] if line["errors"] else line["result"])


SEEN = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["present", "late", "excused", "absent", "unknown"]),
    st.integers(0, 3),
    st.sampled_from(["anna", "bo"]),
    st.booleans(),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=st.lists(SEEN, min_size=1, max_size=8), data=st.data())
def test_any_order_ends_the_same(town: Town, desk: Desk, seen: Sequence[tuple[int, str, int, str, bool]], data: st.DataObject) -> None:
    """Whatever was seen, by whom and when, sent in whatever order, parts and repetitions: the roll ends the same."""
    family = town.enrols(a_family())
    people = (family.mother, family.children[0], family.guardians[1])
    lines = [
        (by, an_observation(people[who], state, NEXT_WEEK + timedelta(minutes=minute), drop_in=drop_in))
        for who, state, minute, by, drop_in in seen
    ]
    other = data.draw(st.permutations(lines)) + data.draw(st.lists(st.sampled_from(lines), max_size=4))
    assert merged(desk, family, lines) == merged(desk, family, other)


def merged(desk: Desk, family: Family, lines: Sequence[tuple[str, Json]]) -> list[Json]:
    """How the roll of a new workshop ends when these come one by one, without what it cannot have in common with another's."""
    desk.is_now(NOW)
    workshop = desk.opens()
    desk.signs_up(workshop, family.party())
    desk.is_now(AFTERWARDS)
    for by, line in lines:
        desk.observes(workshop, line, door=desk.door.as_(Role.COORDINATOR, subject=by))
    return sorted((_comparable(line) for line in desk.roll(workshop)["attendance"]), key=lambda line: str(line["person_id"]))


def _comparable(line: Json) -> Json:
    history = [{name: value for name, value in entry.items() if name != "recorded_at"} for entry in line["history"]]
    return {name: value for name, value in line.items() if name != "signup_id"} | {"history": history}
