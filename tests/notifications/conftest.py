"""The service on a real database, and the mail server that it sends to."""

from collections.abc import Callable, Iterator

import pytest

from services.chassis.service import Context
from services.notifications.service import SERVICE
from tests.notifications.channels.mail_server import MailServer
from tests.notifications.story import Story


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that takes everything."""
    with MailServer().running() as server:
        yield server


@pytest.fixture
def context(context_of: Callable[..., Context], mail_server: MailServer) -> Context:
    """The service, which sends to that server."""
    return context_of(SERVICE, smtp_url=mail_server.url, mail_from="deltag@deltag.example")


@pytest.fixture
def story(context: Context, mail_server: MailServer) -> Story:
    """The programme is known, and its workshop of next week is open."""
    story = Story(context, mail_server)
    story.tells("registration.programme.loaded", "sammen-om-boern")
    story.opens()
    return story
