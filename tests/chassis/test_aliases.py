"""Ids that stand for others: whatever was merged and taken back, in whatever order it is heard of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.service import Context

PEOPLE = [str(UUID(int=number)) for number in range(1, 7)]
STRANGER = str(UUID(int=99))

edges = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), max_size=6).map(
    lambda found: {one: into for one, into in found.items() if one < into}
)
"""Merges without a circle: everybody into somebody who comes later in the alphabet."""


def followed(into: Mapping[str, str], one: str) -> str:
    """Where the chain that begins with somebody ends."""
    while one in into:
        one = into[one]
    return one


def learn(context: Context, *told: Mapping[str, str | None]) -> None:
    """Hear of these, one after the other, after everything was forgotten."""
    with context.work() as work:
        work.aliases.forget()
        for one in told:
            work.aliases.learn(one)


def surviving(context: Context) -> dict[str, str]:
    """Who stands for whom now."""
    with context.work() as work:
        found: dict[str, str] = work.aliases.surviving([*PEOPLE, STRANGER])
        return found


quickly = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(edges, st.randoms(use_true_random=False))
def test_the_end_of_the_chain_counts_in_whatever_order_it_is_heard(context: Context, into: dict[str, str], chance: Any) -> None:
    """However the merges arrive, one by one or twice, everybody stands for the one at the end of his chain."""
    told: list[Mapping[str, str | None]] = [{one: other} for one, other in [*into.items(), *into.items()]]
    chance.shuffle(told)
    learn(context, *told)
    assert surviving(context) == {one: followed(into, one) for one in [*PEOPLE, STRANGER]}


@quickly
@given(edges, st.sets(st.sampled_from(PEOPLE)))
def test_taking_it_back_leaves_the_other_merges(context: Context, into: dict[str, str], undone: set[str]) -> None:
    """Who is taken out stands for himself, and takes along whoever was merged into him."""
    learn(context, into, dict.fromkeys(undone))
    left = {one: other for one, other in into.items() if one not in undone}
    assert surviving(context) == {one: followed(left, one) for one in [*PEOPLE, STRANGER]}


@quickly
@given(st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), max_size=6))
def test_a_circle_harms_nobody(context: Context, into: dict[str, str]) -> None:
    """Even what cannot be (a fact of a circle is still on its way) comes to an end, and going on from there mends it."""
    told = {one: other for one, other in into.items() if one != other}
    learn(context, told)
    assert surviving(context).keys() == {*PEOPLE, STRANGER}
    with context.work() as work:
        work.aliases.learn(dict.fromkeys(told))
    assert surviving(context) == {one: one for one in [*PEOPLE, STRANGER]}


def test_statements_may_ask_too(context: Context) -> None:
    """`chassis.surviving` is the id that is kept, and `chassis.same` are all that mean the same."""
    a, b, c, d = PEOPLE[:4]
    learn(context, {a: b}, {c: b}, {b: d})
    with context.work() as work:
        kept = work.connection.execute(sa.text("select chassis.surviving(cast(:id as uuid))::text"), {"id": a}).scalar_one()
        same = work.connection.execute(sa.text("select chassis.same(cast(:id as uuid))::text"), {"id": c}).scalars().all()
        assert kept == d
        assert sorted(same) == sorted([a, b, c, d])
        assert work.aliases.around([c]) == dict.fromkeys([a, b, c, d], d)
