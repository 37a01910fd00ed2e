"""The bus door: which facts are counted."""

from pathlib import Path

from services.chassis.erasure import carrying_out
from services.chassis.erasure.holdings import holdings
from services.chassis.service import Listen, Personal, Service, many
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
        "registration.person.#",
        "registration.professional.#",
        "events.activity.#",
        "events.signup.#",
        "events.attendance.#",
        "notifications.mail.#",
        carrying_out.KEY,
    ),
    reads={
        **carrying_out.READS,
        "registration.programme.loaded.v1": many(facts.Programme, handlers.keep_programmes),
        "registration.institution.registered.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.moved.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.closed.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.institution.merged.v1": many(facts.Institution, handlers.keep_institutions),
        "registration.enrolment.accepted.v1": many(facts.Enrolment, handlers.keep_enrolments, of_erased=True),
        "registration.enrolment.rejected.v1": many(facts.Enrolment, handlers.keep_enrolments, of_erased=True),
        "registration.enrolment.changed.v1": many(facts.Enrolment, handlers.keep_enrolments, of_erased=True),
        "registration.enrolment.withdrawn.v1": many(facts.Enrolment, handlers.keep_enrolments, of_erased=True),
        "registration.consent.given.v1": many(facts.Consent, handlers.keep_consents, of_erased=True),
        "registration.consent.withdrawn.v1": many(facts.Consent, handlers.keep_consents, of_erased=True),
        "registration.person.merged.v1": many(facts.Person, handlers.keep_merges, of_erased=True),
        "registration.person.unmerged.v1": many(facts.Person, handlers.keep_merges, of_erased=True),
        "registration.consent.own-given.v1": many(facts.OwnConsent, handlers.keep_own_consents, of_erased=True),
        "registration.consent.own-withdrawn.v1": many(facts.OwnConsent, handlers.keep_own_consents, of_erased=True),
        "registration.professional.registered.v1": many(facts.Professional, handlers.keep_professionals, of_erased=True),
        "events.activity.opened.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.changed.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.called-off.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.done.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.taken-back.v1": many(facts.Activity, handlers.keep_activities),
        "events.activity.needs-closed.v1": many(facts.Activity, handlers.keep_activities),
        "events.signup.seated.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.waitlisted.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.promoted.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.offered.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.declined.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.expired.v1": many(facts.Signup, handlers.keep_signups),
        "events.signup.cancelled.v1": many(facts.Signup, handlers.keep_signups),
        "events.attendance.recorded.v1": many(facts.Attendance, handlers.keep_attendances),
        "events.attendance.dropped-in.v1": many(facts.Attendance, handlers.keep_attendances),
        "notifications.mail.sent.v1": many(facts.Mail, handlers.keep_mails),
        "notifications.mail.failed.v1": many(facts.Mail, handlers.keep_mails),
        "notifications.mail.suppressed.v1": many(facts.Mail, handlers.keep_mails),
    },
)

SERVICE = Service(
    name="reporting",
    work=Work,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=(FACTS,),
    timers=(carrying_out.timer(),),
    personal=Personal(held=holdings(Path(__file__).parent / "personal.toml"), answer="reporting.figures.erased.v1"),
)
