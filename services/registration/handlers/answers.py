"""What registration can be asked to do with answers to a programme's questions: take them in, change them, and read them.

They are told to nobody: no fact holds one, and none says that there is one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from services.chassis.envelope import Received
from services.chassis.errors import Invalid
from services.registration.domain.answer import Change, Giving, SheetKey, changes, fill
from services.registration.domain.fitting import Value
from services.registration.domain.guardian import Guardian
from services.registration.domain.objection import Objection
from services.registration.domain.origin import DoneBy
from services.registration.domain.programme import Programme
from services.registration.domain.question import About
from services.registration.domain.request import EnrolmentRequest
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work

Accepted = tuple[Received[EnrolmentRequest], str, Sequence[Guardian]]
"""A request that was accepted, the id of its child, and its guardians in the request's order."""


def take_in_answers(accepted: Iterable[Accepted], programmes: Mapping[str, Programme], work: "Work", by: Mapping[str, DoneBy]) -> None:
    """Keep what came with requests; the rules have seen it. `by` says by message who sent it: a person, or another system."""
    givings = [giving for one in accepted for giving in _givings(one, by)]
    if givings:
        _Sheets(givings, programmes, work).keep()


def answer(giving: Giving, programme: Programme, work: "Work") -> None:
    """Keep what somebody says. What he leaves out stays. Raises `Invalid` with everything that speaks against it; then nothing changes."""
    sheets = _Sheets([giving], {programme.code: programme}, work)
    if sheets.objections:
        raise Invalid(reasons=explain(sheets.objections))
    sheets.keep()


def reconcile(person_id: str, about: About, by: DoneBy, work: "Work") -> None:
    """Two records became one, and their sheets too: what the answers that count ask for no more lapses, until they are two again."""
    programmes = work.programmes.of_codes(work.question_answers.programmes_of(person_id))
    if programmes:
        _Sheets([Giving(SheetKey(code, person_id, about), (), by) for code in programmes], programmes, work).lay_aside()


class _Sheets:
    """The sheets that a batch of givings is about, locked, and what it makes of them, in order."""

    def __init__(self, givings: Sequence[Giving], programmes: Mapping[str, Programme], work: "Work") -> None:
        self._work = work
        self._programmes = programmes
        self._kept: dict[SheetKey, Mapping[str, Value]] = {**work.question_answers.lock({giving.key for giving in givings})}
        self.objections: list[Objection] = []
        self._changes: list[Change] = [change for giving in givings for change in self._fill(giving)]

    def keep(self) -> None:
        self._work.question_answers.change(self._changes, self._work.now)

    def lay_aside(self) -> None:
        self._work.question_answers.lay_aside(self._changes, self._work.now)

    def _fill(self, giving: Giving) -> Iterator[Change]:
        questions, before = self._programmes[giving.key.programme].questions, self._kept[giving.key]
        filled = fill(questions, giving.key.about, before, giving.said, on=self._work.today)
        self.objections += filled.objections
        self._kept[giving.key] = filled.answers
        return changes(giving, questions, before, filled.answers)


def _givings(accepted: Accepted, by: Mapping[str, DoneBy]) -> Iterator[Giving]:
    message, child_id, guardians = accepted
    giver = by.get(message.id, DoneBy(message.source, "system"))
    people = {"/child/answers": child_id}
    people |= {f"/guardians/{place}/answers": guardian.guardian_id for place, guardian in enumerate(guardians)}
    for at, about, said in message.data.sheets:
        if said:
            yield Giving(SheetKey(message.data.programme, people[at], about), said, giver)
