"""The sign-up pages in a real browser, on a phone and on a desk: a family asks, opens the link, fills in, sends, and reads what is next."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from services.chassis.service import Context
from tests.registration.applicants import PHONE, clock_runs, rows
from tests.registration.pages import Family, Site, serving

NARROW, WIDE = 360, 1280
PATIENCE_MS = 60_000.0
"""For a machine that has much else to do; a page takes a few tenths of a second."""
Opened = Callable[..., Page]

pytestmark = pytest.mark.timeout(300)
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def site(context_of: Callable[..., Context]) -> Iterator[Site]:
    """Registration behind a real server."""
    with serving(context_of) as site:
        yield site


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Opened]:
    """`opened(width, language)`: a page of a new browser. What it loads is ours, and no policy of ours is broken."""
    asked: list[str] = []
    complaints: list[str] = []
    with ExitStack() as windows:

        def make(width: int = NARROW, language: str = "da") -> Page:
            window = windows.enter_context(browser.new_context(viewport={"width": width, "height": 780}, locale=language))
            window.set_default_timeout(PATIENCE_MS)
            page = window.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: complaints.append(message.text))
            return page

        yield make
    assert [url for url in asked if not url.startswith(site.address)] == []
    assert [text for text in complaints if "Policy" in text] == []


def is_fine(page: Page) -> None:
    """Every rule of WCAG that can be checked by machine is kept, nothing sticks out to the side, and no script is needed."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("script").count() == 0


def shows(page: Page, title: str) -> None:
    """It shows the page of that title, which is fine."""
    expect(page.locator("h1")).to_have_text(title)
    is_fine(page)


@pytest.mark.parametrize(("language", "width"), [("da", NARROW), ("ar", NARROW), ("en", WIDE)])
def test_a_family_signs_up(site: Site, opened: Opened, language: str, width: int) -> None:
    """From asking for a link to the receipt, in its language and its direction; then the child is enrolled."""
    page = opened(width, language)
    sara = Family(page, site, language)
    page.goto(site.page("link"))
    shows(page, sara.words["ask-title"])
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    sara.asks()
    shows(page, sara.words["mail-title"])
    sara.opens()
    shows(page, sara.words["family-title"])
    assert "token" not in page.url
    sara.fills_in()
    sara.presses("check")
    shows(page, sara.words["summary-title"])
    sara.presses("send")
    shows(page, sara.words["receipt-title"])
    clock_runs(site.context)
    [[version, read]] = rows(site.context, "select text_version, language from consent")
    assert (version, read) == ("2024-1", "da" if language == "da" else "en")


def test_what_is_wrong_is_found(site: Site, opened: Opened) -> None:
    """The page says it first and at each field; from the one a press leads to the other, and Enter sends what the large button sends."""
    page = opened()
    sara = Family(page, site, "da")
    sara.asks()
    sara.opens()
    sara.fill("guardians/0/given_name", "Sara Test")
    page.locator("[name='guardians/0/family_name']").press("Enter")
    expect(page.locator(".errors")).to_be_focused()
    assert page.title().startswith("Fejl: ")
    is_fine(page)
    page.locator(".errors a").first.click()
    expect(page.locator("[name='guardians/0/family_name']")).to_be_focused()
    assert sara.value("guardians/0/given_name") == "Sara Test"
    sara.presses("add:children")
    expect(page.locator("[name='children/1/child/given_name']")).to_be_focused()
    sara.presses("add:guardians")
    assert sara.value("guardians/0/given_name") == "Sara Test"
    is_fine(page)


def test_what_does_not_hold_any_more(site: Site, opened: Opened) -> None:
    """A link that was used elsewhere, a code that is wrong, and a page without a link: each says how to go on, and is fine."""
    page, elsewhere = opened(), opened()
    sara, mallory = Family(page, site, "da"), Family(elsewhere, site, "ar")
    sara.asks()
    sara.opens()
    mallory.opens()
    shows(elsewhere, sara.words["refused-title"])
    mallory.asks(phone=PHONE)
    shows(elsewhere, mallory.words["code-title"])
    elsewhere.locator("#code").fill("12")
    elsewhere.locator("main button").click()
    shows(elsewhere, mallory.words["code-title"])
    elsewhere.goto(site.page("family?lang=ar"))
    shows(elsewhere, mallory.words["over-title"])
