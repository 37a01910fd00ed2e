"""The law of families: who may be told of whom follows from what was told, never from the order in which it came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.contracts import example
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import deliver_raw, event
from services.events.service import FACTS, SERVICE

PEOPLE = ("child", "twin", "mother", "father", "stored again", "grandmother")
STORY: Sequence[tuple[str, str, int, dict[str, Any]]] = [
    ("enrolment.accepted", "first", 1, {"child_id": "child", "guardian_ids": ["mother", "father"]}),
    ("enrolment.withdrawn", "first", 2, {"child_id": "child", "guardian_ids": ["mother", "father"]}),
    ("enrolment.accepted", "second", 1, {"child_id": "child", "guardian_ids": ["mother", "stored again"]}),
    ("enrolment.accepted", "twin's", 1, {"child_id": "twin", "guardian_ids": ["father"]}),
    ("family.changed", "child", 1, {"mother": True, "father": True}),
    ("family.changed", "child", 2, {"mother": True, "father": False, "grandmother": True}),
    ("family.changed", "twin", 1, {"father": True, "stored again": True}),
    ("person.merged", "twin", 1, {"into_id": "child"}),
    ("person.merged", "stored again", 1, {"into_id": "mother"}),
    ("person.unmerged", "stored again", 2, {"into_id": None}),
    ("person.merged", "stored again", 3, {"into_id": "father"}),
]
"""The fact, what it is about, its place among the facts about that, and what it says; of a family, who may be told of the child."""

orders = st.permutations(STORY).flatmap(lambda order: st.lists(st.sampled_from(STORY), max_size=6).map(lambda again: [*order, *again]))


@dataclass
class World:
    """People of whom nothing was told so far."""

    ids: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        """The id of somebody or something."""
        return self.ids.setdefault(name, new_id())

    def message(self, fact: str, name: str, sequence: int, said: dict[str, Any]) -> bytes:
        """The fact as it travels."""
        data = example(f"{fact}/v1")["data"] | {self.key(fact): self.id(name)} | self.said(fact, said)
        place: dict[str, Any] = {"subject": self.id(name), "sequence": sequence, "id": f"{self.id(name)}-{sequence}"}
        return event(f"registration.{fact}.v1", data, **place)

    def key(self, fact: str) -> str:
        """The field that names what the fact is about."""
        return {"enrolment": "enrolment_id", "family": "child_id", "person": "person_id"}[fact.partition(".")[0]]

    def said(self, fact: str, said: dict[str, Any]) -> dict[str, Any]:
        """What it says, with ids for names."""
        if fact == "family.changed":
            return {"guardians": [{"guardian_id": self.id(name), "periods": [period(allowed)]} for name, allowed in said.items()]}
        return {
            key: [self.id(name) for name in value] if isinstance(value, list) else value and self.id(value) for key, value in said.items()
        }

    def told(self, context: Context) -> set[tuple[str, str]]:
        """Which adult may be told of which child."""
        with context.work() as work:
            kept = work.aliases.around(self.id(name) for name in PEOPLE)
            known = work.known_today(kept)
        pairs = {(adult, child) for adult in PEOPLE[2:] for child in PEOPLE[:2]}
        return {(adult, child) for adult, child in pairs if known.may_be_told(kept[self.id(adult)], [kept[self.id(child)]])}


def period(allowed: bool) -> dict[str, Any]:  # noqa: FBT001 - a value of the story
    """For all time."""
    return {"valid_from": None, "valid_until": None, "custody": True, "contact_allowed": allowed, "residence": True}


def test_any_order_and_repetition_tells_the_same_people(context_of: Callable[..., Context]) -> None:
    """Enrolments, families and merges in any order, repeated and cut into batches at will: the same guardians may be told."""
    context = context_of(SERVICE)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(orders, st.integers(1, 6))
    def mixed_up(order: list[Any], size: int) -> None:
        world = World()
        told = [world.message(*fact) for fact in order]
        for start in range(0, len(told), size):
            deliver_raw(context, FACTS, told[start : start + size])
        assert world.told(context) == {("mother", child) for child in PEOPLE[:2]} | {("grandmother", child) for child in PEOPLE[:2]}

    mixed_up()
