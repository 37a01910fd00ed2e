"""The page, as a browser shows it: accessible, readable on a phone, and with the report's own numbers and no others."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from services.chassis.service import Context
from services.chassis.testing import http
from services.reporting import handlers, page
from services.reporting.domain.report import Report
from services.reporting.service import SERVICE
from tests.reporting.story import enrolled, programme, tell, whole_story

DESKTOP, PHONE = 1280, 360
HIDDEN = "\N{EN DASH}"


@pytest.fixture
def report(context: Context) -> Report:
    """The report on the whole story."""
    tell(context, whole_story())
    with context.work() as work:
        return handlers.report(work)


def shown(browser: Browser, html: str, width: int = DESKTOP) -> Page:
    """The page in a window of that width."""
    opened = browser.new_page(viewport={"width": width, "height": 800})
    opened.set_content(html)
    return opened


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("language", ["da", "en"])
def test_page_is_accessible_at_any_width(browser: Browser, report: Report, language: str, width: int) -> None:
    """No rule of WCAG that can be checked by machine is broken, and nothing sticks out to the side."""
    opened = shown(browser, page.render(report, language), width)
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_empty_and_filtered_pages_are_accessible(browser: Browser, report: Report, width: int) -> None:
    """The page before there is a programme, and the one of a single house, are as accessible."""
    for html in (page.render(None, "da"), page.render(report.only(["hedegaarden/globen"]), "en")):
        found = Axe().run(shown(browser, html, width))
        assert found.violations_count == 0, found.generate_report()


def test_page_asks_nobody_else(browser: Browser, report: Report) -> None:
    """The page needs nothing from outside, and runs no script."""
    opened = browser.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.set_content(page.render(report, "da"))
    opened.wait_for_load_state("networkidle")
    assert asked == []
    assert opened.locator("script").count() == 0


def test_tables_have_the_reports_numbers(browser: Browser, report: Report) -> None:
    """Each cell of the table of sign-ups by place is the report's number, or a dash that is read aloud as hidden."""
    opened = shown(browser, page.render(report, "da"))
    rows = opened.locator("section:has(> h2#signups) table.by-place tbody tr").all()
    signups = next(section for section in report.sections if section.family.name == "signups")
    table = next(table for table in signups.tables if table.by == "place")
    for row, line in zip(table.rows, rows, strict=False):
        cells = [cell.inner_text().replace("\n", "") for cell in line.locator("td").all()]
        assert cells == [f"{HIDDEN}skjult" if row.numbers[column] is None else str(row.numbers[column]) for column in table.columns]


def test_chart_has_no_bar_for_a_hidden_number(browser: Browser, report: Report) -> None:
    """A chart has a bar for every printed number of its table, a dash for every hidden one, and a name and a description."""
    opened = shown(browser, page.render(report, "da"))
    chart = opened.locator("svg[aria-labelledby='signups-place-title signups-place-desc']")
    written = chart.locator("text.number").all_text_contents()
    assert HIDDEN in written
    assert chart.locator("rect.bar").count() == sum(text != HIDDEN for text in written)
    assert chart.locator("title").text_content() == "Tilmeldinger efter distrikt og institution"
    assert "tabellen" in str(chart.locator("desc").text_content())


def test_page_says_what_the_dash_means(report: Report) -> None:
    """The page explains the dash, with the threshold, and says how fresh its figures are."""
    html = page.render(report, "en")
    assert "fewer than 5 people are behind it" in html
    assert "Last updated: <time datetime=" in html


def test_page_before_the_first_figures(context: Context) -> None:
    """A programme that has just been loaded has a page that says that the figures will come."""
    tell(context, [programme()])
    with context.work() as work:
        html = page.render(handlers.report(work), "da")
    assert "Her er endnu ingen tal" in html
    assert "<table" not in html


def test_names_are_shown_and_never_run(context: Context) -> None:
    """Whatever a programme is called, its name is text."""
    named = programme()
    tell(context, [named._replace(data=named.data | {"name": "<script>alert(1)</script>"}), *(enrolled(f"child {n}") for n in range(9))])
    with context.work() as work:
        html = page.render(handlers.report(work), "da")
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "", "da"), ("", "en-GB,en;q=0.8,da;q=0.5", "en"), ("", "so,ar", "da"), ("?lang=da", "en", "da"), ("?lang=en", "da", "en")],
)
def test_language_is_asked_for_or_guessed(context_of: Callable[..., Context], query: str, header: str, language: str) -> None:
    """The address decides the language, then the browser's wish, then it is Danish."""
    door = http(context_of(SERVICE, reporting_open=True))
    answer = door.get(f"/report{query}", headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in answer.text
