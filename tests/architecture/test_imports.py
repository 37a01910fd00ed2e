"""The architecture is a test: who may import whom stands in pyproject.toml, and holds."""

from pathlib import Path

from click.testing import CliRunner
from importlinter.cli import lint_imports_command

ROOT = Path(__file__).parents[2]


def test_imports_point_inwards() -> None:
    """Services are apart, the chassis knows none of them, the domain is plain Python, and the host is named once."""
    result = CliRunner().invoke(lint_imports_command, ["--config", str(ROOT / "pyproject.toml"), "--no-cache"])
    assert result.exit_code == 0, result.output
