"""What travels of erasures: ids to erase, and counts; and what the other services answer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from services.chassis.envelope import Moment, Received
from services.registration.domain.erasure import Erased, Erasure

if TYPE_CHECKING:
    from services.registration.storage import Work

DECIDED = "registration.erasure.decided.v1"
COMPLETED = "registration.erasure.completed.v1"


class Count(msgspec.Struct):
    """So many of a kind."""

    kind: str
    count: int


class Answer(msgspec.Struct):
    """What a service says that it erased."""

    erasure_id: UUID
    erased_at: Moment
    counts: Sequence[Count]


def of_decision(erasure: Erasure, ids: Sequence[str]) -> dict[str, Any]:
    """The ids are those that each service has; who they were, only registration knew."""
    return _state(erasure) | {"erased_ids": list(ids)}


def of_receipt(erasure: Erasure) -> dict[str, Any]:
    """What each service erased, and which are awaited."""
    services = [
        {"service": one.service, "erased_at": one.erased_at, "counts": _counts(one.counts)}
        for one in sorted(erasure.answers.values(), key=lambda one: one.service)
    ]
    return _state(erasure) | {"completed_at": erasure.completed_at, "services": services, "awaited": list(erasure.awaited)}


def show(erasure: Erasure, work: "Work") -> None:
    """Tell again that an erasure is complete; one that is open has told all that there is to tell."""
    if erasure.completed_at:
        work.snapshot(COMPLETED, subject=erasure.erasure_id, data=of_receipt(erasure))


def answered(message: Received[Answer]) -> Erased:
    """A service's answer, as the receipt keeps it."""
    counts = {one.kind: one.count for one in message.data.counts}
    return Erased(message.type.partition(".")[0], message.data.erased_at, counts)


def _state(erasure: Erasure) -> dict[str, Any]:
    names = ("erasure_id", "why", "programme", "rule", "decided_at")
    return {name: getattr(erasure, name) for name in names} | {"people": _counts(erasure.people)}


def _counts(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"kind": kind, "count": count} for kind, count in sorted(counts.items())]
