"""`deltag retention`, `erase` and `erasures`, as an operator runs them."""

import json
from base64 import b64encode
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import deliver, published
from tests.cli.running import deltag, refused
from tests.outside import with_programme
from tests.registration.builders import REQUESTED, SENDER, WITHDRAWAL, a_request


@pytest.fixture
def child(operated: Context, monkeypatch: pytest.MonkeyPatch) -> str:
    """A child that was withdrawn; commands have the keys of its number."""
    for key in ("cpr_key", "cpr_hash_key"):
        monkeypatch.setenv(f"DELTAG_{key.upper()}", b64encode(getattr(operated.settings, key)).decode())
    with_programme(operated)
    deliver(operated, REQUESTED, a_request(), source=SENDER)
    told: dict[str, Any] = next(m["data"] for m in published(operated) if m["type"] == "registration.enrolment.accepted.v1")
    body = {"enrolment_id": told["enrolment_id"], "reason": "moved", "effective_date": "2024-06-01"}
    deliver(operated, WITHDRAWAL, body, source=SENDER)
    return str(told["child_id"])


def test_a_night_is_looked_at_beforehand(child: str) -> None:
    """Who is due, by which rule, and what keeps him; the sample's rule for children rests."""
    lines = deltag("retention", "--on", "2029-06-01").output.splitlines()
    assert lines == [
        f"{child}  child with 1 more, due 2029-05-31 by sammen-om-boern/children; kept: its rule rests",
        "2029-06-01: 0 of 1 who are due would be erased, and 0 answers.",
    ]
    [one] = json.loads(deltag("retention", "--on", "2029-06-01", "--json").output)
    assert (one["person_id"], one["rule"], one["on_hold"]) == (child, "children", True)
    assert deltag("retention", "--on", "2029-05-30").output == "2029-05-30: 0 of 0 who are due would be erased, and 0 answers.\n"


def test_erasing_takes_two_steps(child: str, operated: Context) -> None:
    """The first shows what would go and how to go on; only the second erases, and leaves a receipt and a row in the audit."""
    shown = deltag("erase", child).output
    command = shown.rpartition("To erase: deltag ")[2].split()
    assert "1 child" in shown
    assert f"child  {child}" in shown
    assert deltag(*command, "--as", "anna").output.startswith("Erased. The receipt: deltag erasures ")
    with operated.work() as work:
        assert work.connection.execute(sa.text("select count(*) from child")).scalar_one() == 0
        audited = work.connection.execute(sa.text("select subject, route from chassis.audit")).one()
    assert tuple(audited) == ("anna", "deltag erase")
    assert "There is no such person" in refused("erase", child)


def test_a_receipt_says_who_is_awaited(child: str) -> None:
    """All of them, those that are open, or one; nobody is named."""
    assert deltag("erasures").output == "Nobody has been erased.\n"
    deltag(*deltag("erase", child).output.rpartition("To erase: deltag ")[2].split())
    said = deltag("erasures", "--open").output
    assert "at his own request or with an import that was taken back: 1 child, 1 guardian; awaits events, notifications, reporting" in said
    assert "registration  1 child, 1 consent, 1 enrolment, 1 guardian" in said
    assert child not in said
    [receipt] = json.loads(deltag("erasures", "--json").output)
    assert deltag("erasures", receipt["erasure_id"]).output == said
    assert "There is no erasure" in refused("erasures", new_id())


def test_a_wrong_digest_erases_nobody(child: str) -> None:
    """Nor does a plan that something stands against."""
    assert refused("erase", child, "--confirm", "0" * 32).startswith("/digest: Something has changed since")
    assert deltag("erase", child).exit_code == 0
