"""A child's place in a programme (indskrivning), from the request to its end.

Which step may follow which stands in `life.py`. Every request gets an enrolment with an id of its own, also one that is
rejected: that is the answer that is kept. A child who was invited keeps that enrolment when it is enrolled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.registration.domain.child import Child
from services.registration.domain.life import ENROLLED, FOLLOWS, Coming, Status, Step, Taken, leaves_on
from services.registration.domain.programme import Institution
from services.registration.domain.request import EnrolmentRequest, Known

__all__ = ["Enrolment", "Status", "begun", "rejected", "so_far"]


@dataclass(slots=True)
class Enrolment:
    """The state that facts carry: pseudonymous, coarse, complete.

    `source` is whoever asked first; `request_id` is that of the request that led to its state. A rejected one knows no
    child; `reasons` say why, as facts say it. Without an institution the child is at home. `since` is the day of the
    latest step after the enrolment was made, `steps` how many were taken, `was_enrolled` whether it ever got beyond interest.
    All of it is as it is today; `coming` are the steps whose day has not come, `next_day` is when to look again.
    `hidden`: the child is protected, and where it goes is told to nobody; so it is unless somebody has looked.
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
    step: Step | None = None
    since: date | None = None
    steps: int = 0
    was_enrolled: bool = False
    coming: Sequence[Coming] = ()
    next_day: date | None = None
    hidden: bool = True

    def has_left_by(self, day: date) -> bool:
        """Whether the child is enrolled, and leaves until that day."""
        leaves = leaves_on(self.status, self.coming)
        return leaves is not None and leaves <= day

    def as_answered(self, then: Taken) -> "Enrolment":
        """The same as it was when that step was taken, whatever has happened since."""
        return replace(
            self,
            request_id=then.request_id,
            status=then.status,
            step=then.step,
            track=then.track,
            institution_id=then.institution_id,
            institution=then.institution,
            start_date=then.effective_date,
            end_date=None,
            reason=then.reason,
            since=None,
            coming=(),
            was_enrolled=then.status in ENROLLED,
        )

    def enrol_from(self, request: EnrolmentRequest, guardian_ids: Sequence[str], at: Institution | None, *, source: str, id: str) -> Taken:
        """A request for a child who is invited, or interested, already: the next step of that enrolment."""
        self.track, self.start_date, self.since, self.reason = request.track, request.start_date, None, None
        self.guardian_ids = list(dict.fromkeys((*self.guardian_ids, *guardian_ids)))
        self.move(at, request.start_date)
        self.status, self.step, self.request_id = FOLLOWS[self.status][request.step], request.step, id
        self.was_enrolled = self.was_enrolled or self.status in ENROLLED
        self.steps += 1
        return taken(self, request.start_date, source)

    def never_was(self, request_id: str, reason: str, today: date) -> None:
        """It should not have been made: it ended when it began, or today, if that is to come, and nobody counts it as one that was."""
        self.status, self.step, self.request_id = Status.WITHDRAWN, Step.WITHDRAW, request_id
        self.end_date = self.since = min(self.start_date or today, today)
        self.reason, self.was_enrolled, self.coming, self.next_day = reason, False, (), None
        self.steps += 1

    def move(self, to: Institution | None, day: date) -> None:
        """The child is there from that day on (None: at home)."""
        self.institution_id = to.institution_id if to else None
        self.institution = to.code if to else None
        self.district = to.district_on(day) if to else None


def taken(enrolment: Enrolment, day: date | None, source: str) -> Taken:
    """The request that led the enrolment to where it is, as it is kept among its steps; `timeline.py` has the others."""
    return Taken(
        subject_id=enrolment.enrolment_id,
        number=enrolment.steps,
        step=enrolment.step or Step.ENROL,
        status=enrolment.status,
        effective_date=day,
        source=source,
        request_id=enrolment.request_id,
        reason=enrolment.reason,
        track=enrolment.track,
        institution_id=enrolment.institution_id,
        institution=enrolment.institution,
        anew=True,
    )


def begun(
    enrolment_id: str,
    *,
    source: str,
    request_id: str,
    request: EnrolmentRequest,
    child: Child,
    guardian_ids: Sequence[str],
    institution: Institution | None,
    hidden: bool,
) -> Enrolment:
    """The enrolment that a request led to."""
    status = FOLLOWS[None][request.step]
    return Enrolment(
        enrolment_id=enrolment_id,
        source=source,
        request_id=request_id,
        status=status,
        programme=request.programme,
        track=request.track,
        child_id=child.child_id,
        guardian_ids=guardian_ids,
        institution_id=institution.institution_id if institution else None,
        institution=institution.code if institution else None,
        district=institution.district_on(request.start_date) if institution else None,
        birth_month=child.birth_month,
        start_date=request.start_date,
        step=request.step,
        steps=1,
        was_enrolled=status in ENROLLED,
        hidden=hidden,
    )


def rejected(enrolment_id: str, *, source: str, request_id: str, reasons: Sequence[Mapping[str, Any]]) -> Enrolment:
    """The answer to a request that cannot be met, or cannot even be read."""
    return Enrolment(enrolment_id, source, request_id, Status.REJECTED, reasons=reasons, hidden=False)


def so_far(enrolment: Enrolment, request: EnrolmentRequest, known: Known) -> Enrolment:
    """A rejected one with what is known of where it was meant for; codes that nobody knows are not passed on."""
    programme, institution = known.programmes.get(request.programme), known.institutions.get(request.institution or "")
    return replace(
        enrolment,
        programme=programme.code if programme else None,
        track=request.track if programme and programme.has_track(request.track) else None,
        institution_id=institution.institution_id if institution else None,
        institution=institution.code if institution else None,
        district=institution.district_on(request.start_date) if institution else None,
        start_date=request.start_date,
    )
