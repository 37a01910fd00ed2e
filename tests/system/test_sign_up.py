"""A family without an account: asks for a link, reads the mail, enrols its child, reads the answer."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.service import Context
from services.chassis.testing import Door, deliver_raw, http, listen_for, run_timer
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.registration.service import SERVICE as REGISTRATION
from tests.outside import with_programme
from tests.registration.applicants import LINKS, PHONE, REQUESTS, SARA, SESSIONS, a_family, sends


class Town:
    """Registration and notifications, with a bus between them, and the folder in which letters arrive."""

    def __init__(self, registration: Context, notifications: Context) -> None:
        self.registration = registration
        self.notifications = notifications
        self.door: Door = http(registration)

    def passes(self) -> None:
        """What registration has told reaches notifications, which does its work."""
        with self.registration.work() as work:
            taken = work.connection.execute(sa.text("delete from chassis.outbox returning id, routing_key, body")).all()
        for row in sorted(taken):
            if any(row.routing_key.startswith(key.removesuffix("#")) for listen in NOTIFICATIONS.listens for key in listen.keys):
                deliver_raw(self.notifications, listen_for(NOTIFICATIONS, row.routing_key), [bytes(row.body, "utf-8")])
        run_timer(self.notifications, "send-links")

    @property
    def folder(self) -> Path:
        """Where letters arrive."""
        return self.notifications.settings.mail_folder


@pytest.fixture
def town(context_of: Callable[..., Context]) -> Town:
    """The sample programme is loaded."""
    town = Town(with_programme(context_of(REGISTRATION)), context_of(NOTIFICATIONS))
    town.passes()
    return town


def enrols(town: Town, session: dict[str, Any]) -> None:
    """With the session's token the family enrols its child, and reads the answer; then the child is enrolled."""
    sara = town.door.bearing(session["access_token"])
    assert sends(sara, a_family()).get_json()["status"] == "received"
    run_timer(town.registration, "sign-ups")
    assert [item["status"] for item in sara.get(REQUESTS).get_json()["items"]] == ["received"]
    with town.registration.work() as work:
        assert work.connection.execute(sa.text("select count(*) from enrolment where child_id is not null")).scalar() == 1


def test_by_link(town: Town) -> None:
    """The mail in the folder has a link; what it holds opens a session, in which the child is enrolled."""
    assert town.door.post(LINKS, json={"programme": "sammen-om-boern", "email": SARA}).status_code == 202
    town.passes()
    [file] = town.folder.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=default)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # a mail has a body
    token = re.search(r"^http://127\.0\.0\.1:8080/registration/sign-up/open\?lang=da&token=(\S+)\r?$", text, re.MULTILINE)
    assert token
    enrols(town, town.door.post(SESSIONS, json={"token": token[1]}).get_json())


def test_by_code(town: Town) -> None:
    """The text message in the folder has a code, which opens a session together with the number; but Sara proved no phone of a guardian."""
    assert town.door.post(LINKS, json={"programme": "sammen-om-boern", "phone": PHONE}).status_code == 202
    town.passes()
    [file] = town.folder.glob("*.txt")
    number, _, text = file.read_text().partition("\n\n")
    assert number == "+4520000017"
    answer = town.door.post(SESSIONS, json={"phone": PHONE, "code": text[:6]})
    assert answer.status_code == 201
    sara = town.door.bearing(answer.get_json()["access_token"])
    assert [reason["slug"] for reason in sends(sara, a_family()).get_json()["reasons"]] == ["address-not-proven"]
