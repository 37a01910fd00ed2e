"""The bus door: which requests of other systems this service takes, and who answers them."""

from pathlib import Path

from services.chassis.erasure.holdings import holdings
from services.chassis.service import Listen, Personal, Service, Timer, many
from services.registration import erasure_messages, resources, taking
from services.registration.api import api
from services.registration.domain.correction import IdentityRequest
from services.registration.domain.family import CorrectionRequest, GuardianshipRequest
from services.registration.domain.giving import ConsentWithdrawal, Giving
from services.registration.domain.joining import JoiningRequest
from services.registration.domain.protection import ProtectionRequest
from services.registration.domain.request import EnrolmentRequest
from services.registration.domain.step import StepRequest, WithdrawalRequest
from services.registration.duplicates import finding
from services.registration.handlers import (
    agreements,
    coming,
    correcting,
    enrolling,
    erasing,
    families,
    joining,
    protections,
    refreshing,
    retention,
    speaking,
    steps,
)
from services.registration.imports import handlers as imports
from services.registration.imports.running import Turns
from services.registration.registers import looking_up
from services.registration.storage import Work

REQUESTS = Listen.requests(
    enrolling.CONSUMER,
    keys=("enrolment.#", "family.#", "consent.#", "protection.#"),
    reads={
        "enrolment.requested.v1": many(
            EnrolmentRequest,
            enrolling.answer_enrolment_requests,
            contract=enrolling.ENROLMENT_CONTRACT,
            refuse=enrolling.refuse_request,
        ),
        "enrolment.withdrawal-requested.v1": many(
            WithdrawalRequest,
            speaking.of_its_own(steps.answer_withdrawals, speaking.enrolment),
            contract=steps.WITHDRAWAL_CONTRACT,
            refuse=enrolling.refuse_request,
        ),
        "enrolment.step-requested.v1": many(
            StepRequest,
            speaking.of_its_own(steps.answer_steps, speaking.enrolment),
            contract=steps.STEP_CONTRACT,
            refuse=enrolling.refuse_request,
        ),
        "family.correction-requested.v1": many(
            CorrectionRequest,
            speaking.of_its_own(families.answer_corrections, speaking.guardian),
            contract=families.CORRECTION_CONTRACT,
            refuse=families.refuse,
        ),
        "family.identity-correction-requested.v1": many(
            IdentityRequest,
            correcting.answer_identity_corrections,
            contract=correcting.IDENTITY_CONTRACT,
            refuse=families.refuse,
        ),
        "family.guardian-requested.v1": many(
            JoiningRequest,
            joining.answer_joinings,
            contract=joining.JOINING_CONTRACT,
            refuse=families.refuse,
        ),
        "family.guardianship-requested.v1": many(
            GuardianshipRequest,
            speaking.of_its_own(families.answer_guardianships, speaking.child_and_guardian),
            contract=families.GUARDIANSHIP_CONTRACT,
            refuse=families.refuse,
        ),
        "protection.requested.v1": many(
            ProtectionRequest,
            protections.answer_protections,
            contract=protections.PROTECTION_CONTRACT,
            refuse=protections.refuse,
        ),
        "consent.giving-requested.v1": many(
            Giving,
            speaking.of_its_own(agreements.answer_givings, speaking.subject),
            contract=agreements.GIVING_CONTRACT,
            refuse=agreements.refuse_request,
        ),
        "consent.withdrawal-requested.v1": many(
            ConsentWithdrawal,
            speaking.of_its_own(agreements.answer_withdrawals, speaking.consent),
            contract=agreements.WITHDRAWAL_CONTRACT,
            refuse=agreements.refuse_request,
        ),
    },
)

ANSWERS = Listen.facts(
    "registration.facts",
    keys=("events.participation.#", "notifications.correspondence.#", "reporting.figures.#"),
    reads={
        "events.participation.erased.v1": many(erasure_messages.Answer, erasing.gather),
        "notifications.correspondence.erased.v1": many(erasure_messages.Answer, erasing.gather),
        "reporting.figures.erased.v1": many(erasure_messages.Answer, erasing.gather),
    },
)

SERVICE = Service(
    name="registration",
    work=Work,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=(REQUESTS, ANSWERS),
    timers=(
        Timer("protections", every=600.0, run=protections.follow),
        Timer("steps", every=60.0, run=coming.follow),
        Timer("sign-ups", every=5.0, run=taking.take_sign_ups),
        Timer("forget-sign-ups", every=600.0, run=taking.forget_sign_ups),
        Timer(imports.TIMER, every=5.0, run=Turns()),
        Timer("forget-imports", every=3600.0, run=imports.forget_expired),
        Timer("retention", every=600.0, run=retention.keep_to_rules),
        Timer("duplicates", every=2.0, run=finding.look),
        Timer("look-up", every=5.0, run=looking_up.look_up_people),
        Timer("institutions", every=3_600.0, run=looking_up.compare_institutions),
    ),
    resources=resources.load,
    refresh=refreshing.refresh,
    issuer=lambda made: made.sign_up_keys.issuer,
    personal=Personal(held=holdings(Path(__file__).parent / "personal.toml"), answer=erasure_messages.DECIDED),
)
