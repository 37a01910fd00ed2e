"""Somebody at the sign-up pages with a browser that runs no script: he reads a page, fills in its form, presses a button."""

from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from services.chassis.testing import Door
from tests.registration.applicants import SARA

Attributes = Mapping[str, str | None]
HERSELF = {"given_name": "Sara", "family_name": "Prøvesen", "email": SARA, "language": "ar", "relation": "mother", "custody": "yes"}
CHILD = {"given_name": "Asta", "family_name": "Prøvesen", "cpr_number": "740522-4015", "birth_date": "2022-05-14"}
PLACE = {"institution": "birkegaarden", "track": "A", "start_date": "2024-03-01"}


class Html(HTMLParser):
    """What a page says, and what its form holds: `values` as a browser would send it, `said` what stands at each id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.buttons: list[str] = []
        self.action = ""
        self.headline = ""
        self.language = ""
        self.direction = ""
        self.at: dict[str, str] = {}
        self._inside: list[str] = []
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Note what a form sends, and where somebody reads."""
        given = dict(attrs)
        match tag:
            case "html":
                self.language, self.direction = str(given["lang"]), str(given.get("dir", ""))
            case "form":
                self.action = str(given["action"])
            case "input" if given.get("type") not in {"radio", "checkbox"} or "checked" in given:
                self._put(str(given["name"]), given.get("value") or "")
            case "select" | "textarea":
                self._select = str(given["name"])
                self._put(self._select, "")
            case "option" if "selected" in given:
                self.values[self._select] = [str(given["value"])]
            case "button":
                self.buttons.append(str(given.get("value", "")))
        self._inside = [str(given.get("id") or tag)] if tag in {"h1", "p", "textarea"} else self._inside

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        if tag in {"h1", "p", "textarea"}:
            self._inside = []

    def handle_data(self, data: str) -> None:
        """What stands there."""
        for name in self._inside:
            if name in self.values and name == self._select:
                self.values[name] = [data.strip()]
            self.at[name] = self.at.get(name, "") + data
        self.headline = self.at.get("h1", "").strip()

    def _put(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


class Visitor:
    """At the pages of one door, with the cookies of one browser."""

    def __init__(self, door: Door, language: str = "da") -> None:
        self.door, self.language = door, language
        self.answer: Any = None
        self.path = "/sign-up/link"

    @property
    def page(self) -> Html:
        """What he sees."""
        return Html(self.answer.text)

    def goes(self, path: str) -> "Visitor":
        """He opens a page, and follows to where it sends him."""
        self.path = path
        self.answer = self.door.get(path, headers={"Accept-Language": self.language, "Accept": "text/html"})
        return self._follows()

    def sends(self, fields: Mapping[str, Sequence[str]], **headers: str) -> "Visitor":
        """He sends a form as it is."""
        self.path = urlsplit(urljoin(f"http://here{self.path}", self.page.action or self.path)).path
        options: dict[str, Any] = {"data": urlencode(fields, doseq=True), "content_type": "application/x-www-form-urlencoded"}
        self.answer = self.door.post(self.path, headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"} | headers, **options)
        return self._follows()

    def presses(self, do: str, **fields: str) -> "Visitor":
        """He fills in fields (`__` stands for `/`), and presses the button that says this to the server."""
        page = self.page
        assert do in page.buttons, page.buttons
        filled = {name.replace("__", "/"): [value] if value else [] for name, value in fields.items()}
        return self.sends(page.values | filled | {"do": [do]})

    def opens(self, link: str) -> "Visitor":
        """He opens what a mail holds, and presses the button on its page."""
        parts = urlsplit(link)
        return self.goes(f"{parts.path.removeprefix('/registration')}?{parts.query}").presses("open")

    def says_at(self, field: str) -> str:
        """What is wrong with a field."""
        return self.page.at.get(f"{field}/wrong", "").strip()

    def _follows(self) -> "Visitor":
        if self.answer.status_code == 303:
            return self.goes(
                urlsplit(urljoin(f"http://here{self.path}", self.answer.headers["Location"]))._replace(scheme="", netloc="").geturl()
            )
        return self


def filled(**more: str) -> dict[str, str]:
    """Everything that the sample programme asks of Sara and one child, and no more; `__` stands for `/`."""
    return dict(_filled()) | more


def of_child(place: int, child: Mapping[str, str]) -> dict[str, str]:
    """What is asked of another child on the page."""
    found = {f"children__{place}__child__{name}": value for name, value in child.items()}
    return found | {f"children__{place}__{name}": value for name, value in PLACE.items()}


def _filled() -> Iterator[tuple[str, str]]:
    yield from ((f"guardians__0__{name}", value) for name, value in HERSELF.items())
    yield "guardians__0__answers__interpreter", "no"
    yield from of_child(0, CHILD).items()
    yield "consent__given", "yes"
