"""Writes what is made of the contracts and the doors: `contracts/asyncapi.yaml`, `contracts/openapi/`, the table in
`contracts/README.md`, and the example files inside `docs/integrating.md`. `--check` only says what is out of date.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scripts.asyncapi import asyncapi
from services.chassis.contracts import FOLDER, names, schema
from services.chassis.http.api import Api
from services.chassis.http.openapi import document

ROOT: Final = FOLDER.parent
SERVICES: Final = ("registration", "events", "notifications", "reporting")
COLUMNS: Final = ("message", "routing key", "exchange", "who publishes", "who listens", "data", "since")
_TABLE: Final = re.compile(r"(?<=<!-- messages -->\n).*?(?=<!-- /messages -->)", re.DOTALL)
_INCLUDE: Final = re.compile(r"(<!-- file: (?P<path>\S+) -->\n```\w+\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def table() -> str:
    """The messages, as rows of Markdown: requests first, then facts."""
    ordered = sorted(names(), key=lambda name: (schema(name)["x-deltag-kind"] == "fact", name))
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(_row(name, schema(name)) for name in ordered)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(name: str, contract: Mapping[str, Any]) -> list[str]:
    publisher, listeners = (", ".join(contract[f"x-deltag-{word}"]) or "nobody yet" for word in ("publisher", "listeners"))
    key, exchange = (f"`{contract[f'x-deltag-{word}']}`" for word in ("type", "exchange"))
    link = f"[{contract['title']}]({name}.schema.json)"
    return [link, key, exchange, publisher, listeners, contract["x-deltag-classification"], contract["x-deltag-since"]]


def openapi(service: str) -> str:
    """The OpenAPI document of a service's HTTP door, as its `/openapi.json` gives it."""
    api: Api = import_module(f"services.{service}.api").api
    return json.dumps(document(api), ensure_ascii=False, indent=2) + "\n"


def with_files(document: str) -> str:
    """The document with every included file as the file is now."""
    return _INCLUDE.sub(lambda found: found[1] + _text(ROOT / found["path"]), document)


def documents() -> dict[Path, Callable[[str], str]]:
    """What each document has to be, made from what it is."""
    return {
        FOLDER / "asyncapi.yaml": lambda _now: asyncapi(),
        FOLDER / "README.md": lambda now: _TABLE.sub(lambda _found: table(), now),
        ROOT / "docs" / "integrating.md": with_files,
        **{FOLDER / "openapi" / f"{service}.json": partial(_openapi, service) for service in SERVICES},
    }


def _openapi(service: str, _now: str) -> str:
    return openapi(service)


def stale() -> list[Path]:
    """The documents that are out of date."""
    return [path for path, make in documents().items() if make(_text(path)) != _text(path)]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str] | None = None) -> int:
    """Write the documents, or with `--check` name the stale ones and return 1."""
    parser = argparse.ArgumentParser(prog="python -m scripts.contracts_docs", description="Write what is made of the contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a document is out of date")
    check = parser.parse_args(arguments).check
    outdated = stale()
    for path in outdated:
        print(f"{path.relative_to(ROOT)}: {'out of date. Remedy: run python -m scripts.contracts_docs.' if check else 'written'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(documents()[path](_text(path)), encoding="utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
