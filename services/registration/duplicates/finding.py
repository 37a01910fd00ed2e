"""Looks at who has come in or changed, a set at a time: their keys, who shares one, and how alike they are.

A set of any size takes the same few statements. It is done by one process at a time, on a clock (`service.py`), so that
nobody who asks for an enrolment waits for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.chassis.callers import CALLERS
from services.registration.domain.person import Kind, Person
from services.registration.duplicates.blocking import keys
from services.registration.duplicates.scoring import Likeness, Why, likeness
from services.registration.storage.duplicates import Candidate, Pair

if TYPE_CHECKING:
    from services.chassis.service import Context
    from services.registration.storage import Work

AT_ONCE: Final = 500
"""How many people are looked at in one transaction: a tenth of a second of work, for which others in the process wait."""

GIVES_WAY_S: Final = 0.25
"""How long, after each set, callers of the same process go first."""


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody stored who may be the one who was described."""

    person_id: str
    likeness: Likeness


def look(context: "Context") -> None:
    """Look at all who wait for it; the timer `duplicates`."""
    while True:
        with context.work() as work:
            if not look_at_some(work):
                return
        CALLERS.go_first(GIVES_WAY_S)


def look_at_some(work: "Work", limit: int = AT_ONCE) -> int:
    """Look at the next of them; how many there were. None while another process is at it."""
    if not work.duplicates.alone():
        return 0
    waiting = work.duplicates.take_unmatched(limit)
    for kind, ids in waiting.items():
        if ids:
            _look_at(kind, ids, work)
    return sum(map(len, waiting.values()))


def matches(described: Sequence[Person], work: "Work") -> list[list[Match]]:
    """For each person of one kind who is only described, those stored who may be him, the likeliest first.

    However many are described, it takes the same three statements. A CPR number is certain, whatever else is said.
    """
    if not described:
        return []
    kind = described[0].kind
    sharing = work.duplicates.of_keys([keys(one) for one in described])
    numbered = work.duplicates.numbered(kind, [one.cpr_number for one in described])
    stored = work.duplicates.people(kind, set().union(*sharing, *numbered))
    return [_likeliest(one, stored, alike, same) for one, alike, same in zip(described, sharing, numbered, strict=True)]


def _look_at(kind: Kind, ids: Iterable[str], work: "Work") -> None:
    people = work.duplicates.people(kind, ids)
    work.duplicates.keep_keys({person_id: keys(person) for person_id, person in people.items()})
    pairs = work.duplicates.sharing(people)
    beside = {person_id for pair in pairs for person_id in pair} - people.keys()
    everybody = people | work.duplicates.people(kind, beside)
    work.duplicates.keep(people, list(_candidates(kind, pairs, everybody)), work.now)


def _candidates(kind: Kind, pairs: Iterable[Pair], people: Mapping[str, Person]) -> Iterable[Candidate]:
    for one, other in pairs:
        found = likeness(people[one], people[other])
        if found.is_enough:
            yield Candidate(one, other, kind, found.score, found.reasons)


def _likeliest(one: Person, stored: Mapping[str, Person], alike: Iterable[str], same: Iterable[str]) -> list[Match]:
    certain = [Match(person_id, Likeness(100, [Why.SAME_NUMBER])) for person_id in sorted(same)]
    others = (Match(person_id, likeness(one, stored[person_id])) for person_id in set(alike) - set(same))
    return certain + sorted((match for match in others if match.likeness.is_enough), key=_rank)


def _rank(match: Match) -> tuple[int, str]:
    return -match.likeness.score, match.person_id
