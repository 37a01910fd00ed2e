"""The law of erasure: whatever comes in whatever order around it, and however often, a service ends up in the same state."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.bus import matches
from services.chassis.service import Context
from services.chassis.testing import deliver, deliver_raw, run_timer
from services.events.service import SERVICE as EVENTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.reporting.service import SERVICE as REPORTING
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_guardian, a_number, a_request
from tests.system.story import a_hall, erased, opened, signed_up

ERASED_FROM = {
    "events": ("enrolment", "consent", "signup", "party"),
    "notifications": ("contact_card", "family", "signup"),
    "reporting": ("enrolment", "consent", "signup", "attendance"),
}
"""The tables that are compared: those that facts fill. (A mail that was sent before is told of; one that was not, never is.)"""

_STATE = "select coalesce(jsonb_agg(to_jsonb(t) - 'received_at' - 'signed_up_at' order by to_jsonb(t)::text), '[]') from {} t"
_EMPTY = sa.text(
    "select string_agg(schemaname || '.' || tablename, ', ') from pg_tables"
    " where schemaname in ('public', 'chassis') and tablename not like 'alembic%'"
)


@pytest.fixture
def facts(context_of: Callable[..., Context], tmp_path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Everything that travels in a story that ends in an erasure, and the ids that are erased."""
    hall = a_hall(context_of, tmp_path)
    registration, events = hall.services["registration"], hall.services["events"]
    father = a_guardian(given_name="Karim", email="karim@example.org", cpr_number=a_number("1988-01-02"))
    for guardians in ([a_guardian(), father], [father]):
        deliver(registration, REQUESTED, a_request(guardians=guardians), source=SENDER)
    hall.carry()
    told = next(m["data"] for m in hall.messages if m["type"] == "registration.enrolment.accepted.v1")
    mother = told["guardian_ids"][0]
    signed_up(events, opened(events), [(mother, "guardian"), (told["child_id"], "child")], contact=mother)
    hall.carry()
    body = {"enrolment_id": told["enrolment_id"], "reason": "moved", "effective_date": "2026-11-02"}
    deliver(registration, WITHDRAWAL, body, source=SENDER)
    hall.carry()
    erased(hall, told["child_id"])
    decided = next(m for m in hall.messages if m["type"] == "registration.erasure.decided.v1")
    return [m for m in hall.messages if m["type"].partition(".")[0] in {"registration", "events"}], decided["data"]["erased_ids"]


@pytest.fixture
def receivers(context_of: Callable[..., Context]) -> dict[str, Context]:
    """The three services that hold copies, with nothing in them."""
    return {service.name: context_of(service) for service in (EVENTS, NOTIFICATIONS, REPORTING)}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_order_around_an_erasure_ends_the_same(
    facts: tuple[list[dict[str, Any]], list[str]], receivers: dict[str, Context], data: st.DataObject
) -> None:
    """All facts in any order, some repeated, cut into batches, with the erasing done at any moment: the same rows, and no erased id."""
    messages, ids = facts
    name = data.draw(st.sampled_from(sorted(ERASED_FROM)))
    context = receivers[name]
    bodies = [json.dumps(m).encode() for m in messages if heard(context, m)]
    order = data.draw(st.permutations(range(len(bodies))))
    again = data.draw(st.lists(st.sampled_from(range(len(bodies))), max_size=8))
    size = data.draw(st.integers(1, 9))
    told = outcome(context, [bodies[n] for n in (*order, *again)], messages, size)
    assert told == outcome(context, bodies, messages, len(bodies))
    assert [one for one in ids if one in told] == []


def heard(context: Context, message: dict[str, Any]) -> bool:
    """Whether a service listens to it."""
    return any(
        listen.exchange == message["exchange"] and any(matches(key, message["type"]) for key in listen.keys)
        for listen in context.service.listens
    )


def outcome(context: Context, bodies: Sequence[bytes], messages: Sequence[dict[str, Any]], size: int) -> str:
    """What a service holds in the end, as text."""
    emptied(context)
    exchanges = {m["id"]: m["exchange"] for m in messages}
    for start in range(0, len(bodies), size):
        for listen in context.service.listens:
            batch = [body for body in bodies[start : start + size] if exchanges[json.loads(body)["id"]] == listen.exchange]
            deliver_raw(context, listen, batch)
        run_timer(context, "erase")
    return state(context)


def emptied(context: Context) -> None:
    """As on the first day."""
    with context.work() as work:
        tables = work.connection.execute(_EMPTY).scalar_one()
        work.connection.execute(sa.text(f"truncate {tables} restart identity cascade"))


def state(context: Context) -> str:
    """The rows of the tables that are compared, and what waits."""
    tables = (*ERASED_FROM[context.service.name], "chassis.position")
    with context.work() as work:
        found = {table: work.connection.execute(sa.text(_STATE.format(table))).scalar_one() for table in tables}
        waiting = work.connection.execute(sa.text("select count(*) from chassis.deferred")).scalar_one()
    return json.dumps(found | {"waiting": waiting})
