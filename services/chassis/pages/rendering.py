"""From words and fields to HTML, and the headers that a page goes out with."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.chassis.pages.words import Words, own_name

TEMPLATES: Final = Path(__file__).parent / "templates"
STYLE: Final = (TEMPLATES / "style.css").read_text("utf-8")

_STYLE_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
"""Nothing is loaded, and no style holds but the one in the page: neither from elsewhere nor from what somebody typed."""


class Pages:
    """The pages whose templates stand in a folder, beside those that all services share (`layout.html`, `fields.html`)."""

    def __init__(self, folder: Path, languages: Sequence[str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([folder, TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"style": Markup(STYLE)}  # noqa: S704 - our own file
        self._environment.globals |= {"all_languages": languages, "own_name": own_name}

    def page(self, name: str, words: Words, **values: object) -> str:
        """The page of that name. `t` are its words; what a template needs besides, it names."""
        return self._environment.get_template(f"{name}.html").render(t=words, **values)
