"""Notifications as the chassis runs it: what it listens to, and its clocks.

E-mail leaves by the server of `DELTAG_SMTP_URL`, text messages by the gateway of `DELTAG_SMS_URL`; without one (in
development) they become files in a folder.
"""

from datetime import timedelta
from pathlib import Path

from services.chassis.erasure import carrying_out
from services.chassis.erasure.holdings import holdings
from services.chassis.service import PERSONAL, Listen, Personal, Service, Timer, many
from services.chassis.settings import Settings
from services.notifications import handlers, links, sending, surveys
from services.notifications.api import api
from services.notifications.channels import Channel
from services.notifications.channels.folder import FolderChannel, SmsFolderChannel
from services.notifications.channels.sms import SmsChannel
from services.notifications.channels.smtp import SmtpChannel
from services.notifications.messages import (
    ActivityFact,
    ConsentFact,
    ContactSealed,
    FamilyFact,
    OwnConsentFact,
    PersonFact,
    ProgrammeFact,
    SignupFact,
    SignUpLinkSealed,
    SurveyLinkSealed,
)
from services.notifications.resources import Resources
from services.notifications.storage import Work


def channel(settings: Settings) -> Channel:
    """How mails leave."""
    return SmtpChannel(settings.smtp_url) if settings.smtp_url else FolderChannel(settings.mail_folder)


def sms(settings: Settings) -> Channel | None:
    """How text messages leave; in production without a gateway they do not."""
    if settings.sms_url:
        return SmsChannel(settings.sms_url, settings.sms_token, settings.sms_sender)
    return None if settings.production else SmsFolderChannel(settings.mail_folder)


def resources(settings: Settings) -> Resources:
    """What lives as long as the process."""
    return Resources(
        channel(settings),
        settings.notifications_private_key,
        settings.mail_from,
        lead=timedelta(hours=settings.reminder_hours),
        patience=timedelta(hours=settings.mail_patience_hours),
        sms=sms(settings),
    )


SERVICE = Service(
    name="notifications",
    work=Work,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=[
        Listen.facts(
            "notifications.personal",
            exchange=PERSONAL,
            keys=["registration.contact.#", "registration.sign-up-link.#", "events.survey-link.#"],
            reads={
                "registration.contact.sealed.v1": many(ContactSealed, handlers.keep_cards),
                "registration.sign-up-link.sealed.v1": many(SignUpLinkSealed, links.keep),
                "events.survey-link.sealed.v1": many(SurveyLinkSealed, surveys.invite),
            },
        ),
        Listen.facts(
            "notifications.facts",
            keys=[
                "registration.programme.#",
                "registration.family.#",
                "registration.consent.#",
                "registration.person.#",
                "events.activity.#",
                "events.signup.#",
                carrying_out.KEY,
            ],
            reads={
                **carrying_out.READS,
                "registration.programme.loaded.v1": many(ProgrammeFact, handlers.name_programmes),
                "registration.family.changed.v1": many(FamilyFact, handlers.keep_families),
                "registration.consent.given.v1": many(ConsentFact, handlers.mind_consents),
                "registration.consent.withdrawn.v1": many(ConsentFact, handlers.mind_consents),
                "registration.consent.own-given.v1": many(OwnConsentFact, handlers.mind_consents),
                "registration.consent.own-withdrawn.v1": many(OwnConsentFact, handlers.mind_consents),
                "registration.person.merged.v1": many(PersonFact, handlers.follow_merges, of_erased=True),
                "registration.person.unmerged.v1": many(PersonFact, handlers.follow_merges, of_erased=True),
                "events.activity.opened.v1": many(ActivityFact, handlers.keep_activities),
                "events.activity.changed.v1": many(ActivityFact, handlers.keep_activities),
                "events.activity.called-off.v1": many(ActivityFact, handlers.keep_activities),
                "events.activity.done.v1": many(ActivityFact, handlers.keep_activities),
                "events.activity.taken-back.v1": many(ActivityFact, handlers.keep_activities),
                "events.activity.needs-closed.v1": many(ActivityFact, handlers.keep_activities),
                "events.signup.seated.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.waitlisted.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.promoted.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.offered.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.declined.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.expired.v1": many(SignupFact, handlers.follow_signups),
                "events.signup.cancelled.v1": many(SignupFact, handlers.follow_signups),
            },
        ),
    ],
    timers=[
        Timer("send", every=1.0, run=sending.send_due),
        Timer("send-links", every=1.0, run=links.send_due),
        Timer("remind", every=60.0, run=sending.remind),
        carrying_out.timer(),
    ],
    resources=resources,
    refresh=handlers.refresh,
    personal=Personal(held=holdings(Path(__file__).parent / "personal.toml"), answer="notifications.correspondence.erased.v1"),
)
