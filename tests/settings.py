"""Settings for tests, with keys of their own: the same in every run, and good for nothing else."""

from base64 import b64encode
from typing import Any

from services.chassis.keys import public_key
from services.chassis.settings import Settings

NOTIFICATIONS_PRIVATE_KEY = b64encode(b"a private key that tests share .").decode()

_KEYS = {
    "token_key": b"a seed for tokens that tests use",
    "deferred_key": b"a key for what tests put aside .",
    "cpr_key": b"a key for CPR numbers in tests .",
    "cpr_hash_key": b"a key for hashing CPR numbers 32",
    "sign_up_key": b"a key for sign-ups in tests only",
    "notifications_private_key": NOTIFICATIONS_PRIVATE_KEY,
    "notifications_public_key": public_key(NOTIFICATIONS_PRIVATE_KEY),
}


def settings_for(service: str, **overrides: Any) -> Settings:
    """The settings of a service in a test; `overrides` are fields of `Settings`."""
    return Settings(**{"service": service} | _KEYS | overrides)
