"""What Deltag depends on: declared, pinned with hashes, and naming no host."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")
OURS = {"services", "tests", "scripts"}


def declared(*requirements: str) -> set[str]:
    """The names of distributions, as registries spell them."""
    return {_normal(re.split(r"[\[<>=! ;~]", requirement, maxsplit=1)[0]) for requirement in requirements}


def imported(folder: str) -> set[str]:
    """The distributions that the code of a folder imports."""
    known = packages_distributions()
    modules = {module for path in (ROOT / folder).rglob("*.py") for module in _top_modules(path)}
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return {_normal(known[module][0]) for module in foreign if module in known}


def _top_modules(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | named}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_runs_is_declared() -> None:
    """Every library that the services import is a declared dependency: none is there by another's grace."""
    assert imported("services") <= declared(*PROJECT["project"]["dependencies"])


def test_what_tests_is_declared() -> None:
    """Every library that tests and scripts import is declared, for the product or for development."""
    known = declared(*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])
    assert imported("tests") | imported("scripts") <= known


@pytest.mark.parametrize("name", PINNED)
def test_pins_have_hashes_and_no_hosts(name: str) -> None:
    """Each pinned version comes with hashes, and the file names neither a registry nor a folder of somebody's machine."""
    text = (ROOT / name).read_text()
    pins = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
    assert not re.search(r"https?:|index-url|find-links|file:| /", text)


def test_everything_declared_is_pinned() -> None:
    """The pinned files hold what pyproject.toml asks for."""
    runs, tests = (declared(*re.findall(r"^\S+(?===)", (ROOT / name).read_text(), re.MULTILINE)) for name in PINNED[:2])
    assert declared(*PROJECT["project"]["dependencies"]) <= runs <= tests
    assert declared(*PROJECT["dependency-groups"]["dev"]) <= tests
