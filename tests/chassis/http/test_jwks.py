"""The issuer's keys are at hand, and read again when they may have changed."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet

from services.chassis.errors import Unavailable
from services.chassis.http.jwks import AGAIN_AFTER_S, OLD_AFTER_S, Jwks

OLD, NEW = (ECKey.generate_key("P-256", auto_kid=True) for _ in range(2))


class Issuer:
    """An issuer whose keys can be changed, who can go away, and who counts how often he is asked."""

    def __init__(self, *keys: ECKey) -> None:
        self.keys: tuple[ECKey, ...] | None = keys
        self.asked = 0
        self.time = 0.0

    def load(self) -> Any:
        """The key set as it is now."""
        self.asked += 1
        if self.keys is None:
            raise OSError("away")
        return KeySet(list(self.keys)).as_dict(private=False)

    def jwks(self) -> Jwks:
        """The door's side of it."""
        return Jwks(self.load, lambda: self.time)


def test_keys_are_read_once() -> None:
    """As long as every token's key is known, the issuer is not asked again."""
    issuer = Issuer(OLD)
    jwks = issuer.jwks()
    for _ in range(10):
        assert jwks.find(OLD.kid)
    assert issuer.asked == 1


def test_a_new_key_is_found() -> None:
    """A token signed with a key that is not known makes the keys be read again, so rotation needs no restart."""
    issuer = Issuer(OLD)
    jwks = issuer.jwks()
    jwks.find(OLD.kid)
    issuer.keys, issuer.time = (OLD, NEW), AGAIN_AFTER_S
    assert jwks.find(NEW.kid)


def test_made_up_key_ids_do_not_knock_at_the_issuers_door() -> None:
    """However many unknown key ids come, the issuer is asked once in a while."""
    issuer = Issuer(OLD)
    jwks = issuer.jwks()
    for number in range(100):
        assert jwks.find(f"made-up-{number}") is None
    assert issuer.asked == 1


def test_a_withdrawn_key_ends() -> None:
    """Keys are read hourly even if all are known."""
    issuer = Issuer(OLD, NEW)
    jwks = issuer.jwks()
    assert jwks.find(OLD.kid)
    issuer.keys, issuer.time = (NEW,), OLD_AFTER_S + 1
    assert jwks.find(OLD.kid) is None


def test_known_keys_hold_while_the_issuer_is_away() -> None:
    """An issuer that is away stops nobody whose key is known."""
    issuer = Issuer(OLD)
    jwks = issuer.jwks()
    jwks.find(OLD.kid)
    issuer.keys, issuer.time = None, OLD_AFTER_S + 1
    assert jwks.find(OLD.kid)


def test_nothing_can_be_checked_without_keys() -> None:
    """Before the first key was read, nobody's token is called bad."""
    issuer = Issuer()
    issuer.keys = None
    with pytest.raises(Unavailable):
        issuer.jwks().find(OLD.kid)


def test_the_door_opens_when_the_issuer_comes_back() -> None:
    """An issuer that was away at the start is found later, without a restart."""
    issuer = Issuer()
    jwks, issuer.keys = issuer.jwks(), None
    with pytest.raises(Unavailable):
        jwks.find(OLD.kid)
    issuer.keys, issuer.time = (OLD,), AGAIN_AFTER_S
    assert jwks.find(OLD.kid)


@pytest.mark.parametrize("nonsense", [None, [], {}, {"keys": []}, {"keys": [{"kty": "EC"}]}, {"keys": 5}, "text"])
def test_nonsense_is_no_key_set(nonsense: Any) -> None:
    """An issuer that answers with something else counts as away."""
    with pytest.raises(Unavailable):
        Jwks(lambda: nonsense, lambda: 0.0).find("any")


def test_a_token_without_a_key_id_fits_a_single_key() -> None:
    """An issuer with one key need not name it; with two he must."""
    assert Issuer(OLD).jwks().find(None)
    assert Issuer(OLD, NEW).jwks().find(None) is None
