"""/openapi.json, and /docs: the same document as a page to read, made here, with nothing fetched from anywhere else."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.chassis.http import document_parts as parts
from services.chassis.http import reply
from services.chassis.http.api import Api
from services.chassis.http.fields_table import Reader, shown
from services.chassis.http.openapi import Document, document
from services.chassis.http.reply import Reply
from services.chassis.http.routing import BuiltIn

PREFIXES = 8
"""For how many prefixes the made documents are kept; a door is mounted under one or two."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def built_in(api: Api) -> list[BuiltIn]:
    """The routes that every door has. Both are made at their first use, for the prefix that the door is mounted under."""

    @lru_cache(PREFIXES)
    def as_json(prefix: str) -> Reply:
        return reply.json(mounted(document(api), prefix))

    @lru_cache(PREFIXES)
    def as_page(prefix: str) -> Reply:
        return reply.of("text/html", page(mounted(document(api), prefix)).encode())

    return [BuiltIn("/openapi.json", as_json), BuiltIn("/docs", as_page)]


def mounted(whole: Document, prefix: str) -> Document:
    """The document, with the address at which it was asked for as its server."""
    return whole | {"servers": [{"url": prefix or "/"}]}


def page(whole: Document) -> str:
    """The document as HTML."""
    operations = list(Reader(whole).operations())
    return _TEMPLATES.get_template("docs.html").render(
        info=whole["info"], server=whole["servers"][0]["url"], operations=operations, refusal=shown(parts.example_of(422))
    )
