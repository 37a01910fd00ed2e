"""What the service does: keeps the last state of every aggregate that facts tell of, and makes the report from them.

Facts are kept a row an aggregate, in one statement a batch. A row is replaced only by a later state of the same
aggregate, so repetitions change nothing. Nothing here looks at another aggregate's row: what belongs together is joined
when it is counted (`units/`), so it does not matter which came first, the sign-up or its child's enrolment.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from services.chassis.envelope import Received
from services.chassis.errors import NotFound
from services.reporting import facts
from services.reporting.domain.measures import FAMILIES
from services.reporting.domain.report import Report, reach, section, tabulate
from services.reporting.texts import refusal

if TYPE_CHECKING:
    from services.reporting.storage import Work

Row = dict[str, Any]
Messages = Sequence[Received[Any]]


def keep_programmes(messages: Messages, work: "Work") -> None:
    def columns(message: Received[facts.Programme]) -> Row:
        period = message.data.period
        more = {"code": message.data.programme, "starts_on": period.start, "ends_on": period.end}
        return state_of(message.data, "programme_id", "name", "target_children", "districts") | more

    work.programmes.keep(rows(messages, columns))


def keep_institutions(messages: Messages, work: "Work") -> None:
    def columns(message: Received[facts.Institution]) -> Row:
        more = {"code": message.data.institution, "placements": message.data.history, "programmes": message.data.used_by}
        return state_of(message.data, "institution_id", "name", "district", "programme") | more

    work.institutions.keep(rows(messages, columns))


def keep_enrolments(messages: Messages, work: "Work") -> None:
    """Of several reasons for a rejection the first is kept: each rejected request is counted once."""
    names = ("status", "programme", "child_id", "guardian_ids", "institution", "district", "start_date", "was_enrolled")

    def columns(message: Received[facts.Enrolment]) -> Row:
        reasons = message.data.reasons
        return state_of(message.data, "enrolment_id", *names) | {"reason": reasons[0].slug if reasons else None}

    work.enrolments.keep(rows(messages, columns))


def keep_consents(messages: Messages, work: "Work") -> None:
    work.consents.keep(rows(messages, lambda m: _word(m.data, m.data.child_id, m.data.guardian_id)))


def keep_own_consents(messages: Messages, work: "Work") -> None:
    """An adult is himself whom his consent is about."""
    work.consents.keep(rows(messages, lambda m: _word(m.data, m.data.person_id, m.data.person_id)))


def _word(fact: facts.Consent | facts.OwnConsent, subject_id: UUID, giver_id: UUID) -> Row:
    who = {"subject_id": subject_id, "giver_id": giver_id, "said_at": fact.withdrawn_at or fact.given_at}
    return state_of(fact, "consent_id", "purpose", "status") | who


def keep_merges(messages: Messages, work: "Work") -> None:
    """Two who turned out to be one count as one, for as long as they do."""
    work.aliases.learn({str(m.data.person_id): str(m.data.into_id) if m.data.into_id else None for m in messages})


def keep_professionals(messages: Messages, work: "Work") -> None:
    names = ("profession", "programme", "institution", "district")
    work.professionals.keep(rows(messages, lambda m: state_of(m.data, "professional_id", *names)))


def keep_activities(messages: Messages, work: "Work") -> None:
    names = ("status", "programme", "kind", "district", "institution", "sessions")
    work.activities.keep(rows(messages, lambda m: state_of(m.data, "activity_id", *names)))


STATES = {"offered": "waiting"}
"""What a sign-up counts as, where it is not what its status says."""


def keep_signups(messages: Messages, work: "Work") -> None:
    """A seat that was given from the waiting list is kept apart from one that was had at once; who is offered one still waits for it."""
    names = ("activity_id", "programme", "kind", "contact_id", "party", "signed_up_at")

    def columns(message: Received[facts.Signup]) -> Row:
        state = "promoted" if fact_name(message) == "promoted" else STATES.get(message.data.status, message.data.status)
        return state_of(message.data, "signup_id", *names) | {"state": state}

    work.signups.keep(rows(messages, columns))


def keep_attendances(messages: Messages, work: "Work") -> None:
    names = ("session_id", "activity_id", "person_id", "state", "kind", "programme", "held_on")
    work.attendances.keep(rows(messages, lambda m: state_of(m.data, "attendance_id", *names)))


def keep_mails(messages: Messages, work: "Work") -> None:
    """What became of a mail is in the fact's name: sent, failed or suppressed."""
    names = ("person_id", "activity_id")
    work.mails.keep(rows(messages, lambda m: state_of(m.data, "mail_id", *names) | {"state": fact_name(m)}))


def state_of(fact: msgspec.Struct, id: str, *names: str) -> Row:
    """A row of a projection: the aggregate's id, and the fields that keep their names."""
    return {"id": getattr(fact, id), **{name: getattr(fact, name) for name in names}}


def rows(messages: Messages, columns: Callable[[Received[Any]], Mapping[str, Any]]) -> list[Row]:
    """Each message's row, with its place among its aggregate's messages and when it happened."""
    return [{**columns(m), "sequence": m.sequence, "as_of": m.time} for m in messages]


def fact_name(message: Received[Any]) -> str:
    """The `sent` of `notifications.mail.sent.v1`."""
    return message.type.split(".")[2]


def report(work: "Work", code: str | None = None, start: date | None = None, end: date | None = None) -> Report:
    """The report on a programme (None: the first), of what happened from `start` until before `end` (None: open).

    Raises NotFound when there is no such programme.
    """
    programmes = [programme for programme in work.tallies.programmes() if code in (None, programme.code)]
    if not programmes:
        raise refusal(NotFound, "programme-not-known", "/programme")
    programme, threshold = programmes[0], work.context.settings.threshold
    places = work.tallies.institutions(programme.code)
    sections = tuple(
        section(family, tabulate(family, work.tallies.counts(family, programme.code, start, end), places), threshold) for family in FAMILIES
    )
    reached = reach(next(s for s in sections if s.family.name == "children"), programme.target_children)
    return Report(programme, places, start, end, threshold, work.tallies.updated_at(), reached, sections)
