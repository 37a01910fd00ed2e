"""The bus door: which of registration's facts this service reads, and who takes them."""

from pathlib import Path

from services.chassis.erasure import carrying_out
from services.chassis.erasure.holdings import holdings
from services.chassis.service import Listen, Personal, Service, Timer, many
from services.events import messages, resources, seating
from services.events.api import api
from services.events.handlers import draws, learning, life, needing, offers, refreshing, surveying, transfers
from services.events.storage import Work

FACTS = Listen.facts(
    "events.facts",
    keys=(
        "registration.programme.#",
        "registration.institution.#",
        "registration.professional.#",
        "registration.enrolment.#",
        "registration.consent.#",
        "registration.person.#",
        "registration.family.#",
        "notifications.mail.#",
        carrying_out.KEY,
    ),
    reads={
        **carrying_out.READS,
        "registration.programme.loaded.v1": many(messages.ProgrammeLoaded, learning.learn_programmes),
        "registration.institution.registered.v1": many(messages.InstitutionChanged, learning.learn_institutions),
        "registration.institution.moved.v1": many(messages.InstitutionChanged, learning.learn_institutions),
        "registration.institution.closed.v1": many(messages.InstitutionChanged, learning.learn_institutions),
        "registration.institution.merged.v1": many(messages.InstitutionChanged, learning.learn_institutions),
        "registration.professional.registered.v1": many(messages.ProfessionalRegistered, learning.learn_professionals),
        "registration.enrolment.accepted.v1": many(messages.EnrolmentChanged, learning.learn_enrolments),
        "registration.enrolment.rejected.v1": many(messages.EnrolmentChanged, learning.learn_enrolments),
        "registration.enrolment.changed.v1": many(messages.EnrolmentChanged, learning.learn_enrolments),
        "registration.enrolment.withdrawn.v1": many(messages.EnrolmentChanged, learning.learn_enrolments),
        "registration.consent.given.v1": many(messages.ConsentChanged, learning.learn_consents),
        "registration.consent.withdrawn.v1": many(messages.ConsentChanged, learning.learn_consents),
        "registration.person.merged.v1": many(messages.PersonChanged, learning.learn_merges, of_erased=True),
        "registration.person.unmerged.v1": many(messages.PersonChanged, learning.learn_merges, of_erased=True),
        "registration.family.changed.v1": many(messages.FamilyChanged, learning.learn_families),
        "notifications.mail.sent.v1": many(messages.MailChanged, offers.prove),
        "notifications.mail.failed.v1": many(messages.MailChanged, offers.mind_undeliverable),
        "notifications.mail.suppressed.v1": many(messages.MailChanged, offers.mind_undeliverable),
        "registration.consent.own-given.v1": many(messages.OwnConsentChanged, learning.learn_own_consents),
        "registration.consent.own-withdrawn.v1": many(messages.OwnConsentChanged, learning.learn_own_consents),
    },
)

SERVICE = Service(
    name="events",
    work=Work,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=(FACTS,),
    resources=resources.load,
    timers=(
        Timer("finish", every=60.0, run=life.finish),
        Timer("transfers", every=5.0, run=transfers.finish_transfers),
        Timer("draws", every=5.0, run=draws.hold_due),
        Timer("offers", every=5.0, run=offers.end_due),
        Timer(needing.TIMER, every=60.0, run=needing.forget),
        Timer(needing.CLOSING, every=60.0, run=needing.close_due),
        Timer("release", every=10.0, run=seating.release),
        Timer("expire", every=5.0, run=seating.expire),
        Timer("cover", every=15.0, run=seating.mind_cover),
        Timer("surveys", every=60.0, run=surveying.ask_all),
        carrying_out.timer(),
    ),
    refresh=refreshing.refresh,
    personal=Personal(
        held=holdings(Path(__file__).parent / "personal.toml"),
        answer="events.participation.erased.v1",
        afterwards=seating.cancel_erased,
    ),
)
