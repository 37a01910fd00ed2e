"""The command line as somebody at a keyboard runs it."""

from typer.testing import CliRunner, Result

from services.cli.commands import app


def deltag(*arguments: str) -> Result:
    """Run a command; a defect fails the test with its own trace."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "400"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*arguments: str) -> str:
    """What is said when a command is refused, on one line."""
    result = deltag(*arguments)
    assert result.exit_code in (1, 2), result.output
    return " ".join(result.output.split())
