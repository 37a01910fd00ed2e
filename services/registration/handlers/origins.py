"""Keeps who asked for which enrolment, and for whom, where a person did or the sender says so."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from services.chassis.envelope import Received
from services.registration.domain.guardian import Guardian
from services.registration.domain.origin import DoneBy, Origin, of
from services.registration.domain.request import EnrolmentRequest

if TYPE_CHECKING:
    from services.registration.storage import Work

Enrolled = tuple[Received[EnrolmentRequest], str, Sequence[Guardian]]
"""A request that was accepted, the id of its enrolment, and its guardians in the request's order."""

NOBODY_SAID: Final[Mapping[str, DoneBy]] = MappingProxyType({})
"""Requests of which nothing says who sent them but their source: another system did."""


def keep(enrolled: Iterable[Enrolled], work: "Work", by: Mapping[str, DoneBy]) -> None:
    """`by` says by message who sent it. One statement, or none where nothing is to be kept."""
    work.origins.add([_origin(one, by) for one in enrolled if one[0].id in by or one[0].data.on_behalf_of])


def _origin(enrolled: Enrolled, by: Mapping[str, DoneBy]) -> Origin:
    message, enrolment_id, guardians = enrolled
    done_by = by.get(message.id, DoneBy(message.source, "system"))
    behalf = message.data.on_behalf_of
    return of(enrolment_id, done_by, behalf, guardians[behalf.guardian].guardian_id if behalf else None)
