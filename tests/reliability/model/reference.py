"""What must come of everything that was said: lists and sets, no protocol.

Every fact that was committed has one effect, in its aggregate's order; every request has one, by the first content that
came; what cannot be taken is parked. A present state that is told again may stand for the facts before it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Effect = tuple[int, str]
"""The number that a message carried, and its id."""


@dataclass(frozen=True)
class Fact:
    """A committed fact. `acts` is whether it has an effect of its own, `readable` whether it can be taken at all."""

    id: str
    trouble: str = ""
    acts: bool = True
    readable: bool = True


@dataclass
class Reference:
    """All that was said, and all that was given up: facts by their id, requests by their id and number, noise by its text."""

    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    troubles: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    replies: set[str] = field(default_factory=set)
    noise: set[str] = field(default_factory=set)
    unroutable: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    refreshed: set[str] = field(default_factory=set)

    def tell(self, subject: str, fact: Fact) -> None:
        """A fact was committed: the next of its aggregate."""
        self.facts[subject].append(fact)
        self.troubles[fact.id].add(fact.trouble)

    def ask(self, id_: str, number: int, trouble: str, *, reply: bool) -> None:
        """A request was sent."""
        self.requests[id_].add(number)
        self.troubles[id_].add(trouble)
        if reply:
            self.replies.add(id_)

    def fact(self, id_: str) -> Fact | None:
        """The fact of this id."""
        return next((fact for facts in self.facts.values() for fact in facts if fact.id == id_), None)

    def wrong_facts(self, subject: str, effects: Sequence[Effect]) -> Iterator[str]:
        """What is wrong with the effects of an aggregate's facts."""
        reached, facts = 0, self.facts.get(subject, [])
        for number, id_ in effects:
            if number <= reached:
                yield f"{subject}: {number} after {reached}"
            elif number > len(facts):
                yield f"{subject}: {number} was never committed"
            elif facts[number - 1].id == id_:
                yield from self._missing(subject, range(reached + 1, number))
            elif subject not in self.refreshed:
                yield f"{subject}: {number} is of a message that was never committed"
            reached = max(reached, number)
        yield from self._missing(subject, range(reached + 1, len(facts) + 1))

    def wrong_requests(self, id_: str, effects: Sequence[Effect]) -> Iterator[str]:
        """What is wrong with the effects of one request."""
        if len(effects) > 1:
            yield f"{id_}: {len(effects)} effects"
        if not effects and not {f"{id_} {number}" for number in self.requests[id_]} <= self.given_up:
            yield f"{id_}: no effect"
        if any(number not in self.requests[id_] for number, _ in effects):
            yield f"{id_}: an effect that nobody asked for"

    def _missing(self, subject: str, numbers: range) -> Iterator[str]:
        for number in numbers:
            fact = self.facts[subject][number - 1]
            if fact.acts and fact.readable and fact.id not in self.given_up:
                yield f"{subject}: {number} has no effect"
