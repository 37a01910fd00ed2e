"""The bus door: which facts are counted."""

from pathlib import Path

from services.chassis.service import Listen, Service, many
from services.reporting import facts, handlers
from services.reporting.api import api
from services.reporting.storage import Work

FACTS = Listen.facts(
    "reporting.facts",
    keys=(
        "registration.programme.#",
        "registration.institution.#",
        "registration.enrolment.#",
        "registration.consent.#",
        "registration.professional.#",
        "events.activity.#",
        "events.signup.#",
        "events.attendance.#",
        "notifications.mail.#",
    ),
    reads={
        "registration.programme.loaded.v1": many(facts.Programme, handlers.keep_programmes),
        "registration.institution.registered.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.moved.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.closed.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.merged.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.enrolment.accepted.v1": many(facts.Enrolment, handlers.keep_enrolments),
        "registration.enrolment.rejected.v1": many(facts.Enrolment, handlers.keep_enrolments),
        "registration.enrolment.changed.v1": many(facts.Enrolment, handlers.keep_enrolments),
        "registration.enrolment.withdrawn.v1": many(facts.Enrolment, handlers.keep_enrolments),
        "registration.consent.given.v1": many(facts.Consent, handlers.keep_consents),
        "registration.consent.withdrawn.v1": many(facts.Consent, handlers.keep_consents),
        "registration.professional.registered.v1": many(facts.Professional, handlers.keep_professionals),
        "events.activity.opened.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.changed.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.called-off.v1": many(facts.Activity, handlers.keep_activities),
        "events.signup.seated.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.waitlisted.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.promoted.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.cancelled.v1": many(facts.Signup, handlers.keep_signups),
        "events.attendance.recorded.v1": many(facts.Attendance, handlers.keep_attendances),
        "notifications.mail.sent.v1": many(facts.Mail, handlers.keep_mails),
        "notifications.mail.failed.v1": many(facts.Mail, handlers.keep_mails),
        "notifications.mail.suppressed.v1": many(facts.Mail, handlers.keep_mails),
    },
)

SERVICE = Service(name="reporting", work=Work, migrations=Path(__file__).parent / "migrations", api=api, listens=(FACTS,))
