"""The HTTP door: who may do what, what the ledger shows, and what it does not."""

from collections.abc import Callable

import pytest

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.testing import Door, http
from services.notifications.domain.mail import Kind
from services.notifications.service import SERVICE
from tests.notifications.story import Story

READERS = {Role.COORDINATOR, Role.OPERATOR}
WHO_MAY = {
    ("GET", "/v1/mails"): READERS,
    ("GET", "/v1/mails/{id}"): READERS,
    ("POST", "/v1/mails/{id}/retry"): {Role.OPERATOR},
    ("GET", "/v1/previews/{kind}/{language}"): READERS,
}


@pytest.fixture
def door(story: Story) -> Door:
    """The door, with nobody in front of it."""
    return http(story.context)


@pytest.fixture
def failed(story: Story) -> str:
    """A mail that failed, because the server does not know the address."""
    story.server.answers["gone"] = "550 unknown"
    story.seats(story.card(new_id(), email="gone@familie.example"))
    story.send()
    return story.ledger()[0].mail_id


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path"), WHO_MAY)
def test_who_may_do_what(door: Door, failed: str, method: str, path: str, role: Role) -> None:
    """Every endpoint answers the roles of the table, and no other."""
    url = path.format(id=failed, kind="confirmation", language="da")
    status = door.as_(role).request(method, url).status_code
    assert status == (200 if role in WHO_MAY[method, path] else 403)


@pytest.mark.parametrize(("method", "path"), WHO_MAY)
def test_strangers_are_turned_away(door: Door, method: str, path: str) -> None:
    """Without a token no endpoint answers."""
    assert door.request(method, path.format(id=new_id(), kind="confirmation", language="da")).status_code == 401


def test_the_table_is_whole() -> None:
    """The table above names every endpoint that there is."""
    assert {(route.method, route.template) for route in SERVICE.api.routes} == set(WHO_MAY)


def test_a_mail_is_ids_and_states(door: Door, story: Story, failed: str) -> None:
    """A mail shows ids and states: no address, no name, no text."""
    answer = door.as_(Role.OPERATOR).get(f"/v1/mails/{failed}")
    mail = story.ledger()[0]
    assert answer.get_json() == {
        "mail_id": failed,
        "kind": "confirmation",
        "status": "failed",
        "person_id": mail.person_id,
        "activity_id": story.workshop,
        "signup_id": mail.signup_id,
        "session_id": None,
        "language": "da",
        "attempts": 1,
        "reason": "smtp-550",
        "queued_at": "2026-11-02T09:00:00+00:00",
        "due_at": None,
    }


def test_no_such_mail(door: Door) -> None:
    """A mail that does not exist is not found."""
    assert door.as_(Role.OPERATOR).get(f"/v1/mails/{new_id()}").status_code == 404


def test_the_list_goes_on_page_by_page(door: Door, story: Story) -> None:
    """The list comes in pages, oldest first, and misses nobody who signs up meanwhile."""
    sara = story.sara()
    for _ in range(3):
        story.seats(sara)
    first = door.as_(Role.COORDINATOR).get("/v1/mails?limit=2").get_json()
    story.seats(sara)
    second = door.as_(Role.COORDINATOR).get(f"/v1/mails?limit=2&after={first['next']}").get_json()
    assert [item["mail_id"] for item in first["items"] + second["items"]] == [mail.mail_id for mail in story.ledger()]
    assert second["next"] is None


def by_status(story: Story, _failed: str) -> tuple[str, int]:
    """One mail has failed."""
    story.seats(story.sara())
    return "status=failed", 1


def by_activity(story: Story, _failed: str) -> tuple[str, int]:
    """One mail is about the workshop."""
    known, story.workshop = story.workshop, new_id()
    story.seats(story.sara())
    return f"activity={known}", 1


def by_both(story: Story, failed: str) -> tuple[str, int]:
    """No mail about another activity has failed."""
    query, _ = by_activity(story, failed)
    return f"status=queued&{query}", 0


@pytest.mark.parametrize("filtered", [by_status, by_activity, by_both])
def test_the_list_is_filtered(door: Door, story: Story, failed: str, filtered: Callable[[Story, str], tuple[str, int]]) -> None:
    """The list can be narrowed to a status, to an activity, and to both."""
    query, count = filtered(story, failed)
    items = door.as_(Role.COORDINATOR).get(f"/v1/mails?{query}").get_json()["items"]
    assert [item["mail_id"] for item in items] == [failed] * count


@pytest.mark.parametrize("query", ["status=lost", "activity=x", "who=sara"])
def test_a_wrong_filter_is_refused(door: Door, query: str) -> None:
    """A filter that does not exist is refused by name."""
    answer = door.as_(Role.COORDINATOR).get(f"/v1/mails?{query}")
    assert answer.status_code in {400, 422}
    assert query.partition("=")[0] in answer.get_json()["errors"][0]["field"]


def test_a_failed_mail_is_sent_again(door: Door, story: Story, failed: str) -> None:
    """An operator's retry queues a failed mail with all its attempts, and it goes out."""
    story.server.answers.clear()
    answer = door.as_(Role.OPERATOR).post(f"/v1/mails/{failed}/retry")
    assert (answer.get_json()["status"], answer.get_json()["attempts"]) == ("queued", 0)
    story.send()
    assert story.states() == [("confirmation", "sent", None)]


def test_a_mail_that_has_not_failed(door: Door, story: Story) -> None:
    """A mail that has not failed is not sent again: a conflict that says what it is."""
    story.seats(story.sara())
    answer = door.as_(Role.OPERATOR).post(f"/v1/mails/{story.ledger()[0].mail_id}/retry")
    assert (answer.status_code, answer.get_json()["errors"][0]["slug"]) == (409, "mail-not-failed")
    assert "queued" in answer.get_json()["errors"][0]["text"]["en"]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("kind", Kind)
def test_a_letter_can_be_looked_at(door: Door, kind: Kind, language: str) -> None:
    """Every kind of letter is shown in every language, as a page, with made-up people."""
    answer = door.as_(Role.COORDINATOR).get(f"/v1/previews/{kind}/{language}")
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Sara Eksempel" in answer.text


@pytest.mark.parametrize(("path", "known"), [("birthday/da", "promotion"), ("waiting/xx", "da, en"), ("..%2Fpreview/da", "promotion")])
def test_no_such_letter(door: Door, path: str, known: str) -> None:
    """A letter that does not exist is not found, and the answer says which there are."""
    answer = door.as_(Role.COORDINATOR).get(f"/v1/previews/{path}")
    assert answer.status_code == 404
    assert known in str(answer.get_json()) or "%2F" in path
