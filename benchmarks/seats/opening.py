"""A sign-up opens and is sold out at once: 970 families in 17 seconds, 134 in the busiest, as at a festival whose figures are public.

Each family comes with a token of its own when its moment has come, whoever still waits (an open loop), to the HTTP door of a running
service that takes in and publishes facts meanwhile. How long it took is counted from the moment when it was to come.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import quantiles
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import sqlalchemy as sa

from benchmarks.machine import Machine
from benchmarks.process import answering
from benchmarks.seats.deltag import an_activity
from benchmarks.seats.rivals import FAMILIES, OF_A_FAMILY, SEATS
from benchmarks.town import Town, town
from benchmarks.wanted import Result, Wanted, tell
from services.chassis.http import Cause, Grant, LocalIssuer, Role
from services.chassis.ids import new_id
from services.chassis.runtime import utc_now
from services.events.handlers.activities import open_activity
from tests.events import town as events_town
from tests.events.builders import Family, a_family

IN_EACH_SECOND = (38, 96, 134, 121, 104, 89, 76, 65, 55, 46, 38, 31, 25, 20, 15, 10, 7)
"""They are 970."""
PATIENCE_S = 60
_COUNTS = sa.text("""
select a.taken, a.waiting, (select count(*) from signup s where s.activity_id = a.activity_id) as signups
from activity a where a.activity_id = :activity_id
""")


def run(turn: int, servers: Machine, wanted: Wanted) -> Result:
    """Play it once; `ok` when everybody got an answer without an error, and the seats are right."""
    moments = list(_moments(wanted.scale))
    with town(servers) as place:
        activity_id, families = _opened(place, len(moments))
        tokens = [_token(place, family) for family in families]
        with answering(("services.cli", "run", "events"), place.environment, place.folder) as (url, _process):
            door = url.replace("/health/ready", f"/v1/activities/{activity_id}/signups")
            asked = [partial(_signs_up, door, token, family) for token, family in zip(tokens, families, strict=True)]
            answers = _played(asked, moments)
        right = _is_right(place, activity_id, len(moments))
    return _told(turn, answers, right=right)


def _moments(scale: float) -> Iterator[float]:
    for second, families in enumerate(IN_EACH_SECOND):
        number = max(1, round(families * scale))
        yield from (second + one / number for one in range(number))


def _opened(place: Town, number: int) -> tuple[str, Sequence[Family]]:
    context = place.place.context("events")
    families = events_town.Town(context).enrols_all([a_family(guardians=1) for _ in range(number)])
    with context.work() as work:
        activity, _ = open_activity(an_activity(SEATS), work, Cause(new_id()))
    return activity.activity_id, families


def _token(place: Town, family: Family) -> str:
    settings = place.place.settings["events"]
    return LocalIssuer(settings, utc_now).issue(family.mother, [Grant(Role.GUARDIAN, settings.municipality, frozenset())])


def _played(asked: Sequence[partial[int]], moments: Sequence[float]) -> Sequence[tuple[int, float]]:
    """The status of each answer, and the milliseconds since its moment."""
    with ThreadPoolExecutor(len(asked)) as callers:
        start = time.monotonic() + 1
        return list(callers.map(partial(_at, start), moments, asked))


def _at(start: float, moment: float, ask: partial[int]) -> tuple[int, float]:
    time.sleep(max(0.0, start + moment - time.monotonic()))
    status = ask()
    return status, (time.monotonic() - start - moment) * 1000


def _signs_up(door: str, token: str, family: Family) -> int:
    party = [{"person_id": family.mother, "role": "guardian"}, {"person_id": family.children[0], "role": "child"}]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = Request(door, json.dumps({"party": party}).encode(), headers, method="POST")  # noqa: S310 - our own door
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


def _is_right(place: Town, activity_id: str, families: int) -> bool:
    with place.place.context("events").work() as work:
        found = work.connection.execute(_COUNTS, {"activity_id": activity_id}).one()
    seated = min(FAMILIES, families)
    return tuple(found) == (OF_A_FAMILY * seated, families - seated, families)


def _told(turn: int, answers: Sequence[tuple[int, float]], *, right: bool) -> Result:
    statuses, times = Counter(status for status, _ in answers), [ms for _, ms in answers]
    cuts = quantiles(times, n=100)
    figures = {"requests": len(answers), "p50_ms": cuts[49], "p99_ms": cuts[98], "most_ms": max(times)}
    ok = right and set(statuses) == {201}
    said = "ok" if ok else f"WRONG {dict(statuses)}"
    tell(f"{turn + 1} seats opening rush of {len(answers)}: p50 {cuts[49]:,.0f} ms, p99 {cuts[98]:,.0f} ms {said}")
    return {"round": turn, "name": "opening", **figures, "errors": len(answers) - statuses[201], "ok": ok}
