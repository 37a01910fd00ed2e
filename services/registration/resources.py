"""What lives as long as the process: the keys."""

from dataclasses import dataclass

from services.chassis.settings import Settings
from services.registration.vault import CprVault


@dataclass(frozen=True)
class Resources:
    """CPR numbers' vault, and the public key with which contact cards are sealed for notifications."""

    vault: CprVault
    notifications_public_key: str


def load(settings: Settings) -> Resources:
    """Build them from the settings, once."""
    return Resources(CprVault(key=settings.cpr_key, hash_key=settings.cpr_hash_key), settings.notifications_public_key)
