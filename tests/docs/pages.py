"""The documents, as the tests read them: their links, their headings, and what they show as code."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_READMES = ("benchmarks", "contracts")
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / name / "README.md" for name in _READMES),
    ]
)


_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$|`(?P<inline>[^`\n]+)`", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    """The page."""
    return page.read_text(encoding="utf-8")


def links(page: Path) -> Iterator[str]:
    """What the page links to, and the pictures it shows."""
    return (found["target"] for found in _LINK.finditer(_FENCED.sub("", text_of(page))))


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page can be linked to."""
    headings = _HEADING.findall(_FENCED.sub("", text_of(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(page: Path) -> Iterator[str]:
    """What the page shows as code: whole blocks, and words within a line."""
    return (found["code"] or found["inline"] for found in _CODE.finditer(text_of(page)))


def blocks(page: Path, language: str) -> Iterator[str]:
    """The blocks of code in one language."""
    return (found["code"] for found in _CODE.finditer(text_of(page)) if found["language"] == language)
