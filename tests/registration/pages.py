"""The sign-up pages as a browser finds them: a real server in front of registration, and what a family does on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from services.chassis.http import wsgi
from services.chassis.pages.words import Words
from services.chassis.service import Context
from services.registration.handlers.programmes import load_programme
from services.registration.pages.words import words
from services.registration.service import SERVICE
from tests.registration.applicants import SARA, letters
from tests.registration.builders import PROGRAMME
from tests.servers.ports import free_port

CHILD = {"given_name": "Asta Test", "family_name": "Prøvesen", "cpr_number": "740522-4015", "birth_date": "2022-05-14"}
STARTS = "2024-03-01"


class Site:
    """Registration with the sample programme, at an address of its own."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.address: str = context.resources.public_url

    def page(self, path: str) -> str:
        """Where a page is."""
        return f"{self.address}/sign-up/{path}"

    @property
    def link(self) -> str:
        """What the latest letter holds."""
        return str(letters(self.context)[-1]["link"])


@contextmanager
def serving(context_of: Callable[..., Context]) -> Iterator[Site]:
    """The site during the block."""
    port = free_port()
    context = context_of(SERVICE, public_url=f"http://127.0.0.1:{port}")
    with context.work() as work:
        load_programme(PROGRAMME, work)
    server = make_server("127.0.0.1", port, wsgi(context), threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Site(context)
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any) -> None:
        """Nothing: what is logged is the door's affair."""


class Family:
    """Sara at a page, in her language."""

    def __init__(self, page: Page, site: Site, language: str) -> None:
        self.page, self.site = page, site
        self.words: Words = words(language)

    def asks(self, **address: str) -> None:
        """She asks for a link or code."""
        self.page.goto(self.site.page(f"link?lang={self.words.language}"))
        for name, text in (address or {"email": SARA}).items():
            self.page.locator(f"#{name}").fill(text)
        self.presses("ask")

    def opens(self) -> None:
        """She opens the link of the mail, and presses the button on its page."""
        self.page.goto(self.site.link)
        self.presses("open")

    def presses(self, do: str) -> None:
        """She presses the one visible button that says this to the server."""
        self.page.locator(f"main button[value='{do}']").click()

    def fills(self, **fields: str) -> None:
        """She fills in fields by their names, with `__` for `/`."""
        for name, text in fields.items():
            self.fill(name.replace("__", "/"), text)

    def fill(self, name: str, text: str) -> None:
        """One field, whatever it is."""
        kind = self.kind(name)
        if kind in {"radio", "checkbox"}:
            self.page.locator(f"[name='{name}'][value='{text}']").check()
        elif kind == "select":
            self.page.locator(f"[name='{name}']").select_option(text)
        else:
            self.page.locator(f"[name='{name}']").fill(text)

    def kind(self, name: str) -> str:
        """What sort of field it is."""
        first = self.page.locator(f"[name='{name}']").first
        return str(first.evaluate("field => field.tagName === 'SELECT' ? 'select' : field.type"))

    def value(self, name: str) -> str:
        """What stands in a field; of several boxes, the one that is marked."""
        marked = self.page.locator(f"[name='{name}']:checked")
        found = marked if self.kind(name) in {"radio", "checkbox"} else self.page.locator(f"[name='{name}']")
        return found.first.input_value() if found.count() else ""

    def fills_in(self) -> None:
        """She fills in everything that must be, and is asked no more than that."""
        self.fills_in_herself()
        self.fills_in_child()
        self.fill("consent/given", "yes")

    def fills_in_herself(self) -> None:
        """Who she is."""
        of_hers = {"given_name": "Sara Test", "family_name": "Prøvesen", "email": SARA, "language": "ar", "relation": "mother"}
        for name, text in (of_hers | {"custody": "yes", "answers/interpreter": "no"}).items():
            self.fill(f"guardians/0/{name}", text)

    def fills_in_child(self, place: int = 0, **details: str) -> None:
        """Who the child is, and where and when it starts."""
        for name, text in (CHILD | details).items():
            self.fill(f"children/{place}/child/{name}", text)
        for name, text in {"institution": "birkegaarden", "track": "A", "start_date": STARTS}.items():
            self.fill(f"children/{place}/{name}", text)
