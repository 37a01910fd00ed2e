"""Messages in any order, any repetition and any batches lead to the same state."""

from itertools import count
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event, listen_for
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request

CHILDREN = 3
REQUESTS = 6
"""Two requests for each child, under different ids."""

universes = count()
orders = st.permutations(range(REQUESTS)).flatmap(
    lambda order: st.lists(st.sampled_from(range(REQUESTS)), max_size=6).map(lambda again: [*order, *again])
)
sizes = st.integers(1, 5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, orders, sizes, sizes)
def test_any_order_and_repetition_gives_the_same_state(
    registration: Context, one: list[int], other: list[int], small: int, large: int
) -> None:
    """The same requests in two orders, repeated and cut into batches at will: the same children, guardians and enrolments."""
    assert outcome(registration, one, small) == outcome(registration, other, large)


def outcome(context: Context, order: list[int], size: int) -> list[tuple[Any, ...]]:
    """What the requests lead to for children who are seen for the first time."""
    universe = next(universes)
    children = [a_number() for _ in range(CHILDREN)]
    mother = a_number("1991-03-09")
    bodies = [body(universe, n, children[n % CHILDREN], mother) for n in range(REQUESTS)]
    for start in range(0, len(order), size):
        deliver_raw(context, listen_for(context.service, REQUESTED), [bodies[n] for n in order[start : start + size]])
    return state(context, universe)


def body(universe: int, place: int, child: str, mother: str) -> bytes:
    """A request for a child of Mona, who is known by number, and of Karim, who is known by name."""
    family = f"Family {universe}"
    mona = a_guardian(cpr_number=mother, family_name=family)
    karim = a_guardian(given_name="Karim", email="karim@example.org", family_name=family)
    request = a_request(cpr_number=child, guardians=[mona, karim] if place % 2 else [karim, mona])
    request["child"]["given_name"] = f"Child {place % CHILDREN}"
    request["child"]["family_name"] = family
    return event(REQUESTED, request, id=f"{universe}-{place}", source=SENDER)


def state(context: Context, universe: int) -> list[tuple[Any, ...]]:
    """Each child with its enrolments and guardians; who is the same person is told by the rank of his id."""
    query = sa.text(
        "select c.given_name, g.given_name, g.cpr_lookup is not null, gs.custody,"
        " (select count(*) from enrolment e where e.child_id = c.child_id and e.status = 'accepted'),"
        " (select count(*) from enrolment e where e.request_id like :requests),"
        " count(*) over (partition by g.guardian_id)"
        " from child c join guardianship gs using (child_id) join guardian g using (guardian_id)"
        " where c.family_name = :family order by 1, 2"
    )
    with context.work() as work:
        rows = work.connection.execute(query, {"family": f"Family {universe}", "requests": f"{universe}-%"})
        return [tuple(row) for row in rows]
