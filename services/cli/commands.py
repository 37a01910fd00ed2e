"""The commands of `deltag`, in the order in which a newcomer meets them. Each does its work elsewhere and says here how to use it."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

import typer
from rich.markup import escape

from services.chassis import parked as parking
from services.chassis import replay as catching_up
from services.chassis.bus import Bus, Delivery
from services.chassis.bus.embedded import read_log
from services.chassis.errors import DeltagError, Forbidden, Invalid, NotFound
from services.chassis.http import Role
from services.chassis.logs import clean
from services.chassis.migrating import at_head, migrate
from services.chassis.service import EVENTS, Context
from services.chassis.topology import topology
from services.cli import forgetting
from services.cli.access_report.command import write_access_report
from services.cli.importing import import_
from services.cli.places import NAMES, Place, data_dir, embedded, in_production, is_distributed, place_for, refuse_half
from services.cli.programme import app as programme
from services.cli.progress import told
from services.cli.publish import publish
from services.cli.terminal import console, plainly

FINGERPRINT = 12
"""How many characters a group's fingerprint has; no message's number comes near."""

LONGEST_TOKEN_H = 24 * 30
HIGHEST_ID = 2**63 - 1
REBUILT = "reporting"
"""The one service that can be made anew from facts; the others are where facts come from."""

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help="Deltag: run it, feed it, look into it.")
parked = typer.Typer(no_args_is_help=True, help="Messages that were put aside for a person to look at.")
app.add_typer(parked, name="parked")
app.add_typer(programme, name="programme")
for command in (forgetting.retention, forgetting.erase, forgetting.erasures):
    app.command()(command)
app.command("access-report")(write_access_report)

Part = Literal["http", "bus"]
ServiceName = Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of {', '.join(NAMES)}.")]
Group = Annotated[str, typer.Option(help="A group's fingerprint.")]
Ids = Annotated[list[int] | None, typer.Option("--id", min=1, max=HIGHEST_ID, help="A message's number; may be repeated.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many.")]
Body = Annotated[bool, typer.Option("--body", help="Print the message too; it may hold personal data. The look is audited.")]
Actor = Annotated[str, typer.Option("--as", help="Who does this, for the audit.", default_factory=getpass.getuser)]


@app.command()
@plainly
def up() -> None:
    """Run all four services until Ctrl-C.

    Embedded in one process without settings. With `DELTAG_AMQP_URL` and `DELTAG_POSTGRES_URL`, one process a service on
    those servers, where databases, roles and queues are made as needed (for development: the
    end of one process ends all).
    """
    from services.cli import serve  # noqa: PLC0415 - only a command that serves may import the host

    refuse_half()
    if is_distributed():
        raise typer.Exit(serve.up_distributed(_say_where_each_is))
    with embedded(data_dir()) as place:
        place.prepare()
        drained = serve.serve(place, started=lambda: _say_where(place))
    raise typer.Exit(0 if drained else 1)


@app.command()
@plainly
def run(name: ServiceName, only: Annotated[Part | None, typer.Option(help="Scale the HTTP door and the bus apart.")] = None) -> None:
    """Run one service with its own `DELTAG_<SERVICE>_DATABASE_URL` and broker user, until SIGTERM."""
    os.execv(sys.executable, [sys.executable, "-m", "services.cli.alone", name, *([only] if only else [])])  # noqa: S606 - ourselves


@app.command()
@plainly
def demo(exit_: Annotated[bool, typer.Option("--exit", help="End when the story is told; status 1 if a count is wrong.")] = False) -> None:
    """Play the story of 1,000 families through the public doors, and show what came of it."""
    from services.cli import serve  # noqa: PLC0415 - only a command that serves may import the host

    refuse_half()
    raise typer.Exit(serve.demo(console, stay=not exit_))


app.command()(publish)
app.command("import")(import_)


@app.command("migrate")
@plainly
def migrate_(name: ServiceName) -> None:
    """Bring one service's database to head; safe to repeat and to run while the service runs."""
    context = place_for(name).context(name)
    migrate(context.database, context.service.migrations)
    console.print(f"{name}: migrations are at head.")


def _good_for(hours: float) -> float:
    if not 0 < hours <= LONGEST_TOKEN_H:
        raise typer.BadParameter(f"A token is good for more than 0 and at most {LONGEST_TOKEN_H} hours.")
    return hours


@app.command()
@plainly
def token(
    role: Annotated[Role, typer.Argument(help="What its holder is to the municipality.")],
    subject: Annotated[str, typer.Option(help="Whose token: a person's or a system's id.")] = "developer",
    institution: Annotated[list[str] | None, typer.Option(help="Only these institutions (code or id); may be repeated.")] = None,
    source: Annotated[str | None, typer.Option(help="For a system: the CloudEvents source that it speaks for.")] = None,
    hours: Annotated[float, typer.Option(callback=_good_for, help=f"How long it is good for; at most {LONGEST_TOKEN_H}.")] = 1.0,
) -> None:
    """Print a development token for the HTTP doors. Production refuses to make them, and to take them."""
    from services.chassis.http import Grant  # noqa: PLC0415 - costs the other commands nothing
    from services.chassis.http.issuer import LocalIssuer  # noqa: PLC0415
    from services.chassis.http.texts import error  # noqa: PLC0415
    from services.chassis.runtime import utc_now  # noqa: PLC0415

    if in_production():
        raise error(Forbidden, "development-issuer-in-production", "DELTAG_ENVIRONMENT")
    if role is Role.APPLICANT:
        text = "An applicant gets his token from registration, for a link or code: POST /v1/sign-up-links."
        raise Forbidden("applicants-prove-an-address", da=text, en=text)
    settings = place_for("registration").settings["registration"]
    grant = Grant(role, settings.municipality, frozenset(institution) if institution else None, source)
    sys.stdout.write(LocalIssuer(settings, utc_now).issue(subject, [grant], timedelta(hours=hours)) + "\n")


@parked.command("list")
@plainly
def list_(name: ServiceName) -> None:
    """Parked messages, grouped by what went wrong."""
    groups = parking.groups(place_for(name).context(name))
    if not groups:
        console.print("Nothing is parked.")
        return
    for group in groups:
        console.print(
            f"[bold]{group.fingerprint}[/]  {_several(group.messages)} in {group.consumer} since {group.oldest:%Y-%m-%d %H:%M} UTC"
        )
        example = "for example: " if group.reasons > 1 else ""
        told = f"  {_harmless(group.type) or 'no type could be read'}: {example}{_harmless(group.reason)}"
        console.print(told, highlight=False, soft_wrap=True)
    hint = f"\nLook: deltag parked show {name} GROUP   Send again: deltag parked replay {name} --group GROUP"
    console.print(hint, highlight=False, soft_wrap=True)


def _harmless(text: str) -> str:
    """What a sender chose, as a terminal may show it: nobody's data, no control characters, no markup of ours."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return escape(clean(printable))


def _several(messages: int) -> str:
    return "1 message" if messages == 1 else f"{messages} messages"


@parked.command()
@plainly
def show(
    name: ServiceName,
    which: Annotated[str, typer.Argument(help="A group's fingerprint, or a message's number.")],
    actor: Actor,
    body: Body = False,
) -> None:
    """One group's messages, or one message."""
    context = place_for(name).context(name)
    if not which.isdecimal() or len(which) >= FINGERPRINT:
        _show_group(context, which)
        return
    row = parking.show(context, int(which), actor=actor)
    facts = {k: clean(v) if isinstance(v, str) else v for k, v in vars(row).items() if k not in {"body", "properties"}}
    console.print_json(json.dumps(facts, default=str))
    if body:
        sys.stdout.write(row.body.decode(errors="replace") + "\n")


def _show_group(context: Context, fingerprint: str) -> None:
    rows = parking.rows(context, fingerprint)
    if not rows:
        raise _no_group(fingerprint)
    for row in rows:
        told = "  ".join(map(_harmless, (row.type, row.message_id, row.reason)))
        console.print(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {told}", highlight=False, soft_wrap=True)


def _chosen(context: Context, ids: list[int] | None, group: str) -> Sequence[int]:
    """Those that are parked among the given ids, or a group's; raises `NotFound` when there is none."""
    if not ids:
        found = parking.chosen(context, fingerprint=group)
        if not found:
            raise _no_group(group)
        return found
    parked_ids = [id_ for id_ in dict.fromkeys(ids) if _is_parked(context, id_)]
    if not parked_ids:
        text = f"Not parked: {', '.join(map(str, ids))}. `deltag parked list` shows what is."
        raise NotFound("not-parked", da=text, en=text)
    return parked_ids


def _is_parked(context: Context, id_: int) -> bool:
    return any(row.id == id_ for row in parking.rows(context, after=id_ - 1, limit=1))


def _no_group(fingerprint: str) -> NotFound:
    text = f"No parked messages have the fingerprint {fingerprint!r}. `deltag parked list` shows the groups."
    return NotFound("no-such-group", da=text, en=text)


@parked.command()
@plainly
def replay(
    name: ServiceName,
    actor: Actor,
    group: Group = "",
    id_: Ids = None,
    dry_run: DryRun = False,
) -> None:
    """Send parked messages through again under their own ids. Ctrl-C stops between two chunks; what is done stays done."""
    context = place_for(name).context(name)
    ids = _chosen(context, id_, group)
    _in_progress("Replaying", ids, parking.replay(context, ids, actor=actor), asked=len(id_ or ids), dry_run=dry_run)


@parked.command()
@plainly
def discard(
    name: ServiceName,
    actor: Actor,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit.")],
    group: Group = "",
    id_: Ids = None,
    dry_run: DryRun = False,
) -> None:
    """Give parked messages up for good, with a reason."""
    context = place_for(name).context(name)
    ids = _chosen(context, id_, group)
    _in_progress("Discarding", ids, parking.discard(context, ids, actor=actor, reason=reason), asked=len(id_ or ids), dry_run=dry_run)


@app.command("replay")
@plainly
def replay_log(
    name: ServiceName,
    offset: Annotated[
        int, typer.Option("--from", min=0, max=HIGHEST_ID, help="Offset in the log; the last line printed says where to resume.")
    ] = 0,
) -> None:
    """Take again from the log what a service listens to: closes gaps, and has no second effect."""
    context = place_for(name).context(name)
    if not any(listen.exchange == EVENTS for listen in context.service.listens):
        console.print(f"{name} listens to no facts: there is nothing to take again.")
        return
    reached = None
    steps = catching_up.replay(context, _log(place_for(name), offset))
    for reached in told(console, "Taken up to offset", (at for at, _taken in steps)):  # noqa: B007 - the last one counts
        pass
    if reached is None:
        console.print(f"The log holds nothing after offset {offset}.")
        return
    console.print(f"{name} has taken the log up to offset {reached}.")


@app.command()
@plainly
def refresh(name: ServiceName) -> None:
    """Publish the present state of every aggregate of a service again, for those who missed it."""
    catching_up.refresh(place_for(name).context(name))
    console.print(f"{name} tells its present state again.")


@app.command()
@plainly
def rebuild(name: Annotated[str, typer.Argument(metavar="reporting", help="The service whose projections are made anew.")]) -> None:
    """Make a service's projections anew from the log."""
    from services.reporting.rebuild import rebuild as anew  # noqa: PLC0415

    if name != REBUILT:
        text = f"Only {REBUILT} can be rebuilt from facts. To tell the present state of another again: deltag refresh SERVICE."
        raise Invalid("not-rebuilt", field="SERVICE", da=text, en=text)
    place = place_for(name)
    for _done in told(console, "Rebuilding, at offset", anew(place.context(name), _log(place, 0))):
        pass
    console.print(f"{name} is rebuilt.")


@app.command()
@plainly
def doctor() -> None:
    """Look whether everything that the services need is there, and say what to do about what is not."""
    healthy = True
    for name in NAMES:
        healthy &= _examine(place_for(name), name)
    raise typer.Exit(0 if healthy else 1)


def _examine(place: Place, name: str) -> bool:
    context = place.context(name)
    checks = {"database": lambda: _at_head(context)}
    if place.bus:
        checks["broker"] = partial(_declared, place.bus, context)
    results = {check: _result(probe) for check, probe in checks.items()}
    for check, trouble in results.items():
        console.print(f"{name:14}{check:10}{'[green]ok[/]' if not trouble else f'[red]{trouble}[/]'}", highlight=False)
    return not any(results.values())


def _at_head(context: Context) -> str:
    head = at_head(context.database, context.service.migrations)
    return "" if head else f"migrations are not at head: deltag migrate {context.service.name}"


def _declared(bus: Bus, context: Context) -> str:
    bus.declare(topology(context.service.listens))
    return ""


def _result(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except DeltagError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a doctor reports whatever he finds
        return type(error).__name__


def _log(place: Place, offset: int) -> Iterator[Delivery]:
    if place.bus:
        return place.bus.read_log(catching_up.LOG, offset)
    return read_log(place.bus_database, offset)


def _in_progress(what: str, ids: Sequence[int], steps: Iterator[int], *, asked: int, dry_run: bool) -> None:
    if dry_run:
        console.print(f"{_several(len(ids))} would be moved.")
        return
    done = 0
    try:
        for done in told(console, what, steps, len(ids)):  # noqa: B007 - the last one counts
            pass
    except KeyboardInterrupt:
        console.print("Stopped.")
    console.print(f"{done} of {asked} messages.")


def _say_where(place: Place) -> None:
    address = place.settings["registration"].http_address
    metrics = place.settings["registration"].metrics_address
    console.print(f"Deltag runs; stop it with Ctrl-C.\n  pages and APIs      http://{address}/", highlight=False)
    console.print(f"  metrics and health  http://{metrics}/", highlight=False)


def _say_where_each_is(place: Place) -> None:
    console.print("Deltag runs on your servers; stop it with Ctrl-C.", highlight=False)
    for name, known in place.settings.items():
        console.print(f"  {name:15}http://{known.http_address}/docs   metrics http://{known.metrics_address}/", highlight=False)
