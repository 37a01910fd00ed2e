"""What operators are told holds: settings, metrics, and what they are given to run."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

import services.chassis.http.metrics
import services.chassis.metrics
import services.registration.registers.metrics  # noqa: F401 - with those above, all metrics are made
from scripts.generated import main, settings_table, stale
from services.chassis.auditor import Auditor
from services.chassis.deferred import LONGEST_DELAY_S
from services.chassis.intake import Intake
from services.chassis.service import Context
from services.chassis.setting_rules import Address
from services.chassis.settings import Settings, read, rules
from services.chassis.testing import deliver, listen_for
from services.cli.places import NAMES
from services.notifications.domain.mail import LEASE, MAX_ATTEMPTS
from services.notifications.service import SERVICE as NOTIFICATIONS
from tests.docs.pages import ROOT, blocks, text_of
from tests.settings import settings_for

PAGE = ROOT / "docs" / "operating.md"
PROXY = ROOT / "deploy" / "proxy" / "nginx.conf"
CARD = {"kind": "guardian", "key_id": "k", "sealed": "c2VhbGVk"}


def test_what_is_generated_is_current() -> None:
    """The table of settings and the broker's definitions are what the code would make of them now."""
    assert list(stale()) == []
    assert main(["--check"]) == 0


def test_every_setting_is_in_the_table() -> None:
    """Each variable stands in the table, in a row of its own."""
    variables = [rule.variable.replace("{SERVICE}", "<SERVICE>") for _, rule in rules()]
    assert re.findall(r"^\| `(DELTAG_[^`]+)`", settings_table(), re.MULTILINE) == variables


def test_every_metric_is_explained() -> None:
    """The page explains each metric that there is, and none that there is not."""
    there = {_scraped(family.name, family.type) for family in REGISTRY.collect() if family.name.startswith("deltag_")}
    assert set(re.findall(r"`(deltag_(?!outbox`)[a-z_]+)`", text_of(PAGE))) == there


def test_numbers_of_delivery() -> None:
    """The pages tell the attempts, leases and delays that the code has."""
    page = " ".join(text_of(PAGE).split())
    assert f"its own for **{int(LEASE.total_seconds() / 60)} minutes**" in page
    assert f"**{MAX_ATTEMPTS} attempts over about a day and a half**" in page
    assert LONGEST_DELAY_S == 600  # architecture.md: 2 s to 10 min


def test_proxy_leads_to_the_default_ports() -> None:
    """The proxy knows each service under its name, at the port that it has by default when it runs apart."""
    conf = text_of(PROXY)
    upstreams = dict(re.findall(r"upstream (\w+) \{\s+server ([\d.:]+);", conf))
    assert upstreams == {name: str(default_address(name)) for name in NAMES}
    assert re.findall(r"location /(\w+)/ \{\s+proxy_pass http://(\w+)/;", conf) == [(name, name) for name in NAMES]


def test_proxy_stands_where_the_embedded_door_does() -> None:
    """The proxy listens on the port of an embedded Deltag, so that both give the same addresses, and takes as large a body."""
    assert re.search(r"listen (\d+);", text_of(PROXY))[1] == str(Settings(service="registration").http_address.port)  # type: ignore[index]
    assert re.search(r"client_max_body_size (\d+)m;", text_of(PROXY))[1] == str(settings_for("events").max_body_bytes // 2**20)  # type: ignore[index]
    largest_file = re.search(r"location = /registration/v1/imports \{\s+client_max_body_size (\d+)m;", text_of(PROXY))
    assert largest_file
    assert largest_file[1] == str(settings_for("registration").max_upload_bytes // 2**20)


@pytest.fixture
def notifications(context_of: Callable[..., Context]) -> Context:
    """Notifications, on a database of its own."""
    return context_of(NOTIFICATIONS)


def test_contact_cards_can_be_sealed_anew(notifications: Context) -> None:
    """After what the page has the operator run, a card that is told again is kept again, and the books are in order."""
    person = "0199aaaa-0000-7000-8000-000000000001"
    card = CARD | {"person_id": person}
    deliver(notifications, "registration.contact.sealed.v1", card, subject=person)
    run_in(notifications, next(blocks(PAGE, "sql")))
    deliver(notifications, "registration.contact.sealed.v1", card | {"key_id": "new"}, subject=person, sequence=1, snapshot=True)
    assert keys_of_cards(notifications) == ["new"]
    intake = Intake(notifications, listen_for(NOTIFICATIONS, "registration.contact.sealed.v1"))
    assert Auditor(notifications, [intake]).audit(intake).difference == 0


def _scraped(name: str, kind: str) -> str:
    """A metric's name as it is scraped."""
    return name + {"counter": "_total", "info": "_info"}.get(kind, "")


def default_address(service: str) -> Address:
    """Where a service listens when nothing says otherwise."""
    known = {name: getattr(settings_for(service), name) for name, rule in rules() if rule.needs(service, production=False)}
    return read(service, **known).http_address


def run_in(context: Context, statements: str) -> None:
    """Run a script in the service's database."""
    with context.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.execute(sa.text(statement))


def keys_of_cards(context: Context) -> list[str]:
    """For which key each card is sealed."""
    with context.work() as work:
        return list(work.connection.execute(sa.text("select key_id from contact_card")).scalars())
