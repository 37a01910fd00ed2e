"""Whose word protects: a system's about the people whom it brought, the municipality's about everybody and over everybody's."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.migrating import alembic, migrate
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, deliver_raw, event, listen_for, published, run_timer
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_api import TestProfessionals
from tests.registration.test_protection import PROTECTION, enrolment

OTHER = "https://other.example"
TODAY = "2026-11-02"
LIFTED = {"valid_from": TODAY, "valid_until": TODAY}
REJECTED, GRANTED = "registration.request.rejected.v1", "registration.request.granted.v1"

Json = dict[str, Any]
Saying = tuple[str, int, int]
"""By which system, at which minute, and how many days from today on it protects; 0 lifts."""


@pytest.fixture
def asta(registration: Context) -> Json:
    """Asta and Mona, whom SENDER brought; what the enrolment tells."""
    deliver(registration, REQUESTED, a_request(guardians=[a_guardian(cpr_number=a_number("1991-03-09"))]), source=SENDER)
    return enrolment(registration)


@pytest.fixture
def shared(registration: Context) -> Json:
    """Asta, whose mother Mona came with another child through OTHER too."""
    mona = a_guardian(cpr_number=a_number("1991-03-09"))
    deliver(registration, REQUESTED, a_request(guardians=[mona], birth_date="2020-02-03"), source=OTHER)
    deliver(registration, REQUESTED, a_request(guardians=[mona]), source=SENDER)
    return enrolment(registration)


def by(door: Door, who: str) -> Door:
    """The door with a coordinator, or with the system of that source."""
    return door.as_(Role.COORDINATOR) if who == "coordinator" else door.as_(Role.SYSTEM, subject=who.removeprefix("https://"), source=who)


def say(context: Context, source: str, kind: str, person_id: str, **dates: str) -> Json:
    """On the bus; the answer."""
    deliver(context, PROTECTION, {"kind": kind, "person_id": person_id, "valid_from": TODAY} | dates, source=source, reply_to="answers")
    return next(m for m in reversed(published(context)) if m["routing_key"] == "answers")


def later(context: Context) -> None:
    """A minute goes by."""
    assert isinstance(context.clock, FakeClock)
    context.clock.advance(timedelta(minutes=1))


def is_hidden(context: Context, person_id: str) -> bool:
    """Whether this guardian goes by an alias now."""
    with context.work() as work:
        return bool(work.guardians.of([person_id])[person_id].hidden)


@pytest.mark.parametrize("kind", ["child", "guardian"])
@pytest.mark.parametrize(("who", "status"), [("coordinator", 200), (SENDER, 200), (OTHER, 404)])
def test_a_system_speaks_of_whom_it_brought(door: Door, asta: Json, kind: str, who: str, status: int) -> None:
    """Over HTTP its own people are protected and lifted; of another's it learns no more than of an id that nobody has."""
    person = asta["child_id"] if kind == "child" else asta["guardian_ids"][0]
    body = {"kind": kind, "person_id": person, "valid_from": TODAY}
    answers = [by(door, who).post("/v1/protections", json=asked) for asked in (body, body | LIFTED, body | {"person_id": new_id()})]
    assert [answer.status_code for answer in answers] == [status, status, 404]
    errors = [answer.get_json()["errors"] for answer in answers if answer.status_code == 404]
    assert all(one == errors[0] for one in errors)


@pytest.mark.parametrize(("who", "status"), [("coordinator", 200), (SENDER, 404), (OTHER, 404)])
def test_a_professional_is_the_coordinators_alone(coordinator: Door, door: Door, who: str, status: int) -> None:
    """No system speaks of those who work for the municipality."""
    karen = coordinator.post("/v1/professionals", json=TestProfessionals.BODY).get_json()["professional_id"]
    body = {"kind": "professional", "person_id": karen, "valid_from": TODAY}
    assert by(door, who).post("/v1/protections", json=body).status_code == status


@pytest.mark.parametrize("kind", ["child", "guardian"])
def test_a_message_speaks_of_whom_its_source_brought(registration: Context, asta: Json, kind: str) -> None:
    """Another's people it can neither protect nor lift, and the answer is the one about somebody whom nobody knows."""
    person = asta["child_id"] if kind == "child" else asta["guardian_ids"][0]
    assert say(registration, SENDER, kind, person)["type"] == GRANTED
    told = len(published(registration))
    later(registration)
    answers = [say(registration, OTHER, kind, one, **dates) for one in (person, new_id()) for dates in ({}, LIFTED)]
    assert {answer["type"] for answer in answers} == {REJECTED}
    assert all(answer["data"]["reasons"] == answers[0]["data"]["reasons"] for answer in answers)
    assert is_hidden(registration, asta["guardian_ids"][0]) == (kind == "guardian")
    assert len([m for m in published(registration)[told:] if m["type"] != REJECTED]) == 0


def test_one_batch_holds_every_sources_messages(registration: Context, asta: Json) -> None:
    """Of two messages about one person in one batch, each is answered by its own source's reach."""
    data = {"kind": "child", "person_id": asta["child_id"], "valid_from": TODAY}
    bodies = [event(PROTECTION, data, id=f"n{n}", source=source) for n, source in enumerate((OTHER, SENDER, OTHER))]
    deliver_raw(registration, listen_for(registration.service, PROTECTION), bodies)
    answers = [m["type"] for m in published(registration) if m["type"] in {REJECTED, GRANTED}]
    assert sorted(answers) == [GRANTED, REJECTED, REJECTED]
    assert enrolment(registration)["institution"] is None


def test_a_system_takes_back_its_own_word_alone(registration: Context, shared: Json) -> None:
    """Of a mother whom two systems brought the one lifts nothing that the other said; when both have lifted, she is shown."""
    [mona] = shared["guardian_ids"]
    say(registration, SENDER, "guardian", mona)
    later(registration)
    assert say(registration, OTHER, "guardian", mona, **LIFTED)["type"] == GRANTED
    assert is_hidden(registration, mona)
    say(registration, SENDER, "guardian", mona, **LIFTED)
    assert not is_hidden(registration, mona)


def test_no_system_lifts_what_the_coordinator_said(registration: Context, door: Door, asta: Json) -> None:
    """Neither by its own door nor by a message, though it enrolled the child."""
    [mona] = asta["guardian_ids"]
    body = {"kind": "guardian", "person_id": mona, "valid_from": TODAY}
    by(door, "coordinator").post("/v1/protections", json=body)
    later(registration)
    assert by(door, SENDER).post("/v1/protections", json=body | LIFTED).status_code == 200
    assert say(registration, SENDER, "guardian", mona, **LIFTED)["type"] == GRANTED
    assert (is_hidden(registration, mona), enrolment(registration)["institution"]) == (True, None)


def test_the_coordinator_overrules_everybody(registration: Context, door: Door, shared: Json) -> None:
    """What two systems said before is lifted with one word, and told so at once; what a system says afterwards protects again."""
    [mona] = shared["guardian_ids"]
    for source in (SENDER, OTHER):
        say(registration, source, "guardian", mona)
    later(registration)
    by(door, "coordinator").post("/v1/protections", json={"kind": "guardian", "person_id": mona} | LIFTED)
    assert (is_hidden(registration, mona), enrolment(registration)["institution"]) == (False, "birkegaarden")
    deliver(
        registration, PROTECTION, {"kind": "guardian", "person_id": mona, "valid_from": TODAY}, source=SENDER, time="2026-11-01T08:00:00Z"
    )
    assert not is_hidden(registration, mona)
    later(registration)
    say(registration, OTHER, "guardian", mona)
    assert (is_hidden(registration, mona), enrolment(registration)["institution"]) == (True, None)


START = datetime(2026, 11, 2, 9, tzinfo=UTC)
MIDDAY = 30
"""The minute of the coordinator's word."""
sayings = st.lists(
    st.tuples(st.sampled_from([SENDER, OTHER]), st.integers(0, 59).filter(lambda minute: minute != MIDDAY), st.integers(0, 2)), max_size=6
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sayings, st.integers(0, 1), st.data())
def test_any_order_of_everybodys_words_comes_to_the_same(
    registration: Context, door: Door, said: list[Saying], days: int, data: st.DataObject
) -> None:
    """Words of two systems, repeated, mixed and cut at will, before and after a coordinator's: what counts is when each was said."""
    mona = a_guardian(cpr_number=a_number("1991-03-09"))
    for source, born in ((OTHER, "2020-02-03"), (SENDER, "2022-05-14")):
        deliver(registration, REQUESTED, a_request(guardians=[mona], birth_date=born), source=source)
    [her_id] = enrolment(registration)["guardian_ids"]
    places = [*range(len(said)), *data.draw(st.lists(st.sampled_from(range(len(said))), max_size=3) if said else st.just([]))]
    order = data.draw(st.permutations(places))
    early = data.draw(st.sets(st.sampled_from(order)) if order else st.just(set()))
    first = [place for place in order if place in early and said[place][1] < MIDDAY]
    assert isinstance(registration.clock, FakeClock)
    bodies = [a_message(one, her_id, f"{her_id}-{place}") for place, one in enumerate(said)]
    registration.clock.now = START + timedelta(minutes=MIDDAY)
    send(registration, [bodies[place] for place in first], data.draw(st.integers(1, 3)))
    body = {"kind": "guardian", "person_id": her_id, "valid_from": TODAY, "valid_until": f"2026-11-0{2 + days}"}
    by(door, "coordinator").post("/v1/protections", json=body)
    registration.clock.now = START + timedelta(minutes=60)
    send(registration, [bodies[place] for place in order if place not in set(first)], data.draw(st.integers(1, 3)))
    assert is_hidden(registration, her_id) == bool(days or any(protecting(said)))


def a_message(one: Saying, person_id: str, id_: str) -> bytes:
    """The request of a system, with its time."""
    source, minute, days = one
    data = {"kind": "guardian", "person_id": person_id, "valid_from": TODAY, "valid_until": f"2026-11-0{2 + days}"}
    return event(PROTECTION, data, id=id_, source=source, time=(START + timedelta(minutes=minute)).isoformat())


def send(context: Context, bodies: Sequence[bytes], size: int) -> None:
    """In batches of that size."""
    for begin in range(0, len(bodies), size):
        deliver_raw(context, listen_for(context.service, PROTECTION), list(bodies[begin : begin + size]))


def protecting(said: Sequence[Saying]) -> list[bool]:
    """Of each system whose last word was said after the coordinator's, whether it protects."""
    lasts = {source: max(((minute, days) for who, minute, days in said if who == source), default=(0, 0)) for source in (SENDER, OTHER)}
    return [minute > MIDDAY and days > 0 for minute, days in lasts.values()]


def test_what_was_kept_before_is_the_municipalitys(registration: Context, shared: Json) -> None:
    """A protection of the time before words had speakers stays, whichever system lifts it; going back leaves nobody unprotected."""
    [mona] = shared["guardian_ids"]
    say(registration, SENDER, "guardian", mona)
    say(registration, OTHER, "guardian", mona, **LIFTED)
    config = alembic(registration.service.migrations)
    with registration.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "registration_0014")
    with registration.work() as work:
        kept = work.connection.execute(sa.text("select upper(valid)::text from protection")).scalars().all()
    migrate(registration.database, registration.service.migrations)
    later(registration)
    say(registration, SENDER, "guardian", mona, **LIFTED)
    run_timer(registration, "protections")
    assert (kept, is_hidden(registration, mona)) == (["2027-11-02"], True)
