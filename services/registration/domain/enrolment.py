"""A child's place in a programme (indskrivning), from the request to its end.

    requested ─┬─▶ accepted ──▶ withdrawn
               └─▶ rejected

Every request gets an enrolment with an id of its own, also one that is rejected: that is the answer that is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.registration.domain.child import Child
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution
from services.registration.domain.request import EnrolmentRequest, Known


class Status(StrEnum):
    """Where an enrolment stands; a request is decided as soon as it is taken in."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class Enrolment:
    """The state that facts carry: pseudonymous, coarse, complete.

    `source` and `request_id` are those of the request that led to its state. A rejected one knows no child; `reasons`
    say why, as facts say it.
    """

    enrolment_id: str
    source: str
    request_id: str
    status: Status
    programme: str | None = None
    track: str | None = None
    child_id: str | None = None
    guardian_ids: Sequence[str] = ()
    institution_id: str | None = None
    institution: str | None = None
    district: str | None = None
    birth_month: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    reason: str | None = None
    reasons: Sequence[Mapping[str, Any]] = ()

    def as_answered(self, request_id: str) -> "Enrolment":
        """The same as it was when that request for it was decided, whatever has happened since."""
        if self.status is not Status.WITHDRAWN:
            return self
        return replace(self, request_id=request_id, status=Status.ACCEPTED, end_date=None, reason=None)

    def objections_to_withdrawal(self) -> tuple[Objection, ...]:
        """What speaks against taking it back."""
        match self.status:
            case Status.ACCEPTED:
                return ()
            case Status.WITHDRAWN:
                return (Objection(Rule.ALREADY_WITHDRAWN, "/enrolment_id"),)
            case Status.REJECTED:
                return (Objection(Rule.ENROLMENT_NOT_ACCEPTED, "/enrolment_id"),)

    def withdraw(self, *, request_id: str, reason: str, on: date) -> None:
        """Take it back; only after `objections_to_withdrawal` found nothing. `on` is the first day without it."""
        self.status, self.request_id, self.reason, self.end_date = Status.WITHDRAWN, request_id, reason, on


def accepted(
    enrolment_id: str,
    *,
    source: str,
    request_id: str,
    request: EnrolmentRequest,
    child: Child,
    guardian_ids: Sequence[str],
    institution: Institution,
) -> Enrolment:
    """The enrolment that a request led to."""
    return Enrolment(
        enrolment_id=enrolment_id,
        source=source,
        request_id=request_id,
        status=Status.ACCEPTED,
        programme=request.programme,
        track=request.track,
        child_id=child.child_id,
        guardian_ids=guardian_ids,
        institution_id=institution.institution_id,
        institution=institution.code,
        district=institution.district_on(request.start_date),
        birth_month=child.birth_month,
        start_date=request.start_date,
    )


def rejected(enrolment_id: str, *, source: str, request_id: str, reasons: Sequence[Mapping[str, Any]]) -> Enrolment:
    """The answer to a request that cannot be met, or cannot even be read."""
    return Enrolment(enrolment_id, source, request_id, Status.REJECTED, reasons=reasons)


def so_far(enrolment: Enrolment, request: EnrolmentRequest, known: Known) -> Enrolment:
    """A rejected one with what is known of where it was meant for; codes that nobody knows are not passed on."""
    programme, institution = known.programmes.get(request.programme), known.institutions.get(request.institution)
    return replace(
        enrolment,
        programme=programme.code if programme else None,
        track=request.track if programme and programme.has_track(request.track) else None,
        institution_id=institution.institution_id if institution else None,
        institution=institution.code if institution else None,
        district=institution.district_on(request.start_date) if institution else None,
        start_date=request.start_date,
    )
