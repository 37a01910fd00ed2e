"""What an operator does with parked messages."""

import pytest
import sqlalchemy as sa

from services.chassis import parked as parking
from services.chassis.auditor import Auditor
from services.chassis.bus.embedded import EmbeddedBus
from services.chassis.errors import Invalid, NotFound
from services.chassis.intake import Intake
from services.chassis.lifecycle import Stop
from services.chassis.relay import Relay
from services.chassis.service import REQUESTS, Context
from services.chassis.sweeper import Sweeper
from services.chassis.testing import deliver_raw, event, published
from tests.chassis import tiny
from tests.chassis.tiny import DONE, SERVICE, effects

FACTS, ASKED = SERVICE.listens


def park(context: Context, subject: str, *behind: int) -> Intake:
    """Park the first message of an aggregate for good, with later ones waiting behind it."""
    bodies = [
        event(DONE, {"number": n, "trouble": "" if n > 1 else "defect"}, subject=subject, sequence=n, id=f"{subject}-{n}")
        for n in (1, *behind)
    ]
    intake = deliver_raw(context, FACTS, bodies)
    with context.work() as work:
        work.connection.execute(sa.text("update chassis.deferred set kind = 'parked' where kind = 'retry'"))
    return intake


def actions(context: Context) -> list[tuple[str, str, str, str]]:
    """The audit."""
    with context.work() as work:
        rows = work.connection.execute(sa.text("select actor, action, message_id, reason from chassis.operator_action order by id"))
        return [(r.actor, r.action, r.message_id, r.reason) for r in rows]


def test_groups_what_failed_alike(context: Context) -> None:
    """Messages that failed at the same place are one group, whatever they held."""
    park(context, "a")
    park(context, "b")
    deliver_raw(context, FACTS, [b"nonsense"])
    assert sorted((g.messages, g.slug) for g in parking.groups(context)) == [(1, "not-a-cloudevent"), (2, "unexpected-error")]


def test_different_faults_are_different_groups(context: Context) -> None:
    """What is malformed in one way is not counted under another's reason; where in the body it is makes no difference."""
    deliver_raw(context, ASKED, [b"nonsense", b"  nonsense", b"[]", b'{"specversion":"1.0"}', b""])
    groups = parking.groups(context)
    assert sorted((g.messages, g.reasons) for g in groups) == [(1, 1), (1, 1), (1, 1), (2, 2)]
    assert {g.slug for g in groups} == {"not-a-cloudevent"}


def test_replay_is_the_same_message_and_frees_its_aggregate(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fix, a replayed message is taken under its own id, and what waited behind it follows."""
    intake = park(context, "a", 2, 3)
    monkeypatch.setattr(tiny, "stumble", lambda _thing: None)
    assert list(parking.replay(context, parking.chosen(context, fingerprint=parking.groups(context)[0].fingerprint), actor="kim")) == [1]
    while Sweeper(intake, Stop()).sweep():
        pass
    assert effects(context) == [("a", 1), ("a", 2), ("a", 3)]
    assert published(context)[0]["causationid"] == "a-1"
    assert actions(context) == [("kim", "replay", "a-1", "")]


def test_replay_twice_has_one_effect(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaying what was taken meanwhile moves nothing and does nothing."""
    intake = park(context, "a")
    ids = [row.id for row in parking.rows(context)]
    monkeypatch.setattr(tiny, "stumble", lambda _thing: None)
    for _ in range(2):
        list(parking.replay(context, ids, actor="kim"))
        Sweeper(intake, Stop()).sweep()
    assert effects(context) == [("a", 1)]


def test_discard_lets_the_aggregate_go_on(context: Context) -> None:
    """A discarded fact counts as taken: the next one follows, and the books still agree."""
    intake = park(context, "a", 2)
    ids = parking.chosen(context, ids=[row.id for row in parking.rows(context)])
    assert list(parking.discard(context, ids, actor="kim", reason="sent by mistake")) == [1]
    Sweeper(intake, Stop()).sweep()
    assert effects(context) == [("a", 2)]
    assert Auditor(context, [intake]).audit(intake).difference == 0
    assert actions(context) == [("kim", "discard", "a-1", "sent by mistake")]


def test_discard_needs_a_reason(context: Context) -> None:
    """Nothing is given up without saying why."""
    park(context, "a")
    with pytest.raises(Invalid, match="Say why"):
        list(parking.discard(context, [1], actor="kim", reason=" "))


def test_abort_keeps_what_is_done(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay that is stopped half-way has moved whole chunks and left the rest parked."""
    monkeypatch.setattr(parking, "CHUNK", 2)
    for subject in "abcde":
        park(context, subject)
    assert next(parking.replay(context, [row.id for row in parking.rows(context)], actor="kim")) == 2
    assert len(parking.rows(context)) == 3


def test_show_gives_the_bytes_and_is_audited(context: Context) -> None:
    """A look at a message gives exactly what came, and is written down; at rest the bytes are encrypted."""
    deliver_raw(context, FACTS, [b"nonsense"])
    (row,) = parking.rows(context)
    assert parking.show(context, row.id, actor="kim").body == b"nonsense"
    assert [action for _, action, _, _ in actions(context)] == ["show"]
    with context.work() as work:
        assert b"nonsense" not in work.connection.execute(sa.text("select body from chassis.deferred")).scalar_one()


def test_show_what_is_not_there(context: Context) -> None:
    """A number that is not parked is a clear error."""
    with pytest.raises(NotFound):
        parking.show(context, 7, actor="kim")


def test_unroutable_goes_back_to_the_outbox(context: Context, bus: EmbeddedBus) -> None:
    """A message that was parked as unroutable is published again, the same, when it is replayed."""
    with context.work() as work:
        id_ = work.emit(DONE, subject="a", data={"number": 1}, exchange=REQUESTS)
    Relay(context, bus, Stop()).publish_batch(bus.publisher())
    list(parking.replay(context, [row.id for row in parking.rows(context)], actor="kim"))
    assert [(m["id"], m["exchange"]) for m in published(context)] == [(id_, REQUESTS)]
