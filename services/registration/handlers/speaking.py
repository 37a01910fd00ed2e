"""The bus' answer to who may ask: a system speaks of what it registered, as over HTTP; of anybody else it hears that there is nobody.

It stands before the handlers, for a whole batch at once. Whom a sender may not speak of is handed on under an id that nobody has: so the
answer is the one about nobody, in its place and with every other reason, and whether there is anybody nobody learns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.envelope import Received
from services.chassis.ids import new_id
from services.registration.domain.spoken import Spoken

if TYPE_CHECKING:
    from services.registration.storage import Work

Asked = Sequence[Received[Any]]
Answer = Callable[[Asked, "Work"], None]
Named = Iterable[tuple[str, str]]
"""What a request names, and under which ids: an enrolment, a child, a guardian, a professional, a consent."""


def of_its_own(answer: Answer, names: Callable[[Any], Named]) -> Answer:
    """The same handler, for which nobody is there of whom the sender may not speak."""

    def answer_own(asked: Asked, work: "Work") -> None:
        spoken = [[Spoken(*one, message.source) for one in names(message.data)] for message in asked]
        reached = work.sources.reached(one for some in spoken for one in some)
        nobody = [{one.id: new_id() for one in some if one not in reached} for some in spoken]
        answer([_renamed(message, ids) if ids else message for message, ids in zip(asked, nobody, strict=True)], work)

    return answer_own


def enrolment(request: Any) -> Named:
    """Of a step or a withdrawal: the enrolment."""
    yield "enrolment", request.enrolment_id


def guardian(request: Any) -> Named:
    """Of a correction: the guardian."""
    yield "guardian", request.guardian_id


def child_and_guardian(request: Any) -> Named:
    """Of a guardianship: both, or a sender would bring another's guardian into a family of its own."""
    yield "child", request.child_id
    yield "guardian", request.guardian_id


def subject(request: Any) -> Named:
    """Of a consent that is given: whom it is about."""
    yield str(request.subject), request.subject_id


def consent(request: Any) -> Named:
    """Of a consent that is taken back: the consent."""
    yield "consent", request.consent_id


def _renamed(message: Received[Any], ids: Mapping[str, str]) -> Received[Any]:
    said = {field.name: getattr(message.data, field.name) for field in fields(message.data)}
    renamed = {name: ids[value] for name, value in said.items() if isinstance(value, str) and value in ids}
    return msgspec.structs.replace(message, data=replace(message.data, **renamed))
