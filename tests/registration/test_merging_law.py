"""Any sequence of merges and their undoing: nobody is lost, nothing goes round in a circle, and undoing brings back what was."""

from http import HTTPStatus
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from services.chassis.service import Context
from services.chassis.testing import Door, deliver, published
from tests.registration.builders import REQUESTED, SENDER, a_guardian, a_number, a_request

PEOPLE = 5
FIELDS = ["given_name", "email"]
State = list[tuple[Any, ...]]

pairs = st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.lists(st.sampled_from(FIELDS), unique=True))
steps = st.lists(pairs | st.none(), max_size=12)
"""Merge one into another and take some fields over; None undoes the last merge."""


class Records:
    """Guardians who differ in everything that may be taken over, and the desk where they are merged."""

    def __init__(self, context: Context, door: Door, ids: list[str]) -> None:
        self.context = context
        self.door = door
        self.ids = ids
        self.done: list[tuple[str, State]] = []
        """Merges in force, each with how everything was before."""

    def take(self, step: tuple[int, int, list[str]] | None) -> None:
        """One step; what cannot be done changes nothing."""
        if step is not None:
            self.merge(self.ids[step[0]], self.ids[step[1]], step[2])
        elif self.done:
            assert self.undo(-1) == self.state()

    def merge(self, one: str, into: str, take: list[str]) -> None:
        """Possible between two who stand for themselves."""
        before, kept = self.state(), self.kept()
        answer = self.post("/v1/merges", json={"kind": "guardian", "merged_id": one, "into_id": into, "take": take})
        if one != into and kept[one] == one and kept[into] == into:
            self.done.append((answer.get_json()["merge_id"], before))
            assert self.kept() == {id_: into if root == one else root for id_, root in kept.items()}
        else:
            assert answer.status_code in {409, 422}
            assert self.state() == before

    def undo(self, place: int) -> State:
        """Undo one of the merges in force; how everything was before it was made."""
        merge_id, before = self.done.pop(place)
        assert self.post(f"/v1/merges/{merge_id}/undoing").status_code == 200
        return before

    def post(self, path: str, **options: Any) -> TestResponse:
        """Ask as a careful client does: what could not be done in time has no effect (503), and is asked for again."""
        answer = self.door.post(path, **options)
        return self.post(path, **options) if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE else answer

    def undo_all(self) -> None:
        """What an example that failed has left."""
        while self.done:
            self.undo(-1)

    def kept(self) -> dict[str, str]:
        """For whom each id stands."""
        with self.context.work() as work:
            return dict(work.aliases.surviving(self.ids))

    def state(self) -> State:
        """Everybody's details, and for whom his id stands."""
        query = "select guardian_id::text, given_name, email, chassis.surviving(guardian_id)::text from guardian order by guardian_id"
        with self.context.work() as work:
            return [tuple(row) for row in work.connection.execute(sa.text(query))]


@pytest.fixture
def records(registration: Context, coordinator: Door) -> Records:
    """Five of them, whom nobody has merged yet."""
    for n in range(PEOPLE):
        details = {"given_name": f"Mona {'abcde'[n]}", "email": f"mona{n}@example.org", "cpr_number": a_number("1991-03-09")}
        deliver(registration, REQUESTED, a_request(guardians=[a_guardian(**details)]), source=SENDER)
    ids = [m["data"]["guardian_ids"][0] for m in published(registration) if m["type"].startswith("registration.enrolment")]
    return Records(registration, coordinator, ids)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps, st.randoms(use_true_random=False))
def test_any_merges_and_undoings(records: Records, steps: list[tuple[int, int, list[str]] | None], chance: Any) -> None:
    """After every step all are there and each stands for one who stands for himself; the last merge undone, all is as before it;
    and when all are undone, in whatever order, all is as it was.
    """
    records.undo_all()
    start = records.state()
    for step in steps:
        records.take(step)
        kept = records.kept()
        assert kept.keys() == set(records.ids)
        assert all(kept[root] == root for root in kept.values())
    while records.done:
        records.undo(chance.randrange(len(records.done)))
    assert records.state() == start
