"""Serving: the four services in one process, one service alone, or one process a service."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from signal import SIGINT, SIGTERM, Signals, signal
from time import sleep
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from services.chassis import logs, watchdog
from services.chassis.health import Health, health_app
from services.chassis.hosting.host import host
from services.chassis.http import entrance, wsgi
from services.chassis.metrics import metrics_app
from services.chassis.migrating import at_head, migrate
from services.chassis.runtime import Running
from services.chassis.service import Context
from services.chassis.setting_rules import Address
from services.cli.places import NAMES, Place, data_dir, developed, embedded, is_distributed

if TYPE_CHECKING:
    from rich.console import Console

Wsgi = Callable[..., Iterable[bytes]]


def serve(place: Place, *, only: str | None = None, log_level: str | None = None, started: Callable[[], None] = lambda: None) -> bool:
    """Run what the place holds until told to stop; False when the drain took too long. `only` is `http` or `bus`."""
    first = next(iter(place.settings.values()))
    name = first.service if len(place.services) == 1 else "deltag"
    logs.configure(name, log_level or first.log_level)
    watchdog.start(name, first.memory_mb)
    assert place.bus  # noqa: S101 - places that serve have one
    runnings = [Running(place.context(name), place.bus) for name in place.services] if only != "http" else []
    doors: dict[Address, Any] = {first.metrics_address: metrics_app(health(place, runnings))}
    if only != "bus":
        doors[first.http_address] = front(place, runnings)
    return host(runnings, doors, drain_s=first.drain_s, started=started)


def front(place: Place, runnings: Iterable[Running]) -> Wsgi:
    """The HTTP door: of one service, or of all under `/<service>/`."""
    state = health(place, runnings)
    doors: dict[str, Wsgi] = {f"/{name}": health_app(state, wsgi(place.context(name))) for name in place.services}
    settings = next(iter(place.settings.values()))
    if len(doors) == 1:  # a proxy in front names the path under which it offers the service: the door's own links need it
        return ProxyFix(next(iter(doors.values())), x_for=settings.proxies, x_proto=0, x_host=0, x_prefix=1)
    all_of_them = DispatcherMiddleware(welcome(doors, settings.municipality), doors)
    return health_app(state, ProxyFix(all_of_them, x_for=settings.proxies, x_proto=0, x_host=0))


def welcome(doors: Mapping[str, Wsgi], municipality: str) -> Wsgi:
    """The page at `/`: where to go from here. Whatever else is asked for there is refused as at every door."""
    links = "".join(f'<li><a href="{path}/docs">{path[1:]}</a></li>' for path in doors)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Deltag</title>'
        f'<body style="font:1.1rem/1.6 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem"><h1>Deltag</h1><p>The services and'
        f' their interfaces:</p><ul>{links}</ul><p><a href="/reporting/report">The report</a></p>'
        '<p><a href="/registration/sign-up">Sign up a family</a></p></body></html>'
    )
    return entrance(page, municipality)


def health(place: Place, runnings: Iterable[Running]) -> Health:
    """What `ready` asks: each database, its migrations, and each connection to the bus."""
    state = Health()
    for name in place.services:
        state.add(f"{name} database", partial(_at_head, place.context(name)))
    for running in runnings:
        for part in running.troubles():
            state.add(f"{running.context.service.name} {part}", partial(_trouble, running.troubles, part))
        for part in running.outages():
            state.tell(f"{running.context.service.name} {part}", partial(_trouble, running.outages, part))
    return state


def _at_head(context: Context) -> str:
    return "" if at_head(context.database, context.service.migrations) else f"migrate it: deltag migrate {context.service.name}"


def _trouble(found: Callable[[], Mapping[str, str]], part: str) -> str:
    return found()[part]


def up_distributed(started: Callable[[Place], None]) -> int:
    """Development on real servers: make what is missing, then one process a service until told to stop.

    As with everything in one process, whoever can reach it may read the report. `started` is told when all have begun.
    """
    place = developed()
    place.prepare()
    urls = {f"DELTAG_{name.upper()}_DATABASE_URL": known.database_url for name, known in place.settings.items()}
    environment = {"DELTAG_REPORTING_OPEN": "yes", **os.environ, **urls, "DELTAG_DATA_DIR": str(data_dir())}
    started(place)
    return _supervise({name: [sys.executable, "-m", "services.cli", "run", name] for name in NAMES}, environment)


def _supervise(commands: Mapping[str, list[str]], environment: Mapping[str, str]) -> int:
    """Run them side by side; a signal is passed on to all, and the end of one ends all."""
    children = {name: subprocess.Popen(command, env=dict(environment)) for name, command in commands.items()}
    ending: list[Signals] = []
    for number in (SIGTERM, SIGINT):
        signal(number, lambda got, _frame: ending.append(Signals(got)))
    while not ending and all(child.poll() is None for child in children.values()):
        sleep(0.2)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    codes = {name: child.wait() for name, child in children.items()}
    return 0 if ending and not any(codes.values()) else 1


def run_one(place: Place, only: str | None) -> bool:
    """One service: it migrates its own database in development, and elsewhere waits to be migrated."""
    name = place.services[0]
    context = place.context(name)
    if not place.settings[name].production:
        migrate(context.database, context.service.migrations)
    return serve(place, only=only)


def demo(console: "Console", *, stay: bool) -> int:
    """Play the demo's story: against a running `deltag up` on real servers, or with everything in this process."""
    from services.cli.demo import play_and_report, world_of  # noqa: PLC0415 - only here is the story needed

    if is_distributed():
        console.print("Against the Deltag that runs on your servers.\n")
        return 0 if play_and_report(world_of(developed()), console) else 1
    told: list[bool] = []
    with embedded(data_dir()) as place:
        place.prepare()
        serve(place, log_level="error", started=lambda: _play(place, console, told, stay=stay))
    return 0 if told == [True] else 1


def _play(place: Place, console: "Console", told: list[bool], *, stay: bool) -> None:
    from services.cli.demo import play_and_report, world_of  # noqa: PLC0415 - only here is the story needed

    try:
        told.append(play_and_report(world_of(place), console))
    finally:
        if stay:
            console.print("\nDeltag stays up for you to look around. Stop it with Ctrl-C.")
        else:
            os.kill(os.getpid(), SIGTERM)
