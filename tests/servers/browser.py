"""Finds a browser for the tests of pages, installs it where that is possible, or says exactly what to install."""

import shutil
from functools import cache

from tests.servers.packages import can_install, install

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_INSTALL = """\
The tests of pages need Chromium, and here is none. Install it once:
    Debian, Ubuntu   sudo apt-get install --no-install-recommends chromium
    Fedora           sudo dnf install chromium
    macOS            brew install --cask chromium
Everything else is tested without it: make test ARGS='--deselect tests/reporting/test_page.py'"""


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
