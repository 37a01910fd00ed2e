"""Sets a document: one of the templates here and its data become a tagged PDF (PDF/UA-1, ISO 14289-1).

It runs as a process of its own: setting a page takes a tenth of a second, in which nobody else would be answered, and what
it needs of memory is gone afterwards. Typst refuses to write a document that would not be accessible: without a title or a
language, with a picture without words, or with a letter that its fonts do not have.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[2]
_COMMAND: Final = (sys.executable, "-m", "services.events.documents.press")
_LONGEST_S: Final = 30


def print_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of `<template>.typ`; the process knows none of our secrets."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("DELTAG_")}
    job = msgspec.json.encode({"template": template, "data": data})
    done = subprocess.run(_COMMAND, input=job, capture_output=True, check=True, timeout=_LONGEST_S, cwd=_ROOT, env=known)
    return done.stdout


def set_pages(template: str, data: Mapping[str, Any]) -> bytes:
    """The same in this process, with the fonts that come with Typst alone, so that it looks the same on every machine."""
    import typst  # noqa: PLC0415 - seven megabytes that only the process which sets pages needs to hold

    given = {"data": msgspec.json.encode(data).decode()}
    pages: bytes = typst.compile(_HERE / f"{template}.typ", root=_HERE, sys_inputs=given, pdf_standards=["ua-1"], ignore_system_fonts=True)
    return pages


def main() -> None:
    """Read a job from standard input and write its PDF."""
    job = msgspec.json.decode(sys.stdin.buffer.read())
    sys.stdout.buffer.write(set_pages(job["template"], job["data"]))


if __name__ == "__main__":
    main()
