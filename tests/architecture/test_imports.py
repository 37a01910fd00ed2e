"""The architecture is a test: who may import whom stands in pyproject.toml, and holds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_imports_point_inwards() -> None:
    """Services are apart, the chassis knows none of them, the domain is plain Python, and the host is named once."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
