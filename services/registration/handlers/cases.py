"""What becomes of each request of a batch, and of the enrolments that the batch is about, in order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from services.chassis.envelope import Received
from services.chassis.errors import Reason
from services.chassis.ids import new_id
from services.registration.domain import enrolment as enrolments
from services.registration.domain.child import Child, ChildKey
from services.registration.domain.clocks import day_of
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.guardian import Guardian
from services.registration.domain.life import Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution
from services.registration.domain.request import EnrolmentRequest, Known
from services.registration.domain.timeline import Timeline
from services.registration.texts import explain

if TYPE_CHECKING:
    from services.registration.storage import Work

Living = Mapping[tuple[str, str], Enrolment]
"""Enrolments that may go on, by child's id and programme's code."""


@dataclass(slots=True)
class Admitted:
    """A request against which nothing speaks, on its way through a batch."""

    message: Received[EnrolmentRequest]
    child: Child
    child_key: ChildKey
    guardians: Sequence[Guardian] = ()

    @property
    def request(self) -> EnrolmentRequest:
        """What is asked for."""
        return self.message.data

    @property
    def key(self) -> tuple[ChildKey, str]:
        """By what the request names the child, and the programme."""
        return self.child_key, self.request.programme

    @property
    def guardian_ids(self) -> list[str]:
        """Each guardian once."""
        return list(dict.fromkeys(guardian.guardian_id for guardian in self.guardians))

    def answer(self, known: Known, book: "Book") -> Enrolment:
        """The enrolment that is begun, or the one that the child has already and that goes on."""
        return book.go_on(self, known) or book.begin(self, known)


@dataclass(slots=True)
class Refused:
    """A request against which something speaks."""

    message: Received[EnrolmentRequest]
    objections: Sequence[Objection]
    child_key: ChildKey | None

    @property
    def request(self) -> EnrolmentRequest:
        """What is asked for."""
        return self.message.data

    @property
    def is_enrolled_already(self) -> bool:
        """Whether nothing else speaks against it."""
        return all(objection.rule is Rule.ALREADY_ENROLLED for objection in self.objections)

    @property
    def key(self) -> tuple[ChildKey | None, str]:
        """By what the request names the child, if that can be read, and the programme."""
        return self.child_key, self.request.programme

    def begins_later(self, starts: Mapping[tuple[ChildKey | None, str], date]) -> bool:
        """Whether the child is enrolled already, and this would begin after that did."""
        return self.is_enrolled_already and self.request.start_date > starts.get(self.key, date.min)

    def answer(self, known: Known, book: "Book") -> Enrolment:
        """The rejection, with every reason."""
        answer = enrolments.so_far(refusal(self.message, explain(self.objections)), self.message.data, known)
        book.new.append(answer)
        return answer


class Book:
    """The enrolments that a batch of requests is about, and what it makes of them. `taken` are the steps of the living ones."""

    def __init__(self, living: Living, taken: Mapping[str, Sequence[Taken]], protected: Collection[str], now: datetime) -> None:
        self._protected = protected
        self._living = dict(living)
        self._before = taken
        self._now = now
        self._known = frozenset(enrolment.enrolment_id for enrolment in living.values())
        self._changed: dict[str, Enrolment] = {}
        self._taken: list[Taken] = []
        self.new: list[Enrolment] = []

    def begin(self, case: Admitted, known: Known) -> Enrolment:
        """A new one."""
        enrolment = enrolments.begun(
            new_id(),
            source=case.message.source,
            request_id=case.message.id,
            request=case.request,
            child=case.child,
            guardian_ids=case.guardian_ids,
            institution=_place(case.request, known),
            hidden=case.child.child_id in self._protected,
        )
        self.new.append(enrolment)
        self._living[case.child.child_id, case.request.programme] = enrolment
        self._take(enrolments.taken(enrolment, enrolment.start_date, enrolment.source))
        return enrolment

    def go_on(self, case: Admitted, known: Known) -> Enrolment | None:
        """The next step of the one that the child has; None where it has none, or has left by then."""
        enrolment = self._living.get((case.child.child_id, case.request.programme))
        if enrolment is None or enrolment.has_left_by(case.request.start_date):
            return None
        source, request_id, at = case.message.source, case.message.id, _place(case.request, known)
        taken = self._take(enrolment.enrol_from(case.request, case.guardian_ids, at, source=source, id=request_id))
        if before := self._before.get(enrolment.enrolment_id):
            Timeline(enrolment, [*before, taken]).look_ahead(day_of(self._now))
        enrolment.hidden = enrolment.hidden or case.child.child_id in self._protected
        self._changed |= {enrolment.enrolment_id: enrolment} if enrolment.enrolment_id in self._known else {}
        return enrolment

    def keep(self, work: "Work") -> None:
        """Store what has come of them."""
        work.enrolments.add(self.new)
        work.enrolments.change(list(self._changed.values()))
        work.history.add(self._taken)

    def _take(self, step: Taken) -> Taken:
        self._taken.append(replace(step, recorded_at=self._now))
        return self._taken[-1]


def refusal(message: Received[Any], reasons: Iterable[Reason]) -> Enrolment:
    """The answer to a request that cannot be met."""
    return enrolments.rejected(new_id(), source=message.source, request_id=message.id, reasons=[found.as_dict() for found in reasons])


def _place(request: EnrolmentRequest, known: Known) -> Institution | None:
    return known.institutions[request.institution] if request.institution else None
