"""A client of a rush: a process of its own with its own connections, that plays its part of it at the HTTP door."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

from services.chassis.database import Database
from services.chassis.http import Role
from services.chassis.service import Context
from services.chassis.testing import FakeClock
from services.events import seating
from services.events.service import SERVICE
from tests.events.builders import Family
from tests.events.town import Desk, Json, a_signing_up
from tests.settings import settings_for

Statuses = Counter[int]

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
"""Processes come from one clean server that has imported everything once: quicker than starting each anew."""


@dataclass(frozen=True)
class Part:
    """What one client does: its families sign up to the workshop, and `seed` decides what else happens."""

    database_url: str
    workshop: Json
    families: Sequence[Family]
    seed: int


def play(parts: Sequence[Part], client: Callable[[Desk, Part], Statuses]) -> Statuses:
    """Run all parts at once, each in a process of its own, from a common start; how often each HTTP status was answered."""
    start = FORKS.Barrier(len(parts))
    with FORKS.Pool(len(parts), initializer=_remember, initargs=(start,)) as processes:
        results = processes.starmap(_play_one, [(part, client) for part in parts], chunksize=1)
    return sum(results, Counter())


def signs_up(desk: Desk, part: Part) -> Statuses:
    """Every family signs up, one after the other."""
    return Counter(desk.tries_to_sign_up(part.workshop, family.party()).status_code for family in part.families)


def does_anything(desk: Desk, part: Part) -> Statuses:
    """Families sign up, some cancel at once, and the organiser changes the capacity up and down."""
    chance = random.Random(part.seed)
    statuses: Statuses = Counter()
    for family in part.families:
        answer = desk.tries_to_sign_up(part.workshop, family.party())
        statuses[answer.status_code] += 1
        if answer.status_code < 300 and chance.random() < 0.4:
            path = f"/v1/signups/{answer.get_json()['signup_id']}/cancellation"
            statuses[desk.coordinator.post(path).status_code] += 1
        if chance.random() < 0.3:
            statuses[desk.resizes(part.workshop, chance.randint(8, 24)).status_code] += 1
    return statuses


def holds_and_signs_up(desk: Desk, part: Part) -> Statuses:
    """Every family holds seats first and signs up with them, or gives them back; who finds none to hold signs up to the line."""
    chance = random.Random(part.seed)
    statuses: Statuses = Counter()
    for family in part.families:
        path, body = f"/v1/activities/{part.workshop['activity_id']}", a_signing_up(family.party())
        mother = desk.door.as_(Role.GUARDIAN, subject=family.mother)
        held = mother.post(f"{path}/holds", json=body)
        statuses[held.status_code] += 1
        hold_id = held.get_json().get("hold_id")
        if hold_id and chance.random() < 0.3:
            statuses[mother.post(f"/v1/holds/{hold_id}/release").status_code] += 1
        else:
            statuses[mother.post(f"{path}/signups", json=body | {"hold_id": hold_id}).status_code] += 1
    return statuses


def moves_the_session(desk: Desk, part: Part) -> Statuses:
    """A coordinator moves the session to a room of his own, having seen the version that the others saw."""
    session = part.workshop["sessions"][0]
    moved = {"session_id": session["session_id"], "place": f"Lokale {part.seed}"}
    return Counter([desk.tries_to_change(part.workshop, move=[moved]).status_code])


def cancels_while_seats_go(desk: Desk, part: Part) -> Statuses:
    """The families of this part, who have seats, cancel; after each the organiser takes away seats that he takes for free."""
    statuses: Statuses = Counter()
    for family in part.families:
        signup = desk.tries_to_sign_up(part.workshop, family.party()).get_json()
        statuses[desk.coordinator.post(f"/v1/signups/{signup['signup_id']}/cancellation").status_code] += 1
        now = desk.activity(part.workshop)
        statuses[desk.resizes(part.workshop, max(2, now["taken"], now["capacity"] - 2)).status_code] += 1
    return statuses


def confirms_what_runs_out(desk: Desk, part: Part) -> Statuses:
    """Every family holds seats and names them in its sign-up; every fourth client is an hour ahead, and ends what others hold."""
    if part.seed % 4 == 0:
        desk.waits(timedelta(hours=1))
    statuses: Statuses = Counter()
    for family in part.families:
        path, body = f"/v1/activities/{part.workshop['activity_id']}", a_signing_up(family.party())
        mother = desk.door.as_(Role.GUARDIAN, subject=family.mother)
        held = mother.post(f"{path}/holds", json=body)
        if part.seed % 4 == 0:
            seating.expire(desk.context)
        statuses[mother.post(f"{path}/signups", json=body | {"hold_id": held.get_json().get("hold_id")}).status_code] += 1
    return statuses


_STARTS: list[Any] = []


def _remember(start: Any) -> None:
    _STARTS.append(start)


def _play_one(part: Part, client: Callable[[Desk, Part], Statuses]) -> Statuses:
    settings = settings_for(SERVICE.name, database_url=part.database_url)
    context = Context(SERVICE, settings, Database(part.database_url, pool_size=1), SERVICE.resources(settings), FakeClock())
    desk = Desk(context)
    _STARTS[0].wait(timeout=60)
    try:
        return client(desk, part)
    finally:
        context.database.close()
