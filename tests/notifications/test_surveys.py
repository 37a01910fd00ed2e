"""Whoever came to an activity is asked by a letter how it was; the link in it is his alone, and forgotten when it has left."""

from datetime import timedelta

import msgspec
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.chassis.keys import seal
from tests.notifications.builders import MONDAY
from tests.notifications.story import Json, Story

LINK = "https://deltag.example/events/feedback?token=Zm9yLW5vYm9keS1lbHNl"
WEEKS = timedelta(days=14)


def asks(story: Story, person_id: str, signup_id: str, link_id: str | None = None) -> str:
    """Events seals a link for somebody who came; returns its id."""
    link_id = link_id or new_id()
    key_id, sealed = seal(story.context.settings.notifications_public_key, msgspec.json.encode({"link": LINK}), link_id.encode())
    ids: Json = {"link_id": link_id, "person_id": person_id, "signup_id": signup_id, "activity_id": story.workshop}
    closes_on = (story.clock.now + WEEKS).date()
    story.tells("events.survey-link.sealed", link_id, **ids, closes_on=closes_on, key_id=key_id, sealed=sealed)
    return link_id


def held(story: Story, person_id: str) -> str:
    """The workshop is over; the sign-up of somebody who had a seat."""
    story.opens()
    signup_id = story.seats(person_id)
    story.send()
    story.clock.advance(timedelta(days=8))
    story.opens(fact="done", status="done")
    return signup_id


def kept(story: Story) -> int:
    """How many links are kept."""
    with story.context.work() as work:
        return int(work.connection.execute(sa.text("select count(*) from survey_link")).scalar_one())


def test_who_came_is_asked(story: Story) -> None:
    """He gets one letter with the link, in his language, though the activity is over; then the link is forgotten, and told in no fact."""
    sara = story.card(new_id(), language="en")
    signup_id = held(story, sara)
    link_id = asks(story, sara, signup_id)
    asks(story, sara, signup_id, link_id)
    story.send()
    letter = story.mails[-1]
    assert letter["Subject"].startswith("How was it?")
    assert LINK in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # our letters have both
    assert [state for kind, state, _ in story.states() if kind == "feedback"] == ["sent"]
    assert kept(story) == 0
    assert "token=" not in str(story.told())


def test_a_link_that_holds_no_more(story: Story) -> None:
    """A letter that could not leave before the link's last day is not sent, and the link is forgotten."""
    nobody = new_id()
    signup_id = held(story, nobody)
    asks(story, nobody, signup_id)
    story.send()
    assert kept(story) == 1
    story.clock.advance(WEEKS + timedelta(days=1))
    asks(story, story.sara(), signup_id)
    story.send()
    assert kept(story) == 0
    assert [state for kind, state, _ in story.states() if kind == "feedback"] == ["suppressed", "sent"]


def test_who_may_not_be_written_to(story: Story) -> None:
    """Who has taken back that he may be written to is not asked."""
    sara = story.sara()
    signup_id = held(story, sara)
    word: Json = {"person_id": sara, "purpose": "contact", "status": "withdrawn", "given_at": MONDAY, "withdrawn_at": story.clock.now}
    story.tells("registration.consent.own-withdrawn", new_id(), **word)
    asks(story, sara, signup_id)
    story.send()
    assert ("feedback", "suppressed", "consent-withdrawn") in story.states()
