"""The operators' page tells every setting and every metric that there is, and none that there is not."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

from services.chassis import instruments
from services.chassis.http import metrics
from services.chassis.settings import rules

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
MEASURED = (instruments, metrics)
BY_THE_COMMAND = {"DELTAG_POSTGRES_URL", "DELTAG_REGISTRATION_DATABASE_URL", "DELTAG_CRASH_POINT"}
"""Read by `deltag up`, an example, and what only tests set."""


def variables() -> set[str]:
    """The variables of all settings, as the page writes them."""
    return {name for _, rule in rules() for name in (rule.variable.replace("{SERVICE}", "<SERVICE>"), rule.shared) if name}


def told() -> set[str]:
    """The variables that the page names."""
    return set(re.findall(r"DELTAG_(?:<SERVICE>_)?[A-Z_]+", PAGE))


def measures() -> set[str]:
    """The names of our metrics, as Prometheus shows them."""
    kinds = {"counter": "_total", "info": "_info"}
    return {f"{family.name}{kinds.get(family.type, '')}" for family in REGISTRY.collect() if family.name.startswith("deltag_")}


def test_every_setting_is_told() -> None:
    """Whoever deploys finds each setting on the page."""
    assert variables() - told() == set()


def test_no_setting_is_told_that_is_not_there() -> None:
    """The page names no setting that nobody reads."""
    assert told() - variables() - BY_THE_COMMAND == set()


def test_every_metric_is_told() -> None:
    """Whoever watches finds each metric on the page."""
    assert MEASURED
    assert measures() - set(re.findall(r"deltag_[a-z_]+", PAGE)) == set()
