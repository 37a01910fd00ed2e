"""The survey's page in a real browser, on a phone and on a desk: somebody who came opens the link, answers, and is thanked."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from services.chassis.http import wsgi
from services.events.pages.words import BOOK
from tests.events.test_surveys import held, links
from tests.events.town import Desk, Town
from tests.servers.ports import free_port

NARROW, WIDE = 360, 1280
PATIENCE_MS = 60_000.0
Opened = Callable[[int, str], Page]

pytestmark = pytest.mark.timeout(300)
expect.set_options(timeout=PATIENCE_MS)


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any) -> None:
        """Nothing: what is logged is the door's affair."""


@pytest.fixture
def address(town: Town, desk: Desk) -> Iterator[str]:
    """Events behind a real server, on the morning after a workshop."""
    held(town, desk)
    port = free_port()
    server = make_server("127.0.0.1", port, wsgi(desk.context), threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def is_fine(page: Page) -> None:
    """Every rule of WCAG that can be checked by machine is kept, nothing sticks out to the side, and no script is needed."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("script").count() == 0


@pytest.mark.parametrize(("language", "width"), [("da", NARROW), ("ar", NARROW), ("en", WIDE)])
def test_somebody_says_how_it_was(desk: Desk, address: str, browser: Browser, language: str, width: int) -> None:
    """In his language and its direction: a mistake is said at the field, the answer is taken, and the link opens nothing more."""
    words = BOOK.words(language)
    with browser.new_context(viewport={"width": width, "height": 780}, locale=language) as window:
        window.set_default_timeout(PATIENCE_MS)
        page, path = window.new_page(), links(desk)[0]
        page.goto(address + path)
        expect(page.locator("h1")).to_have_text(words["survey-title"])
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert page.locator(".errors").count() == 0
        is_fine(page)
        page.locator("main button").click()
        expect(page.locator(".errors")).to_be_focused()
        is_fine(page)
        page.locator("input[type=radio]").first.check()
        page.locator("main button").click()
        expect(page.locator("h1")).to_have_text(words["thanks-title"])
        is_fine(page)
        page.goto(address + path)
        expect(page.locator("h1")).to_have_text(words["gone-title"])
        is_fine(page)
        assert window.cookies() == []
