"""Handlers are called here: in order within an aggregate, and in sets of one type across aggregates."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from services.chassis.reading import Incoming
from services.chassis.service import Handler
from services.chassis.storage import UnitOfWork


def run_handlers(messages: Sequence[Incoming], work: UnitOfWork) -> None:
    """Call the handlers of these messages."""
    for turn in turns(messages):
        for handler, group in _by_handler(turn):
            _call(handler, group, work)


def turns(messages: Iterable[Incoming]) -> Iterator[Sequence[Incoming]]:
    """First the first message of every aggregate, then every second one, and so on (requests are all first)."""
    seen: dict[str, int] = defaultdict(int)
    rounds: dict[int, list[Incoming]] = defaultdict(list)
    for message in messages:
        turn = seen[message.key] if message.key else 0
        seen[message.key] += 1
        rounds[turn].append(message)
    yield from (rounds[turn] for turn in sorted(rounds))


def _by_handler(messages: Sequence[Incoming]) -> Iterator[tuple[Handler, Sequence[Incoming]]]:
    """Messages of one type together, types in the order of their first message."""
    groups: dict[str, tuple[Handler, list[Incoming]]] = {}
    for message in messages:
        if message.handler:
            groups.setdefault(message.type, (message.handler, []))[1].append(message)
    yield from groups.values()


def _call(handler: Handler, group: Sequence[Incoming], work: UnitOfWork) -> None:
    """Refuse what breaks the contract, hand the rest to the handler."""
    for incoming in group:
        if incoming.refusals and handler.refuse:
            handler.refuse(incoming.message, incoming.refusals, work)
    fit = [incoming.message for incoming in group if not incoming.refusals]
    if handler.many and fit:
        handler.function(fit, work)
    elif not handler.many:
        for message in fit:
            handler.function(message, work)
