"""Which code ran: every figure that is kept says it."""

import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def version() -> str:
    """The commit, where git knows one."""
    git, root = shutil.which("git"), Path(__file__).parents[1]
    asked = git and subprocess.run([git, "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked else ""
