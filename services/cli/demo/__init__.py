"""The demo: a thousand families' story, played through the public doors of a running Deltag, and checked against its file."""

from rich.console import Console

from services.chassis.errors import DeltagError
from services.cli.demo import file, forecast
from services.cli.demo.doors import Refused
from services.cli.demo.plan import plan_of
from services.cli.demo.story import play
from services.cli.demo.summary import show
from services.cli.demo.telling import OnConsole
from services.cli.demo.world import World, world_of

__all__ = ["World", "play_and_report", "world_of"]


def play_and_report(world: World, console: Console) -> bool:
    """Play the story, show what came of it; whether every number is what the file says it must be."""
    families = file.read()
    plan = plan_of(families)
    console.print("[bold]Deltag: a thousand families[/]\n")
    try:
        outcome = play(world, families, plan, OnConsole(console))
    except (DeltagError, Refused) as error:
        console.print(f"\n[red]The story broke off.[/] {error}", highlight=False)
        return False
    return show(console, world, families, forecast.counts(families, plan), outcome)
