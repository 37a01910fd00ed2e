"""The bus door: which requests of other systems this service takes, and who answers them."""

from pathlib import Path

from services.chassis.service import Listen, Service, Timer, many
from services.registration import handlers, resources, taking
from services.registration.api import api
from services.registration.domain.request import EnrolmentRequest, WithdrawalRequest
from services.registration.storage import Work

REQUESTS = Listen.requests(
    handlers.CONSUMER,
    keys=("enrolment.#",),
    reads={
        "enrolment.requested.v1": many(
            EnrolmentRequest,
            handlers.answer_enrolment_requests,
            contract=handlers.ENROLMENT_CONTRACT,
            refuse=handlers.refuse_request,
        ),
        "enrolment.withdrawal-requested.v1": many(
            WithdrawalRequest,
            handlers.answer_withdrawal_requests,
            contract="enrolment.withdrawal-requested/v1",
            refuse=handlers.refuse_request,
        ),
    },
)


SERVICE = Service(
    name="registration",
    work=Work,
    migrations=Path(__file__).parent / "migrations",
    api=api,
    listens=(REQUESTS,),
    resources=resources.load,
    refresh=handlers.refresh,
    timers=(Timer("sign-ups", every=5.0, run=taking.take_sign_ups), Timer("forget-sign-ups", every=600.0, run=taking.forget_sign_ups)),
    issuer=lambda made: made.sign_up_keys.issuer,
)
