"""The documents hold: links lead somewhere, named files are there, and commands that are shown exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import typer

from services.cli.commands import app
from tests.docs.pages import PAGES, ROOT, anchors, code, links, text_of

FOLDERS = ("contracts", "deploy", "docs", "programmes", "scripts", "services", "tests")
DELTAG = typer.main.get_command(app)
DECISIONS = sorted(page for page in (ROOT / "docs" / "decisions").glob("*.md") if page.name != "README.md")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every link within the project leads to a file that is there, and to a heading of it."""
    assert [target for target in links(page) if "://" not in target and not leads_somewhere(page, target)] == []


@every_page
def test_named_files_are_there(page: Path) -> None:
    """Every path of ours that a page names in code is a file or a folder."""
    shown = (found for text in code(page) for found in re.findall(rf"(?<![\w/.])(?:{'|'.join(FOLDERS)})/[\w./-]+\w", text))
    assert [path for path in shown if not (ROOT / path).exists()] == []


@every_page
def test_commands_exist(page: Path) -> None:
    """Every `deltag` command that a page shows exists, with the options that are shown."""
    assert [line for text in code(page) for line in commands(text) if not exists(line.split())] == []


@pytest.mark.parametrize("line", ["deltag fly", "deltag parked lst registration", "deltag run registration --sometimes"])
def test_other_commands_do_not_exist(line: str) -> None:
    """A command that is misspelt would be found."""
    assert [found for found in commands(line) if exists(found.split())] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decisions_name_their_cost(page: Path) -> None:
    """Each decision says why and why not, names its cost in five lines, and stands in the list of them all."""
    assert "| why | why not |" in text_of(page)
    assert re.findall(r"^(\d)\. ", text_of(page), re.MULTILINE) == list("12345")
    assert page.name in set(links(page.with_name("README.md")))


def test_the_picture_can_be_read_aloud() -> None:
    """The picture of the architecture is sound SVG with a title and a description, and names what is really there."""
    picture = ET.parse(ROOT / "docs" / "images" / "architecture.svg").getroot()  # noqa: S314 - our own file
    told = {element.tag.rpartition("}")[2]: element.text for element in picture if element.text}
    assert told["title"]
    assert {"deltag.requests", "deltag.events", "deltag.personal", "deltag.log"} <= {text.text for text in picture.iter() if text.text}
    assert all(name in told["desc"] for name in ("registration", "events", "notifications", "reporting"))


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether a link's file is there, and its heading in it."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or file.suffix != ".md" or anchor in anchors(file))


def commands(text: str) -> Iterator[str]:
    """The command lines of a text that begin with `deltag`, without what comes after them in a shell."""
    for found in re.finditer(r"(?:^|[$(= ])deltag ((?:[a-z]|SERVICE)[^\n|`)]*)", text):
        yield re.split(r"\s+#|  ", found[1])[0]


def exists(words: list[str]) -> bool:
    """Whether the words are a command (or a group of them), and the options after it are its own."""
    command: Any = DELTAG
    while words and (inner := getattr(command, "commands", None)):
        name, *words = words
        if name not in inner:
            return False
        command = inner[name]
    options = {option for parameter in command.params for option in parameter.opts}
    return all(word in options for word in words if word.startswith("--"))
