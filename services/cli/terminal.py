"""What every command writes to, and how it says that something foreseeable went wrong."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import typer
from rich.console import Console

from services.chassis.errors import DeltagError

console: Final = Console()
errors: Final = Console(stderr=True)


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show our own errors as sentences, and exit with 1; anything else is a defect and shows its trace."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except DeltagError as error:
            for reason in error:
                errors.print(f"[red]{reason.field or reason.slug}[/]: {reason.en}", highlight=False)
            raise typer.Exit(1) from None

    return run
