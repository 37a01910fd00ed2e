"""Who is told, and who is not: a guardian who may not be told of a child gets no mail about it."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.ids import new_id
from tests.notifications.story import Story

DAY = timedelta(days=1)


def knows_family(story: Story, child: str, guardian: str, *periods: tuple[str | None, str | None, bool]) -> None:
    """Registration tells of a child's one guardian, and when he may be told of it."""
    told = [
        {"valid_from": start, "valid_until": end, "custody": True, "contact_allowed": allowed, "residence": True}
        for start, end, allowed in periods
    ]
    story.tells("registration.family.changed", child, child_id=child, guardians=[{"guardian_id": guardian, "periods": told}])


def party(*children: str) -> list[dict[str, Any]]:
    """These children come."""
    return [{"person_id": child, "role": "child"} for child in children]


@pytest.mark.parametrize(
    ("periods", "state"),
    [
        ([(None, None, True)], ("sent", None)),
        ([(None, None, False)], ("suppressed", "not-permitted")),
        ([(None, "2026-11-02", True), ("2026-11-02", None, False)], ("suppressed", "not-permitted")),
        ([(None, "2026-11-03", True), ("2026-11-03", None, False)], ("sent", None)),
        ([], ("suppressed", "not-permitted")),
    ],
)
def test_permission_is_that_of_the_day(
    story: Story, periods: list[tuple[str | None, str | None, bool]], state: tuple[str, str | None]
) -> None:
    """What counts is what holds on the day, the first day of a period included and its last excluded; without a period nothing is sent."""
    sara, child = story.sara(), new_id()
    knows_family(story, child, sara, *periods)
    story.seats(sara, party=party(child))
    story.send()
    assert [(status, reason) for _, status, reason in story.states()] == [state]
    assert len(story.mails) == (state[0] == "sent")


def test_permission_for_every_child_that_comes(story: Story) -> None:
    """A mail is about all children of the party: one of whom the guardian may not be told holds it back."""
    sara, asta, bo = story.sara(), new_id(), new_id()
    knows_family(story, asta, sara, (None, None, True))
    knows_family(story, bo, sara, (None, None, False))
    story.seats(sara, party=party(asta, bo))
    story.send()
    assert story.mails == []


def test_a_stranger_to_the_family_is_told_nothing(story: Story) -> None:
    """Whoever is signed up as the contact: he gets a mail only if the child's family names him."""
    child = new_id()
    knows_family(story, child, new_id(), (None, None, True))
    story.seats(story.sara(), party=party(child))
    story.send()
    assert story.mails == []


def test_a_permission_that_ends_ends_reminders(story: Story) -> None:
    """A seat that was confirmed is not reminded of once its contact may not be told any more."""
    sara, child = story.sara(), new_id()
    knows_family(story, child, sara, (None, "2026-11-05", True))
    story.seats(sara, party=party(child))
    story.send()
    story.later(6 * DAY)
    assert [(kind, status) for kind, status, _ in story.states()] == [("confirmation", "sent"), ("reminder", "suppressed")]


def test_nobody_is_written_to_who_wants_no_mail(story: Story) -> None:
    """A guardian who names his channels, and e-mail not among them, gets none; one who names it among others does."""
    story.seats(story.card(new_id(), channels=["sms"]))
    story.seats(story.card(new_id(), channels=["sms", "email"]))
    story.send()
    assert sorted((status, reason) for _, status, reason in story.states()) == [("sent", None), ("suppressed", "not-wanted")]


def test_a_guardian_who_was_merged_is_told_as_the_one_who_is_kept(story: Story) -> None:
    """Whichever of his ids the family knows, and the sign-up names, he is told; and not where one of the two may not be."""
    kept, old, asta, bo = story.sara(), story.sara(), new_id(), new_id()
    knows_family(story, asta, old, (None, None, True))
    knows_family(story, bo, kept, (None, None, True))
    story.tells("registration.person.merged", old, person_id=old, into_id=kept)
    story.seats(old, party=party(asta, bo))
    story.seats(kept, party=party(asta))
    story.send()
    assert len(story.mails) == 2
    story.tells("registration.person.unmerged", old, person_id=old, into_id=None)
    story.seats(kept, party=party(asta))
    story.send()
    assert story.states()[-1] == ("confirmation", "suppressed", "not-permitted")


def test_both_records_must_allow_it(story: Story) -> None:
    """A guardian who is in a family under two ids, and may not be told under one of them, is not told."""
    kept, old, asta = story.sara(), new_id(), new_id()
    told = [
        {"valid_from": None, "valid_until": None, "custody": True, "contact_allowed": who == kept, "residence": True} for who in (kept, old)
    ]
    family = [{"guardian_id": who, "periods": [period]} for who, period in zip((kept, old), told, strict=True)]
    story.tells("registration.family.changed", asta, child_id=asta, guardians=family)
    for fact, state in (("merged", "suppressed"), ("unmerged", "sent")):
        story.tells(f"registration.person.{fact}", old, person_id=old, into_id=kept if fact == "merged" else None)
        story.seats(kept, party=party(asta))
        story.send()
        assert story.states()[-1][1] == state


def test_a_child_who_was_merged_has_the_family_of_the_one_that_is_kept(story: Story) -> None:
    """A father of the kept child is told of a sign-up under the other id; one who is only in the other id's old family is not."""
    father, stranger, kept, old = story.sara(), story.sara(), new_id(), new_id()
    knows_family(story, old, stranger, (None, None, True))
    knows_family(story, kept, father, (None, None, True))
    story.tells("registration.person.merged", old, person_id=old, kind="child", into_id=kept)
    for guardian in (father, stranger):
        story.seats(guardian, party=party(old))
    story.send()
    assert sorted(status for _, status, _ in story.states()) == ["sent", "suppressed"]
