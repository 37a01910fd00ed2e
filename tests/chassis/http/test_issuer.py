"""The development issuer serves development, and nothing else."""

from datetime import timedelta

import pytest

from services.chassis.errors import Forbidden, Invalid, Unauthenticated
from services.chassis.http import Grant, LocalIssuer, Role
from services.chassis.http.auth import authenticator
from services.chassis.testing import FakeClock
from tests.settings import settings_for

LEADER = Grant(Role.LEADER, "0151", frozenset({"globen", "sesam"}), source=None)


def test_its_tokens_hold_in_development() -> None:
    """What it issues comes back as the same caller, with the same constraints."""
    settings, clock = settings_for("shelf"), FakeClock()
    token = LocalIssuer(settings, clock).issue("leader-7", [LEADER])
    caller = authenticator(settings, clock)(f"Bearer {token}")
    assert (caller.subject, caller.roles) == ("leader-7", (LEADER,))


def test_its_tokens_end() -> None:
    """A token is good for as long as was asked."""
    settings, clock = settings_for("shelf"), FakeClock()
    token = LocalIssuer(settings, clock).issue("leader-7", [LEADER], timedelta(minutes=5))
    clock.advance(timedelta(minutes=6))
    with pytest.raises(Unauthenticated):
        authenticator(settings, clock)(f"Bearer {token}")


def test_services_of_one_machine_share_its_key() -> None:
    """A token issued beside one service holds at another, since the key comes of the same seed."""
    clock = FakeClock()
    token = LocalIssuer(settings_for("shelf"), clock).issue("leader-7", [LEADER])
    assert authenticator(settings_for("other"), clock)(f"Bearer {token}").subject == "leader-7"


def test_another_machines_tokens_do_not_hold() -> None:
    """Another seed is another issuer."""
    clock = FakeClock()
    foreign = LocalIssuer(settings_for("shelf", token_key=b"x" * 32), clock).issue("leader-7", [LEADER])
    with pytest.raises(Unauthenticated):
        authenticator(settings_for("shelf"), clock)(f"Bearer {foreign}")


def test_production_issues_nothing() -> None:
    """A production environment refuses to make tokens."""
    with pytest.raises(Forbidden):
        LocalIssuer(settings_for("shelf", environment="production"), FakeClock())


def test_it_needs_a_seed() -> None:
    """Without a seed there is no key, and no default one."""
    with pytest.raises(Invalid) as refused:
        LocalIssuer(settings_for("shelf", token_key=b""), FakeClock())
    assert refused.value.reasons[0].field == "DELTAG_DEVELOPMENT_TOKEN_KEY"


def test_only_public_keys_are_published() -> None:
    """The key set that verifies holds no private part."""
    (key,) = LocalIssuer(settings_for("shelf"), FakeClock()).public_keys()["keys"]
    assert "d" not in key
