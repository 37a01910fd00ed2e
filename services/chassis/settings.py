"""What a deployment decides, read from the environment once, into one frozen object.

Every setting stands once, in the table that is the class below: its variable, its rule, its default and which
services must have it. What is missing or wrong is reported together, by name and with the rule. There are no default
secrets: `development_secrets` makes some for one machine, and production refuses them.
Where `X` is a variable, `X_FILE` may name a file that holds its value, as container platforms hand out secrets; what they
change there later is what `Settings.present` says.
"""

import os
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from environs import FileAwareEnv, ValidationError

from services.chassis.errors import Invalid, Reason
from services.chassis.files import exclusively, write_private
from services.chassis.keys import new_key_pair
from services.chassis.setting_rules import (
    ALL,
    Address,
    Rule,
    address,
    key,
    key_text,
    matching,
    number,
    one_of,
    setting,
    url,
    urls,
    whole,
    yes_or_no,
)

_APART = {"registration": 1, "events": 2, "notifications": 3, "reporting": 4}
"""Services that run apart on one machine have ports of their own, counted from the one that they share otherwise."""

BATCH_SIZE = 2_000
"""The fixed cost of a transaction is shared: the benchmark's job costs 0.23 s of CPU for 1,000 messages in all, with transactions of
1,000 0.25, of 500 0.27, of 100 0.41. Larger ones hold rows locked for longer, so it is only where handlers are quick that
one becomes as large (`pace.py`)."""

LOCK_S = 2.0
"""Shorter than a statement may take: who holds a row for minutes holds up those who want it, and not the whole batch that they are in."""

_BASE64_KEY = "32 bytes in base64, as `openssl rand -base64 32` makes them"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one service. A field that the service has no use for holds its default."""

    service: str
    files: Mapping[str, Path] = field(default_factory=dict, repr=False, compare=False)

    environment: str = setting(
        "DELTAG_ENVIRONMENT",
        "development or production, where development secrets and tokens and crash points are refused",
        read=one_of("development", "production"),
        default="development",
    )
    municipality: str = setting(
        "DELTAG_MUNICIPALITY",
        "the municipality's four-digit code",
        read=matching(r"\d{4}\Z", "is not four digits."),
        default="0151",
        needed_by=(ALL,),
        in_production=True,
    )
    data_dir: Path = setting(
        "DELTAG_DATA_DIR", "the folder for everything that Deltag keeps on this machine", read=Path, default=Path(".deltag")
    )
    log_level: str = setting(
        "DELTAG_LOG_LEVEL", "debug, info, warning or error", read=one_of("debug", "info", "warning", "error"), default="info"
    )

    # The database and the bus.
    database_url: str = setting(
        "DELTAG_{SERVICE}_DATABASE_URL",
        "the service's own database: postgresql://user:password@host/name",
        read=url("postgresql"),
        needed_by=(ALL,),
        secret=True,
    )
    amqp_url: str = setting(
        "DELTAG_{SERVICE}_AMQP_URL",
        "the broker, with the service's own user: amqp://user:password@host/vhost, or amqps://, one for each node of a cluster,"
        " with semicolons between them; without it the bus is in the process",
        shared="DELTAG_AMQP_URL",
        read=urls("amqp", "amqps"),
        needed_by=(ALL,),
        in_production=True,
        secret=True,
    )
    queue_type: str = setting("DELTAG_QUEUE_TYPE", "quorum or classic", read=one_of("quorum", "classic"), default="quorum")
    batch_size: int = setting(
        "DELTAG_BATCH_SIZE", "how many messages one transaction takes at most", read=whole(1, 5000), default=BATCH_SIZE
    )
    retry_attempts: int = setting(
        "DELTAG_RETRY_ATTEMPTS", "how often a message is tried before it is parked", read=whole(1, 100), default=6
    )
    retry_base_s: float = setting(
        "DELTAG_RETRY_BASE_S", "seconds before the second try; each later one waits longer", read=number(0.01, 3600), default=2.0
    )
    handling_s: float = setting(
        "DELTAG_HANDLING_S",
        "seconds that handlers may take for one batch; a process in which they take longer ends itself, and the batch comes again",
        read=number(0.1, 1200),
        default=300.0,
    )
    lock_s: float = setting(
        "DELTAG_LOCK_S",
        "seconds that a statement waits for what another transaction has locked; then messages are tried again later, and callers get 503",
        read=number(0.1, 29),
        default=LOCK_S,
    )
    memory_mb: int = setting(
        "DELTAG_MEMORY_MB",
        "megabytes above which a process stops in order, to be started again; 0 is no limit",
        read=whole(0, 1_048_576),
        default=0,
    )
    drain_s: float = setting("DELTAG_DRAIN_S", "seconds in which a stop finishes what is under way", read=number(0.1, 600), default=5.0)

    deferred_key: bytes = setting(
        "DELTAG_DEFERRED_KEY",
        f"encrypts messages that are put aside, which may hold personal data: {_BASE64_KEY}",
        read=key,
        default=b"",
        needed_by=(ALL,),
        secret=True,
    )

    # The HTTP door.
    http_address: Address = setting(
        "DELTAG_{SERVICE}_HTTP_ADDRESS",
        "where the HTTP door listens, as host:port",
        shared="DELTAG_HTTP_ADDRESS",
        read=address,
        default=Address("127.0.0.1", 8080),
    )
    metrics_address: Address = setting(
        "DELTAG_{SERVICE}_METRICS_ADDRESS",
        "where metrics and health are read, as host:port",
        shared="DELTAG_METRICS_ADDRESS",
        read=address,
        default=Address("127.0.0.1", 9080),
    )
    max_body_bytes: int = setting(
        "DELTAG_MAX_BODY_BYTES", "the largest HTTP request that is read, in bytes", read=whole(1024, 104_857_600), default=1_048_576
    )
    proxies: int = setting(
        "DELTAG_PROXIES",
        "how many reverse proxies stand in front, each of which adds to `X-Forwarded-For` from where it was called",
        read=whole(0, 5),
        default=0,
    )
    max_upload_bytes: int = setting(
        "DELTAG_MAX_UPLOAD_BYTES", "the largest file that is taken over HTTP, in bytes", read=whole(1024, 268_435_456), default=33_554_432
    )
    token_issuer: str = setting(
        "DELTAG_TOKEN_ISSUER",
        "who issues access tokens, as their `iss` claim says",
        default="urn:deltag:development",
        needed_by=(ALL,),
        in_production=True,
    )
    token_audience: str = setting("DELTAG_TOKEN_AUDIENCE", "whom access tokens are for, as their `aud` claim says", default="deltag")
    token_assurance: str = setting(
        "DELTAG_TOKEN_ASSURANCE",
        "the level of assurance that people's tokens must have in `acr`, as https://data.gov.dk/concept/core/nsis/Substantial",
    )
    jwks_url: str = setting(
        "DELTAG_JWKS_URL",
        "where the issuer's public keys are read: https://, or file:// for a key set that is delivered",
        read=url("https", "file"),
        needed_by=(ALL,),
        in_production=True,
    )
    token_key: bytes = setting(
        "DELTAG_DEVELOPMENT_TOKEN_KEY", f"signs development tokens: {_BASE64_KEY}", read=key, default=b"", secret=True
    )

    # Registration.
    cpr_key: bytes = setting(
        "DELTAG_CPR_KEY",
        f"encrypts CPR numbers at rest: {_BASE64_KEY}",
        read=key,
        default=b"",
        needed_by=("registration",),
        secret=True,
    )
    cpr_hash_key: bytes = setting(
        "DELTAG_CPR_HASH_KEY",
        f"hashes CPR numbers for look-up: {_BASE64_KEY}, and not DELTAG_CPR_KEY",
        read=key,
        default=b"",
        needed_by=("registration",),
        secret=True,
    )
    import_days: int = setting(
        "DELTAG_IMPORT_DAYS",
        "days after which an imported file and what its report says of people are deleted; until then the import can be undone",
        read=whole(1, 365),
        default=30,
    )
    register_answers: Path | None = setting(
        "DELTAG_REGISTER_ANSWERS",
        "a folder of recorded answers of the person register and the institution register; without one nobody is looked up",
        read=Path,
        default=None,
    )
    notifications_public_key: str = setting(
        "DELTAG_NOTIFICATIONS_PUBLIC_KEY",
        "seals contact cards and links to surveys: the public half of DELTAG_NOTIFICATIONS_PRIVATE_KEY, in base64",
        read=key_text,
        needed_by=("registration",),
    )

    public_url: str = setting(
        "DELTAG_PUBLIC_URL",
        "where families reach registration's pages: links in letters begin with it",
        read=url("https", "http"),
        default="http://127.0.0.1:8080/registration",
        needed_by=("registration",),
        in_production=True,
    )
    events_url: str = setting(
        "DELTAG_EVENTS_URL",
        "where people reach the pages of events: links in letters begin with it; without it nobody is asked how an activity was",
        read=url("https", "http"),
        default="",
    )
    sign_up_key: bytes = setting(
        "DELTAG_SIGN_UP_KEY",
        f"hashes sign-up links and signs the tokens that they give: {_BASE64_KEY}",
        read=key,
        default=b"",
        needed_by=("registration",),
        secret=True,
    )
    sign_up_minutes: int = setting(
        "DELTAG_SIGN_UP_MINUTES", "how many minutes a sign-up link or code holds, and what it opens", read=whole(5, 120), default=30
    )
    sign_up_hourly: int = setting(
        "DELTAG_SIGN_UP_HOURLY", "how many sign-up links and codes are sent in an hour at most, in all", read=whole(1, 100_000), default=300
    )

    # Notifications.
    notifications_private_key: str = setting(
        "DELTAG_NOTIFICATIONS_PRIVATE_KEY",
        "opens contact cards: an X25519 private key, 32 bytes in base64",
        read=key_text,
        needed_by=("notifications",),
        secret=True,
    )
    smtp_url: str = setting(
        "DELTAG_SMTP_URL",
        "the mail server: smtp://user:password@host:port, or smtps://",
        read=url("smtp", "smtps"),
        needed_by=("notifications",),
        in_production=True,
        secret=True,
    )
    mail_from: str = setting(
        "DELTAG_MAIL_FROM",
        "the sender's address on every mail",
        read=matching(r"[^@\s]+@[^@\s]+\Z", "is not an e-mail address."),
        default="deltag@localhost",
        needed_by=("notifications",),
        in_production=True,
    )
    mail_folder: Path = setting(
        "DELTAG_MAIL_FOLDER",
        "where mails become `.eml` files when no mail server is set; `mail` in the data folder otherwise",
        read=Path,
        default=Path(".deltag/mail"),
    )
    sms_url: str = setting(
        "DELTAG_SMS_URL",
        "the SMS gateway: GatewayAPI's `https://messaging.gatewayapi.eu/mobile/single`; without it production sends no SMS",
        read=url("https"),
    )
    sms_token: str = setting("DELTAG_SMS_TOKEN", "the SMS gateway's API token", secret=True)
    sms_sender: str = setting(
        "DELTAG_SMS_SENDER",
        "whom an SMS says it is from: up to eleven letters and digits",
        read=matching(r"[0-9A-Za-z]{1,11}\Z", "is not one to eleven letters and digits."),
        default="Deltag",
    )
    reminder_hours: int = setting(
        "DELTAG_REMINDER_HOURS", "how many hours before a session its reminder is sent", read=whole(1, 336), default=48
    )
    mail_patience_hours: int = setting(
        "DELTAG_MAIL_PATIENCE_HOURS", "how many hours a mail waits for a contact card that has not come", read=whole(1, 720), default=72
    )

    # Reporting.
    threshold: int = setting("DELTAG_THRESHOLD", "a figure about fewer people than this is not shown", read=whole(3, 100), default=5)
    reporting_open: bool = setting(
        "DELTAG_REPORTING_OPEN", "yes or no: whether everyone may read the report's page", read=yes_or_no, default=False
    )

    @property
    def production(self) -> bool:
        """Whether real people's data are at stake."""
        return self.environment == "production"

    def present(self, name: str) -> Any:
        """The setting as it is now: what came from a file is read there again, for secrets are changed.

        While there is nothing in the file that could be the setting, it is what it was at the start.
        """
        if name in self.files:
            with suppress(OSError, ValueError, ValidationError):
                return dict(rules())[name].read(self.files[name].read_text().strip())
        return getattr(self, name)


def read(service: str, *, secrets_file: Path | None = None, **known: Any) -> Settings:
    """Read the settings of one service from the environment, and what that does not set from `secrets_file`.

    Fields in `known` are taken as they are. Raises `Invalid` with a reason for every setting that is missing or wrong;
    their values never stand in it.
    """
    env = FileAwareEnv(strip_whitespace=True)
    if secrets_file:
        env.read_env(secrets_file, recurse=False)
    reader = _Reader(env, service, known | {"service": service, "files": {}})
    values = reader.values()
    if reader.reasons:
        raise Invalid(reasons=reader.reasons)
    return Settings(**values)


def rules() -> Iterator[tuple[str, Rule]]:
    """Every field with its rule, in the order of the table."""
    return ((row.name, row.metadata["rule"]) for row in fields(Settings) if row.metadata)


class _Reader:
    """Goes through the table once, and collects everything that is wrong."""

    def __init__(self, env: FileAwareEnv, service: str, known: dict[str, Any]) -> None:
        self.env = env
        self.service = service
        self.known = known
        self.reasons: list[Reason] = []

    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row in fields(Settings):
            found[row.name] = self.known[row.name] if row.name in self.known else self._value(row, found)
        if found["environment"] == "production":
            self._refuse_development(found)
        return found

    def _value(self, row: Field[Any], found: dict[str, Any]) -> Any:
        rule: Rule = row.metadata["rule"]
        for variable in rule.variables(self.service):
            try:
                text = self.env.str(variable, "")
            except ValueError:
                return self._wrong("unreadable-setting", f"{variable}_FILE", "names a file that cannot be read.")
            if text:
                self._note_file(row, variable)
                return self._checked(rule, variable, text)
        if rule.needs(self.service, production=found.get("environment") == "production"):
            self._wrong("missing-setting", rule.variables(self.service)[0], f"is not set ({rule.text}).")
        return self._default(row, found)

    def _note_file(self, row: Field[Any], variable: str) -> None:
        if path := self.env.str(f"{variable}_FILE", ""):
            self.known["files"][row.name] = Path(path)

    def _checked(self, rule: Rule, variable: str, text: str) -> Any:
        try:
            return rule.read(text)
        except ValidationError as error:
            return self._wrong("invalid-setting", variable, f"{error.messages[0].rstrip('.')} ({rule.text}).")

    def _default(self, row: Field[Any], found: dict[str, Any]) -> Any:
        if row.name == "mail_folder":
            return found["data_dir"] / "mail"
        if isinstance(row.default, Address):
            return row.default._replace(port=row.default.port + _APART.get(self.service, 0))
        return row.default

    def _refuse_development(self, found: dict[str, Any]) -> None:
        if found["token_key"]:
            self._wrong("development-only", "DELTAG_DEVELOPMENT_TOKEN_KEY", "is for development. Unset it in production.")
        if os.environ.get("DELTAG_CRASH_POINT"):
            self._wrong("development-only", "DELTAG_CRASH_POINT", "ends the process on purpose. Unset it in production.")

    def _wrong(self, slug: str, variable: str, text: str) -> None:
        self.reasons.append(Reason(slug, variable, text, text))


def development_secrets(data_dir: Path) -> Path:
    """A file of secrets for one machine, made at first use, for its owner's eyes only; give it to `read`.

    Secrets that a later version needs are added; one that is there never changes.
    """
    path = data_dir / "secrets.env"
    data_dir.mkdir(parents=True, exist_ok=True)
    with exclusively(data_dir / "secrets.lock"):
        present = path.read_text() if path.exists() else ""
        missing = {name: value for name, value in _new_secrets().items() if f"{name}=" not in present}
        if missing:
            write_private(path, present + "".join(f"{name}={value}\n" for name, value in missing.items()))
    return path


def _new_secrets() -> dict[str, str]:
    private, public = new_key_pair()
    return {
        "DELTAG_DEVELOPMENT_TOKEN_KEY": _random_key(),
        "DELTAG_DEFERRED_KEY": _random_key(),
        "DELTAG_CPR_KEY": _random_key(),
        "DELTAG_CPR_HASH_KEY": _random_key(),
        "DELTAG_SIGN_UP_KEY": _random_key(),
        "DELTAG_NOTIFICATIONS_PRIVATE_KEY": private,
        "DELTAG_NOTIFICATIONS_PUBLIC_KEY": public,
    }


def _random_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
