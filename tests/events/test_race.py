"""Real processes race for the same seats on a real PostgreSQL: nothing is overbooked, and nobody gets an error."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from services.chassis.testing import published
from services.events import seating
from tests.events import law, rush
from tests.events.builders import Family, a_family
from tests.events.rush import Part
from tests.events.town import Desk, Json, Town, found

CLIENTS = 16


def parts(desk: Desk, workshop: Json, families: Sequence[Family]) -> list[Part]:
    """The families dealt out to the clients."""
    url = desk.context.database.url
    return [Part(url, workshop, families[client::CLIENTS], seed=client) for client in range(CLIENTS)]


def test_rush_for_twenty_seats(town: Town, desk: Desk) -> None:
    """Sixteen clients with a thousand sign-ups for twenty seats: twenty seats are taken, and all others wait in one line."""
    workshop = desk.opens(capacity=20)
    families = town.enrols_all([a_family(guardians=1) for _ in range(1000)])
    statuses = rush.play(parts(desk, workshop, families), rush.signs_up)
    assert statuses == {201: 1000}
    now = desk.activity(workshop)
    assert (now["taken"], now["free"], now["waiting"]) == (20, 0, 990)
    assert [fact for fact, _ in desk.told("events.signup")].count("signup.seated") == 10
    with desk.context.work() as work:
        law.check(work.connection, workshop["activity_id"])
        numbers = work.connection.execute(sa.text("select number from signup order by number")).scalars().all()
    assert numbers == list(range(1, 1001))


def test_same_families_from_every_client(town: Town, desk: Desk) -> None:
    """When every client signs the same families up at once, each family gets one sign-up and the others are told of it."""
    workshop = desk.opens(capacity=6)
    families = town.enrols_all([a_family(guardians=1) for _ in range(5)])
    everywhere = [Part(desk.context.database.url, workshop, families, seed=client) for client in range(CLIENTS)]
    assert rush.play(everywhere, rush.signs_up) == {201: 5, 200: 5 * (CLIENTS - 1)}
    assert desk.activity(workshop)["taken"] == 6


def test_everything_at_once(town: Town, desk: Desk) -> None:
    """Sign-ups, cancellations and changes of capacity at the same time keep the seats law, and what was told is what is true."""
    workshop = desk.opens(capacity=12)
    families = town.enrols_all([a_family(children=1 + number % 4) for number in range(80)])
    statuses = rush.play(parts(desk, workshop, families), rush.does_anything)
    assert set(statuses) <= {200, 201, 409}
    with desk.context.work() as work:
        law.check(work.connection, workshop["activity_id"])
        states = {signup.signup_id: signup.status.value for signup in work.signups.stream()}
    told = {fact["subject"]: fact["data"]["status"] for fact in published(desk.context) if fact["type"].startswith("events.signup")}
    assert told == states


def test_quotas_in_a_rush(town: Town, desk: Desk) -> None:
    """Clients race for a quota that is smaller than the room, holding, giving back and signing up: each quota is full, and none is over."""
    quotas = [
        {"code": "children", "who": {"all": [{"roles": ["child"]}]}, "seats": 8},
        {
            "code": "local",
            "who": {"all": [{"districts": ["hedegaarden"]}]},
            "seats": 4,
            "reserved_until": {"days_before": 0, "at": "09:00"},
        },
    ]
    workshop = desk.opens(capacity=30, quotas=quotas)
    families = town.enrols_all([a_family(guardians=1) for _ in range(80)])
    statuses = rush.play(parts(desk, workshop, families), rush.holds_and_signs_up)
    assert set(statuses) <= {201, 204, 409}
    with desk.context.work() as work:
        law.check(work.connection, workshop["activity_id"])
    now = desk.activity(workshop)
    assert (now["taken"], now["quotas"][0]["taken"], now["quotas"][1]["taken"]) == (16, 8, 16)


def test_editors_of_one_session(desk: Desk) -> None:
    """Coordinators move the same session at once: one wins, and each other is told so, with the version that it has now."""
    workshop = desk.opens()
    editors = [Part(desk.context.database.url, workshop, (), seed=client) for client in range(CLIENTS)]
    assert rush.play(editors, rush.moves_the_session) == {200: 1, 409: CLIENTS - 1}
    now = desk.activity(workshop)
    assert now["version"] == workshop["version"] + 1
    assert [fact for fact, _ in desk.told("events.activity")] == ["activity.opened", "activity.changed"]
    late = desk.tries_to_change(workshop, move=[{"session_id": now["sessions"][0]["session_id"], "place": "Salen"}])
    (reason,) = found(late, 409)["errors"]
    assert (reason["slug"], f"version {now['version']} " in reason["text"]["en"]) == ("changed-meanwhile", True)


def test_promotion_while_the_capacity_shrinks(town: Town, desk: Desk) -> None:
    """Seated families cancel while organisers take seats away: who is next gets what is left, and nobody loses what he was given."""
    workshop = desk.opens(capacity=60)
    families = town.enrols_all([a_family(guardians=1) for _ in range(38)])
    seated = {desk.signs_up(workshop, family.party())["signup_id"] for family in families[:30]}
    for family in families[30:]:
        desk.signs_up(workshop, family.party())
    statuses = rush.play(parts(desk, workshop, families[:30]), rush.cancels_while_seats_go)
    assert set(statuses) <= {200, 409}
    now = desk.activity(workshop)
    with desk.context.work() as work:
        law.check(work.connection, workshop["activity_id"])
        stands = {signup.signup_id: signup.status.value for signup in work.signups.stream()}
    assert now["capacity"] < 60
    assert {stands[signup_id] for signup_id in seated} == {"cancelled"}
    assert now["taken"] == 2 * list(stands.values()).count("seated")


def test_holds_that_end_while_they_are_confirmed(town: Town, desk: Desk) -> None:
    """Holds run out in one process while another names them in a sign-up: it gets the seats or is told that they are gone, never both."""
    workshop = desk.opens(capacity=20)
    families = town.enrols_all([a_family(guardians=1) for _ in range(48)])
    statuses = rush.play(parts(desk, workshop, families), rush.confirms_what_runs_out)
    assert set(statuses) <= {201, 409}
    desk.waits(timedelta(hours=1))
    seating.expire(desk.context)
    with desk.context.work() as work:
        law.check(work.connection, workshop["activity_id"], now=work.now)
        assert work.connection.execute(sa.text("select count(*) from hold")).scalar() == 0
