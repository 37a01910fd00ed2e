"""What holds in the families that a batch is about, and what the batch makes of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.registration.domain.family import GuardianshipRequest, objections_to_guardianship
from services.registration.domain.guardianship import Guardianship, Pair, together
from services.registration.domain.objection import Objection
from services.registration.vocabulary import VOCABULARY


class FamilyBook:
    """The children and guardians that a batch is about, locked, and what the batch makes of them.

    A change is kept under the ids that are kept; what stands under others' who were merged stays as it is.
    """

    def __init__(self, children: Iterable[str], guardians: Iterable[str], known: Mapping[Pair, Sequence[Guardianship]]) -> None:
        self._children, self._guardians = frozenset(children), frozenset(guardians)
        self._own = {pair: one for pair, records in known.items() for one in records if one.pair == pair}
        self._others = {pair: [one for one in records if one.pair != pair] for pair, records in known.items()}
        self._changed: dict[Pair, Guardianship] = {}

    @property
    def changed(self) -> Sequence[Guardianship]:
        """The whole history of each pair that the batch changed."""
        return list(self._changed.values())

    def objections_to(self, request: GuardianshipRequest) -> Iterable[Objection]:
        """Everything that speaks against it."""
        return objections_to_guardianship(request, self._children, self._guardians, VOCABULARY)

    def change(self, request: GuardianshipRequest, said_at: datetime) -> bool:
        """Whether it changed anything; only after `objections_to` found nothing."""
        guardianship = self._own.setdefault(request.pair, Guardianship(*request.pair))
        if not guardianship.change(request.valid_from, request.terms, said_at):
            return False
        self._changed[request.pair] = guardianship
        return True

    def between(self, request: GuardianshipRequest) -> Guardianship:
        """What holds between the two now."""
        return self._together(request.pair)

    def of(self, child_id: str) -> list[Guardianship]:
        """The child's whole family."""
        return [self._together(pair) for pair in sorted(self._own.keys() | self._others.keys()) if pair[0] == child_id]

    def _together(self, pair: Pair) -> Guardianship:
        return together(self._own.get(pair, Guardianship(*pair)), self._others.get(pair, ()))
