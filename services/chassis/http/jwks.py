"""The issuer's public keys (JWKS, RFC 7517), kept at hand and read again when they may have changed.

A token signed with an unknown key makes them be read again, at most every `AGAIN_AFTER_S`, so that made-up key ids
cannot be used to knock at the issuer's door; otherwise they are read hourly, so that a withdrawn key ends. While the
issuer is away, the keys that are known still hold.
"""

import json
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.request import urlopen

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from services.chassis.errors import Unavailable
from services.chassis.http.texts import error

AGAIN_AFTER_S = 30.0
OLD_AFTER_S = 3600.0
TIMEOUT_S = 5.0
LARGEST = 1_048_576

log = structlog.get_logger(__name__)


def at(url: str) -> Callable[[], Any]:
    """Reads the key set at this address (https, or a file)."""

    def load() -> Any:
        with urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the deployment's own setting, whose schemes are checked
            return json.loads(answer.read(LARGEST))

    return load


class Jwks:
    """A key set that `load` reads. `clock` counts seconds."""

    def __init__(self, load: Callable[[], Any], clock: Callable[[], float]) -> None:
        self._load = load
        self._clock = clock
        self._lock = Lock()
        self._keys: KeySet | None = None
        self._tried_at = float("-inf")
        self._read_at = float("-inf")
        self._generation = 0

    def generation(self) -> int:
        """A number that grows when the keys are read again, which happens here when they are old."""
        if self._age(self._read_at) > OLD_AFTER_S:
            self._refresh()
        return self._generation

    def find(self, kid: str | None) -> Key | None:
        """The key of that id (or the only key there is, without one); raises `Unavailable` when none could be read yet."""
        self.generation()
        key = self._known(kid)
        if key is None:
            self._refresh()
            key = self._known(kid)
        return key

    def _age(self, moment: float) -> float:
        return self._clock() - moment

    def _known(self, kid: str | None) -> Key | None:
        try:
            return self._keys.get_by_kid(kid) if self._keys else None
        except JoseError:
            return None

    def _refresh(self) -> None:
        with self._lock:
            if self._age(self._tried_at) >= AGAIN_AFTER_S:
                self._tried_at = self._clock()
                self._read()
        if self._keys is None:
            raise error(Unavailable, "issuer-away")

    def _read(self) -> None:
        try:
            self._keys = KeySet.import_key_set(self._load())
            self._read_at = self._clock()
            self._generation += 1
        except (OSError, ValueError, KeyError, TypeError, JoseError) as wrong:
            log.warning("http.jwks-not-read", error=type(wrong).__name__)
