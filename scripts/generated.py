"""Writes what is made of the services: the table of settings in `docs/operating.md`, and `deploy/rabbitmq/definitions.json`.
`--check` only says what is out of date.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from scripts import broker_definitions
from services.chassis.setting_rules import ALL, Address, Rule
from services.chassis.settings import Settings, rules

ROOT: Final = Path(__file__).parents[1]
_TABLE: Final = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)
_APART: Final = "8081 to 8084", "9081 to 9084"


def settings_table() -> str:
    """Every setting as a row of Markdown, in the order of `settings.py`."""
    defaults = {field.name: field.default for field in fields(Settings)}
    rows = [("variable", "what it says", "default", "must be set"), ("---",) * 4]
    rows += [_row(name, rule, defaults[name]) for name, rule in rules()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(name: str, rule: Rule, default: Any) -> tuple[str, str, str, str]:
    variables = [rule.variable.replace("{SERVICE}", "<SERVICE>"), *([rule.shared] if rule.shared else [])]
    return " or ".join(f"`{variable}`" for variable in variables), _cell(rule.text), _default(name, default), _needed(rule)


def _default(name: str, default: Any) -> str:
    if default in ("", b"", MISSING):
        return ""
    if isinstance(default, Address):
        return f"`{default}`; apart: ports {_APART[name == 'metrics_address']}"
    return f"`{ {True: 'yes', False: 'no'}[default] if isinstance(default, bool) else default }`"


def _needed(rule: Rule) -> str:
    if not rule.needed_by:
        return ""
    whom = "all" if ALL in rule.needed_by else ", ".join(rule.needed_by)
    return f"{whom}, in production" if rule.in_production else whom


def _cell(text: str) -> str:
    return re.sub(r"(?<![\w`/])([a-z]+://[^\s,;]*)", r"`\1`", text).replace("|", r"\|")


def documents() -> dict[Path, Callable[[str], str]]:
    """What each file has to be, made from what it is."""
    return {
        ROOT / "docs" / "operating.md": lambda now: _TABLE.sub(lambda _found: settings_table(), now),
        ROOT / "deploy" / "rabbitmq" / "definitions.json": lambda _now: broker_definitions.text(),
    }


def stale() -> Iterator[Path]:
    """The files that are out of date."""
    return (path for path, make in documents().items() if make(_text(path)) != _text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with `--check` name the stale ones and return 1."""
    parser = argparse.ArgumentParser(prog="python -m scripts.generated", description="Write what is made of the services.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check = parser.parse_args(arguments).check
    outdated = list(stale())
    for path in outdated:
        print(f"{path.relative_to(ROOT)}: {'out of date. Remedy: run python -m scripts.generated.' if check else 'written'}")
        if not check:
            path.write_text(documents()[path](_text(path)), encoding="utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
