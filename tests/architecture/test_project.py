"""What the project says about itself: one version, one licence, and targets that exist."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PUBLICCODE = yaml.safe_load((ROOT / "publiccode.yml").read_text())


def test_one_version() -> None:
    """The package, the catalogue's file and the changelog name the same version."""
    assert PUBLICCODE["softwareVersion"] == PROJECT["version"]
    assert re.search(rf"^## .*{re.escape(PROJECT['version'])}", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_one_licence() -> None:
    """The package, the catalogue's file and the licence's own text agree."""
    assert PUBLICCODE["legal"]["license"] == PROJECT["license"] == "MPL-2.0"
    assert (ROOT / "LICENSE").read_text().startswith("Mozilla Public License Version 2.0")


def test_the_catalogue_takes_the_description() -> None:
    """The standard's limits hold: a short text of at most 150 characters, a long one of at least 150."""
    for language in PUBLICCODE["description"].values():
        assert len(language["shortDescription"]) <= 150
        assert 150 <= len(language["longDescription"]) <= 10_000


def test_make_alone_lists_what_there_is() -> None:
    """`make` without a target names the targets, each with what it does."""
    told = subprocess.run(["make", "--no-print-directory", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    assert {"demo", "test", "test-fast", "check", "fmt"} <= set(re.findall(r"^  make (\S+) +\S", told, re.MULTILINE))


def test_documents_name_targets_that_exist() -> None:
    """Every `make` target that README and CONTRIBUTING name is there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for file in ("README.md", "CONTRIBUTING.md") for name in re.findall(r"`make ([a-z-]+)", (ROOT / file).read_text())}
    assert named <= targets
