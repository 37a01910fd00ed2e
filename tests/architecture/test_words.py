"""The words of the code: English, in ASCII, and the ones that the glossary names."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = sorted(path for folder in ("services", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
DATA = sorted(
    path for folder in ("services", "programmes", "contracts") for path in (ROOT / folder).rglob("*") if path.suffix in {".toml", ".json"}
)

IDENTIFIER = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[\w-]+")


def glossary() -> list[str]:
    """The identifiers that the glossary names."""
    rows = [line.split("|") for line in (ROOT / "GLOSSARY.md").read_text().splitlines() if line.startswith("| ")]
    return [found for row in rows for found in IDENTIFIER.findall(row[3])]


def used() -> set[str]:
    """Every word of the product's code and data."""
    files = [path for path in CODE if ROOT / "tests" not in path.parents] + DATA
    return {word for path in files for word in WORD.findall(path.read_text())}


def names(path: Path) -> set[str]:
    """Every identifier in a Python file: what is defined, taken as an argument, assigned or looked up."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    attributes = ("name", "id", "attr", "arg")
    return {value for node in nodes for key in attributes if isinstance(value := getattr(node, key, None), str)}


def test_the_glossary_has_rows() -> None:
    """The table is read: it names dozens of identifiers."""
    assert len(glossary()) > 40


def test_every_identifier_of_the_glossary_is_used() -> None:
    """What the glossary translates is really called that in the code, the data or the contracts."""
    assert set(glossary()) - used() == set()


def test_identifiers_are_ascii() -> None:
    """No identifier holds a Danish letter, so that everyone can type it."""
    assert {str(path): found for path in CODE if (found := [name for name in names(path) if not name.isascii()])} == {}


def test_no_class_is_called_event() -> None:
    """What people come to is an activity, and what travels is a message: nothing is called an event."""
    classes = [node.name for path in CODE for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    assert "Event" not in classes
