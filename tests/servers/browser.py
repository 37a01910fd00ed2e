"""Finds a browser for the tests of pages, installs it where that is possible, or says exactly what to install."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from playwright.sync_api import Browser, sync_playwright

from tests.servers.packages import can_install, install

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_INSTALL = """\
The tests of pages need Chromium, and here is none. Install it once:
    Debian, Ubuntu   sudo apt-get install --no-install-recommends chromium
    Fedora           sudo dnf install chromium
    macOS            brew install --cask chromium
Everything else is tested without it:
    make test ARGS='--deselect tests/reporting/test_page.py --deselect tests/registration/test_sign_up_browser.py'"""
_QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium without a window, which asks nobody for anything by itself."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser(), args=_QUIETLY)
        yield started
        started.close()


@cache
def find_browser() -> str:
    """The path of Chromium, installed first where that is possible. Raises `LookupError` that says what to install."""
    found = _found()
    if not found and can_install():
        install("chromium")
        found = _found()
    if not found:
        raise LookupError(_INSTALL)
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
