"""Where the demo is played: the bus and the doors of a running Deltag, embedded or distributed, and an operator's tools."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.chassis import parked
from services.chassis.bus import Bus
from services.chassis.errors import Unavailable
from services.chassis.http import LocalIssuer
from services.chassis.relay import OUTBOX
from services.chassis.runtime import utc_now
from services.chassis.settings import Settings
from services.cli.demo.doors import Doors
from services.cli.demo.file import FOLDER
from services.registration.handlers.enrolling import CONSUMER
from services.registration.handlers.programmes import load_programme

if TYPE_CHECKING:
    from services.cli.places import Place

_UNSETTLED = sa.text("select count(*) from chassis.deferred where kind <> 'parked'")


@dataclass(frozen=True)
class World:
    """Everything around the demo. `metrics` are the addresses of the services' metrics.

    The last three are an operator's tools: load the programme's folder; count what is parked by reason, or by queue and
    reason where it is not a request; count the messages that are held back or are to be tried again.
    `mail_folder` is None where a mail server takes the mails.
    """

    bus: Bus
    doors: Doors
    metrics: tuple[str, ...]
    data_folder: Path
    mail_folder: Path | None
    load_programme: Callable[[], None]
    parked: Callable[[], Mapping[str, int]]
    unsettled: Callable[[], int]

    @property
    def base(self) -> Mapping[str, str]:
        return self.doors.base


def world_of(place: "Place") -> World:
    """The world of a place whose four services run. Raises `Unavailable` where it has no bus."""
    if place.bus is None:
        text = "The demo needs the bus: run it as `deltag demo`, or set DELTAG_AMQP_URL."
        raise Unavailable("no-bus", da=text, en=text)
    settings = place.settings["registration"]
    mails = place.settings["notifications"]
    return World(
        bus=place.bus,
        doors=Doors(_addresses(place.settings), LocalIssuer(settings, utc_now), settings.municipality),
        metrics=tuple(dict.fromkeys(_url(known.metrics_address.host, known.metrics_address.port) for known in place.settings.values())),
        data_folder=settings.data_dir,
        mail_folder=None if mails.smtp_url else mails.mail_folder,
        load_programme=lambda: _load(place),
        parked=lambda: _parked(place),
        unsettled=lambda: sum(_unsettled(place, name) for name in place.services),
    )


def _addresses(settings: Mapping[str, Settings]) -> dict[str, str]:
    """Each service's own address; or where they share one, a path on it."""
    shared = len({known.http_address for known in settings.values()}) == 1
    return {name: _url(*known.http_address) + (f"/{name}" if shared else "") for name, known in settings.items()}


def _url(host: str, port: int) -> str:
    return f"http://{'127.0.0.1' if host in ('', '0.0.0.0') else host}:{port}"  # noqa: S104 - seen from this machine


def _load(place: "Place") -> None:
    with place.context("registration").work() as work:
        load_programme(FOLDER.parent, work)


def _unsettled(place: "Place", name: str) -> int:
    with place.context(name).work() as work:
        return int(work.connection.execute(_UNSETTLED).scalar_one())


def _parked(place: "Place") -> Counter[str]:
    counted: Counter[str] = Counter()
    for group in (group for name in place.services for group in parked.groups(place.context(name))):
        if group.consumer != OUTBOX:  # answers to somebody who has gone, such as a demo that was killed
            counted[group.slug if group.consumer == CONSUMER else f"{group.consumer}: {group.slug}"] += group.messages
    return counted
