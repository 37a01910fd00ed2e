"""What the tables promise when several processes work on them."""

from services.chassis.ids import new_id
from services.notifications import handlers
from services.notifications.domain.mail import Status
from tests.notifications.builders import HOUR, MONDAY
from tests.notifications.story import Story


def test_what_one_takes_another_passes_over(story: Story) -> None:
    """While one process takes mails another one takes others, without waiting for it."""
    sara = story.sara()
    for _ in range(4):
        story.seats(sara)
    with story.context.work() as one, story.context.work() as other:
        first, second = one.mails.due(MONDAY, 3), other.mails.due(MONDAY, 3)
    assert (len(first), len(second)) == (3, 1)
    assert not {due.mail.mail_id for due in first} & {due.mail.mail_id for due in second}


def test_only_one_of_two_steps_is_stored(story: Story) -> None:
    """Of two steps from the same state only the first is stored, and the second learns it."""
    story.seats(story.sara())
    [mail] = story.ledger()
    with story.context.work() as work:
        assert set(work.mails.save([mail.start(MONDAY)])) == {mail.mail_id}
        assert work.mails.save([mail.suppress("overtaken")]) == {}
    assert story.ledger()[0].status is Status.SENDING


def test_what_was_not_stored_is_not_taken(story: Story) -> None:
    """A mail that somebody else changed since it was read is not sent."""
    story.seats(story.sara())
    with story.context.work() as work:
        stale = work.mails.due(MONDAY, 1)
        work.mails.save([item.mail.suppress("overtaken") for item in stale])
        work.mails.due = lambda _now, _limit: stale
        assert handlers.take_due(work) == []


def test_a_held_mail_is_released_while_another_is_locked(story: Story) -> None:
    """A mail that another process has in hand does not keep the others from being released."""
    strangers = [new_id(), new_id()]
    for stranger in strangers:
        story.seats(stranger)
    story.send()
    for stranger in strangers:
        story.card(stranger)
    with story.context.work() as one, story.context.work() as other:
        one.connection.exec_driver_sql("select from mail where mail_id = (select min(mail_id::text)::uuid from mail) for update")
        other.mails.release(MONDAY)
    assert [mail.status.value for mail in story.ledger()] == ["held", "queued"]


def test_the_due_are_taken_in_turn(story: Story) -> None:
    """Who has waited longest is written to first."""
    sara = story.sara()
    for _ in range(3):
        story.seats(sara)
        story.clock.advance(-HOUR)
    with story.context.work() as work:
        due = [item.mail.due_at for item in work.mails.due(MONDAY, 10)]
    assert due == [MONDAY - 2 * HOUR, MONDAY - HOUR, MONDAY]
