"""Facts about consents and merges, in any order and repeated at will, leave every service that listens in the same state."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.contracts import example
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event, listen_for
from tests.contracts.test_services import SERVICES, put_aside

STORY = [
    ("person.merged", "a", 1, {"into_id": "b"}),
    ("person.unmerged", "a", 2, {}),
    ("person.merged", "a", 3, {"into_id": "c"}),
    ("person.merged", "b", 1, {"into_id": "a"}),
    ("person.unmerged", "b", 2, {}),
    ("person.merged", "d", 1, {"into_id": "a"}),
    ("consent.given", "child's", 1, {"child_id": "d", "guardian_id": "c", "purpose": "take-part"}),
    ("consent.withdrawn", "child's", 2, {"child_id": "d", "guardian_id": "c", "purpose": "take-part"}),
    ("consent.given", "anew", 1, {"child_id": "a", "guardian_id": "c", "purpose": "contact"}),
    ("consent.own-given", "own", 1, {"person_id": "b", "purpose": "contact"}),
    ("consent.own-withdrawn", "own", 2, {"person_id": "b", "purpose": "contact"}),
    ("consent.own-given", "counted", 1, {"person_id": "b", "purpose": "statistics"}),
]
"""The fact, whom it is about, its place among his facts, and what it says; a is b, and then is not, and then is c; b was a for a while."""

universes = count()
orders = st.permutations(range(len(STORY))).flatmap(
    lambda order: st.lists(st.sampled_from(range(len(STORY))), max_size=8).map(lambda again: [*order, *again])
)


@pytest.mark.server
@pytest.mark.parametrize("name", ["events", "notifications", "reporting"])
def test_any_order_and_repetition_gives_the_same_state(context_of: Callable[..., Context], name: str) -> None:
    """As they happened, or mixed up, repeated and cut into batches at will: the same ids stand for each other, the same is agreed."""
    context = context_of(SERVICES[name])
    as_it_happened = outcome(context, range(len(STORY)), len(STORY))
    assert as_it_happened[0]

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(orders, st.integers(1, 6))
    def mixed_up(order: list[int], size: int) -> None:
        assert outcome(context, order, size) == as_it_happened

    mixed_up()
    assert put_aside(context) == []


def outcome(context: Context, order: Sequence[int], size: int) -> tuple[Any, Any]:
    """What the facts lead to for people who are heard of for the first time."""
    universe = next(universes)
    told = [message(universe, *STORY[place]) for place in order]
    for start in range(0, len(told), size):
        deliver_raw(context, listen_for(context.service, "registration.person.merged.v1"), told[start : start + size])
    return aliases(context, universe), consents(context, universe)


def message(universe: int, fact: str, subject: str, sequence: int, said: dict[str, str]) -> bytes:
    """The fact about the people of a universe."""
    about = {"person_id" if fact.startswith("person") else "consent_id": id_of(universe, subject)}
    ids = {key: value if key == "purpose" else id_of(universe, value) for key, value in said.items()}
    data = example(f"{fact}/v1")["data"] | about | ids
    place: dict[str, Any] = {"subject": id_of(universe, subject), "sequence": sequence, "id": f"{universe} {fact} {subject} {sequence}"}
    return event(f"registration.{fact}.v1", data, **place)


def id_of(universe: int, name: str) -> str:
    """The id of somebody or something in a universe."""
    return str(uuid5(NAMESPACE_URL, f"{universe} {name}"))


def aliases(context: Context, universe: int) -> dict[str, str]:
    """For whom everybody stands."""
    names = {id_of(universe, name): name for name in "abcd"}
    with context.work() as work:
        return {names[one]: names[into] for one, into in work.aliases.surviving(names).items()}


def consents(context: Context, universe: int) -> list[Any]:
    """What is kept of each consent, without its ids."""
    key = "id" if context.service.name == "reporting" else "consent_id"
    kept = sa.text(f"select to_jsonb(c) from consent c where {key} = cast(:id as uuid)")
    with context.work() as work:
        rows = [work.connection.execute(kept, {"id": id_of(universe, name)}).scalar() for name in ("child's", "anew", "own", "counted")]
    return [row and {name: value for name, value in row.items() if not name.endswith("id")} for row in rows]
