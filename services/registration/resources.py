"""What lives as long as the process: the keys, what settings say of sign-ups, and the registers that can be asked."""

from dataclasses import dataclass, field
from datetime import timedelta

from services.chassis.settings import Settings
from services.registration.answer_vault import AnswerVault
from services.registration.imports.safe import Safe
from services.registration.registers import InstitutionRegister, PersonRegister
from services.registration.registers.circuit import Circuit
from services.registration.registers.recorded import RecordedPersons, RecordedUnits
from services.registration.sign_up_keys import SignUpKeys
from services.registration.vault import CprVault


@dataclass(frozen=True)
class Resources:
    """CPR numbers' vault, and the public key with which contact cards and sign-up links are sealed for notifications.

    `deferred_key` seals what waits for somebody. `sign_up_ttl` is how long a sign-up link holds, and what it opens;
    `sign_up_hourly` how many of them are sent in an hour; `public_url` where families reach registration's pages; `safe` keeps
    imported files, and `answer_vault` guarded answers.
    A register that is None cannot be asked; a circuit knows whether one is away.
    """

    vault: CprVault
    notifications_public_key: str
    sign_up_keys: SignUpKeys
    deferred_key: bytes
    sign_up_ttl: timedelta
    sign_up_hourly: int
    public_url: str
    safe: Safe
    answer_vault: AnswerVault
    person_register: PersonRegister | None = None
    institution_register: InstitutionRegister | None = None
    person_circuit: Circuit = field(default_factory=lambda: Circuit("persons"))
    institution_circuit: Circuit = field(default_factory=lambda: Circuit("institutions"))


def load(settings: Settings) -> Resources:
    """Build them from the settings, once."""
    answers = settings.register_answers
    return Resources(
        CprVault(key=settings.cpr_key, hash_key=settings.cpr_hash_key),
        settings.notifications_public_key,
        SignUpKeys(settings.sign_up_key, settings.token_audience),
        settings.deferred_key,
        timedelta(minutes=settings.sign_up_minutes),
        settings.sign_up_hourly,
        settings.public_url.rstrip("/"),
        Safe(settings.cpr_key),
        AnswerVault(settings.cpr_key),
        RecordedPersons(answers) if answers else None,
        RecordedUnits(answers) if answers else None,
    )
