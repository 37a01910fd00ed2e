"""Load on an HTTP door, by wrk: one thread, so that the other core is the door's."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.servers.packages import can_install, install

_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_POSTING = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
local bodies, at = {{}}, 0
for line in io.lines("{file}") do bodies[#bodies + 1] = line end
function request()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""


def load(url: str, seconds: float, *, connections: int = 16, script: Path | None = None) -> dict[str, Any]:
    """Requests a second, and latencies; `ok` when there were answers, and every one was a success."""
    command = [_program(), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "--latency"]
    said = subprocess.run([*command, *(["-s", str(script)] if script else []), url], capture_output=True, text=True, check=True).stdout
    rate, answered = (re.search(rf"{word}\s", said) for word in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
    assert rate, said  # noqa: S101 - wrk says them always
    assert answered, said  # noqa: S101
    wrong = re.search(r"Non-2xx|Socket errors", said)
    return {
        "requests": int(answered[1]),
        "requests_per_s": float(rate[1]),
        "p50_ms": _latency(said, 50),
        "p99_ms": _latency(said, 99),
        "ok": float(rate[1]) > 0 and not wrong,
    }


def posting(folder: Path, name: str, bodies: Sequence[Any], token: str = "") -> Path:
    """A script for wrk that posts these one after the other."""
    file, script = folder / f"{name}.jsonl", folder / f"{name}.lua"
    file.write_text("".join(json.dumps(body) + "\n" for body in bodies))
    script.write_text(_POSTING.format(token=token, file=file))
    return script


def _latency(said: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * _MS[found[2]] if found else float("nan")


def _program() -> str:
    """The path of wrk, installed first where that is possible. Raises `LookupError` that says what to install."""
    if not shutil.which("wrk") and can_install():
        install("wrk")
    program = shutil.which("wrk")
    if not program:
        raise LookupError("HTTP is measured with wrk: sudo apt-get install wrk (macOS: brew install wrk)")
    return program
