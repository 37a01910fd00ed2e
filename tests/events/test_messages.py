"""What is published keeps its contract, and can be had again."""

from datetime import timedelta

from services.chassis.contracts import problems
from services.chassis.testing import published, run_timer
from services.events.handlers import refreshing
from tests.events.builders import NEXT_WEEK, NOW, a_family
from tests.events.town import Desk, Json, Town, a_meeting


def states(facts: list[Json]) -> dict[str, tuple[str, Json]]:
    """The last sequence number and state of every aggregate; places in the line are those of the moment, and left out."""
    return {fact["subject"]: (fact["sequence"], {**fact["data"], "position": None}) for fact in facts}


def a_whole_story(town: Town, desk: Desk) -> None:
    """An activity with everything that can happen to it, and another that is called off."""
    workshop, other = desk.opens(capacity=2), desk.opens(institution=None)
    families = [town.enrols(a_family()) for _ in range(3)]
    signups = [desk.signs_up(workshop, family.party()) for family in families]
    desk.signs_up(other, families[0].party())
    desk.cancels(signups[0])
    desk.resizes(workshop, 3)
    desk.changes(desk.activity(workshop), shift={"minutes": -30}, add=[a_meeting(NEXT_WEEK + timedelta(hours=8))])
    desk.calls_off(other)
    desk.becomes(desk.becomes(desk.opens(status="draft"), "publish"), "take-back")
    desk.opens(status="draft")
    desk.waits(NEXT_WEEK - NOW)
    desk.marks(workshop, (families[1].mother, "present"), (families[1].children[0], "absent"))
    desk.waits(timedelta(days=1))
    run_timer(desk.context, "finish")


def test_facts_keep_their_contracts(town: Town, desk: Desk) -> None:
    """Everything that a whole story publishes is what its contract says."""
    a_whole_story(town, desk)
    facts = published(desk.context)
    told = {fact["type"].removeprefix("events.").removesuffix(".v1") for fact in facts}
    assert told == {
        "activity.opened",
        "activity.changed",
        "activity.called-off",
        "activity.done",
        "activity.taken-back",
        "signup.seated",
        "signup.waitlisted",
        "signup.promoted",
        "signup.cancelled",
        "attendance.recorded",
    }
    for fact in facts:
        name = fact["type"].removeprefix("events.").removesuffix(".v1")
        assert problems(f"{name}/v1", fact["data"]) == []
        assert fact["programme"] == "sammen-om-boern"


def test_refresh_tells_the_present_state(town: Town, desk: Desk) -> None:
    """A refresh tells the last state of every aggregate again, under the sequence number that it has, marked as a snapshot."""
    a_whole_story(town, desk)
    before = published(desk.context)
    last = states(before)
    with desk.context.work() as work:
        refreshing.refresh(work)
    again = published(desk.context)[len(before) :]
    assert states(again) == last
    assert all(fact["snapshot"] for fact in again)
    assert len(again) == len(last)


def test_snapshots_keep_their_contracts(town: Town, desk: Desk) -> None:
    """A snapshot is a fact like any other: its contract holds for it."""
    a_whole_story(town, desk)
    before = len(published(desk.context))
    with desk.context.work() as work:
        refreshing.refresh(work)
    for fact in published(desk.context)[before:]:
        name = fact["type"].removeprefix("events.").removesuffix(".v1")
        assert problems(f"{name}/v1", fact["data"]) == []
