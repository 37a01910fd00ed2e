"""Settings: read once, checked together, and no secret anywhere but in its place."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.chassis.errors import Invalid
from services.chassis.keys import public_key
from services.chassis.setting_rules import Address
from services.chassis.settings import Settings, development_secrets, read, rules

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
DATABASE = "postgresql://events:pa55@db/events"

SetVariables = Callable[..., None]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> SetVariables:
    """An environment without our settings but the key that every service needs, and a function that sets some."""
    for _, rule in rules():
        for service in ("registration", "events", "notifications", "reporting"):
            for variable in rule.variables(service):
                monkeypatch.delenv(variable, raising=False)
                monkeypatch.delenv(f"{variable}_FILE", raising=False)
    monkeypatch.setenv("DELTAG_DEFERRED_KEY", KEY)

    def set_variables(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_variables


def wrong(service: str, **known: Any) -> dict[str, tuple[str, str]]:
    """Which settings a service refuses: variable to slug and text."""
    with pytest.raises(Invalid) as refused:
        read(service, **known)
    return {reason.field: (reason.slug, reason.en) for reason in refused.value}


def test_everything_that_is_missing_is_told_at_once() -> None:
    """A service that cannot start names each setting it lacks, and the rule that the setting has to meet."""
    missing = wrong("registration")
    assert list(missing) == [
        "DELTAG_REGISTRATION_DATABASE_URL",
        "DELTAG_CPR_KEY",
        "DELTAG_CPR_HASH_KEY",
        "DELTAG_NOTIFICATIONS_PUBLIC_KEY",
        "DELTAG_SIGN_UP_KEY",
    ]
    assert missing["DELTAG_CPR_KEY"] == (
        "missing-setting",
        "is not set (encrypts CPR numbers at rest: 32 bytes in base64, as `openssl rand -base64 32` makes them).",
    )


def test_a_service_needs_only_its_own_settings(variables: SetVariables) -> None:
    """The events service starts without registration's keys."""
    variables(DELTAG_EVENTS_DATABASE_URL=DATABASE)
    assert read("events").database_url == DATABASE


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("DELTAG_THRESHOLD", "2", "is not a whole number from 3 to 100"),
        ("DELTAG_THRESHOLD", "five", "is not a whole number from 3 to 100"),
        ("DELTAG_RETRY_BASE_S", "0", "is not a number from 0.01 to 3600"),
        ("DELTAG_MUNICIPALITY", "151", "is not four digits"),
        ("DELTAG_ENVIRONMENT", "prod", "is none of development, production"),
        ("DELTAG_EVENTS_DATABASE_URL", "mysql://pa55@db", "does not begin with postgresql://"),
        ("DELTAG_AMQP_URL", "pa55", "does not begin with amqp:// or amqps://"),
        ("DELTAG_HTTP_ADDRESS", "8080", "is not host:port"),
        ("DELTAG_HTTP_ADDRESS", "localhost:70000", "is not host:port"),
        ("DELTAG_CPR_KEY", "pa55", "is 3 bytes long, not 32"),
        ("DELTAG_CPR_KEY", "pa55!", "is not base64"),
        ("DELTAG_MAIL_FROM", "pa55", "is not an e-mail address"),
    ],
)
def test_what_is_wrong_names_the_rule_and_not_the_value(variables: SetVariables, variable: str, value: str, why: str) -> None:
    """A wrong value is told by its variable and the rule; the value may be a secret and does not appear."""
    variables(**{"DELTAG_EVENTS_DATABASE_URL": DATABASE, variable: value})
    slug, text = wrong("events")[variable]
    assert (slug, text.startswith(why)) == ("invalid-setting", True)
    assert "pa55" not in text


def test_defaults_are_for_a_first_hour_on_one_machine(variables: SetVariables) -> None:
    """Without settings Deltag runs on this machine alone, each service on a port of its own."""
    variables(DELTAG_EVENTS_DATABASE_URL=DATABASE)
    settings = read("events")
    assert (settings.amqp_url, settings.production, settings.http_address) == ("", False, Address("127.0.0.1", 8082))
    assert settings.mail_folder == Path(".deltag/mail")


def test_a_services_own_variable_counts_more_than_the_shared_one(variables: SetVariables) -> None:
    """The broker user of one service is set for it alone; the others use the shared address."""
    variables(DELTAG_AMQP_URL="amqp://all@rabbit/", DELTAG_EVENTS_AMQP_URL="amqp://events@rabbit/")
    assert read("events", database_url=DATABASE).amqp_url == "amqp://events@rabbit/"
    assert read("reporting", database_url=DATABASE).amqp_url == "amqp://all@rabbit/"


def test_a_secret_may_stand_in_a_file(variables: SetVariables, tmp_path: Path) -> None:
    """`X_FILE` names a file that holds the value of `X`, with or without a line end."""
    (tmp_path / "url").write_text(f"{DATABASE}\n")
    variables(DELTAG_EVENTS_DATABASE_URL_FILE=str(tmp_path / "url"))
    assert read("events").database_url == DATABASE


def test_a_secret_that_changes_in_its_file_is_known(variables: SetVariables, tmp_path: Path) -> None:
    """`present` says what the file says now, and what it said at the start while it holds nothing right; the rest stays as it was."""
    file = tmp_path / "url"
    file.write_text("amqp://events:old@rabbit/")
    variables(DELTAG_AMQP_URL_FILE=str(file))
    settings = read("events", database_url=DATABASE)
    file.write_text("amqp://events:new@rabbit/\n")
    assert settings.present("amqp_url") == "amqp://events:new@rabbit/"
    assert (settings.amqp_url, settings.present("database_url")) == ("amqp://events:old@rabbit/", DATABASE)
    for unfit in (lambda: file.write_text(""), lambda: file.write_bytes(b"\xff"), file.unlink):
        unfit()
        assert settings.present("amqp_url") == settings.amqp_url


def test_every_node_of_a_cluster_may_be_named(variables: SetVariables) -> None:
    """Addresses of the broker stand behind one another, and each of them has to be one."""
    variables(DELTAG_AMQP_URL="amqp://one/; amqp://two/")
    assert read("events", database_url=DATABASE).amqp_url == "amqp://one/;amqp://two/"
    variables(DELTAG_AMQP_URL="amqp://one/;two")
    assert set(wrong("events", database_url=DATABASE)) == {"DELTAG_AMQP_URL"}


def test_a_secrets_file_that_is_not_there_is_told(variables: SetVariables) -> None:
    """A path that leads nowhere is told once, by the variable that holds the path."""
    variables(DELTAG_EVENTS_DATABASE_URL_FILE="/nowhere/url")
    assert wrong("events") == {"DELTAG_EVENTS_DATABASE_URL_FILE": ("unreadable-setting", "names a file that cannot be read.")}


def test_production_wants_everything_of_its_own(variables: SetVariables) -> None:
    """In production nothing falls back on a development default."""
    variables(DELTAG_ENVIRONMENT="production", DELTAG_NOTIFICATIONS_DATABASE_URL=DATABASE, DELTAG_NOTIFICATIONS_PRIVATE_KEY=KEY)
    assert set(wrong("notifications")) == {
        "DELTAG_MUNICIPALITY",
        "DELTAG_NOTIFICATIONS_AMQP_URL",
        "DELTAG_TOKEN_ISSUER",
        "DELTAG_JWKS_URL",
        "DELTAG_SMTP_URL",
        "DELTAG_MAIL_FROM",
    }


def test_production_refuses_what_is_for_development(variables: SetVariables) -> None:
    """A development token key or a crash point stops a production start."""
    variables(
        DELTAG_ENVIRONMENT="production",
        DELTAG_MUNICIPALITY="0151",
        DELTAG_EVENTS_DATABASE_URL=DATABASE,
        DELTAG_AMQP_URL="amqps://rabbit/",
        DELTAG_TOKEN_ISSUER="https://login.example.dk",
        DELTAG_JWKS_URL="https://login.example.dk/keys",
        DELTAG_DEVELOPMENT_TOKEN_KEY=KEY,
        DELTAG_CRASH_POINT="relay",
    )
    assert {variable: slug for variable, (slug, _) in wrong("events").items()} == {
        "DELTAG_DEVELOPMENT_TOKEN_KEY": "development-only",
        "DELTAG_CRASH_POINT": "development-only",
    }


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    """Printing the settings, in a traceback for example, shows no secret."""
    settings = Settings(service="registration", database_url=DATABASE, cpr_key=b"not to be seen", notifications_private_key="nor this")
    assert "pa55" not in repr(settings)
    assert "seen" not in repr(settings)
    assert "nor" not in repr(settings)


def test_development_secrets_are_made_once(tmp_path: Path) -> None:
    """The first use makes secrets that only their owner can read; every later use finds the same."""
    path = development_secrets(tmp_path / "new")
    first = read("registration", secrets_file=path, database_url=DATABASE)
    again = read("registration", secrets_file=development_secrets(tmp_path / "new"), database_url=DATABASE)
    assert first == again
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({first.cpr_key, first.cpr_hash_key, first.token_key}) == 3


def test_development_secrets_fit_together(tmp_path: Path) -> None:
    """What registration seals, notifications can open."""
    path = development_secrets(tmp_path)
    sender = read("registration", secrets_file=path, database_url=DATABASE)
    receiver = read("notifications", secrets_file=path, database_url=DATABASE)
    assert public_key(receiver.notifications_private_key) == sender.notifications_public_key


def test_development_secrets_are_the_same_for_all_who_start_at_once(tmp_path: Path) -> None:
    """Services that start at the same moment agree on the secrets."""
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: development_secrets(tmp_path).read_text(), range(16)))
    assert len(set(texts)) == 1


def test_a_later_version_adds_its_secrets_and_changes_none(tmp_path: Path) -> None:
    """A secret that is there stays, and one that is missing is added."""
    (tmp_path / "secrets.env").write_text(f"DELTAG_CPR_KEY={KEY}\n")
    text = development_secrets(tmp_path).read_text()
    assert text.startswith(f"DELTAG_CPR_KEY={KEY}\n")
    assert text.count("DELTAG_CPR_KEY=") == 1
    assert "DELTAG_CPR_HASH_KEY=" in text


def test_the_environment_counts_more_than_the_secrets_file(variables: SetVariables, tmp_path: Path) -> None:
    """What a deployment sets is not overruled by a file of development."""
    variables(DELTAG_CPR_KEY=KEY)
    settings = read("registration", secrets_file=development_secrets(tmp_path), database_url=DATABASE)
    assert settings.cpr_key == b"01234567890123456789012345678901"
