"""The gate of `contracts/` as CI runs it: it passes as the tree is, and fails on every mistake made on purpose in a copy."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.contracts_check import findings, main, release
from services.chassis.contracts import read
from services.chassis.files import contracts

Edit = Callable[[dict[str, Any]], object]
REQUEST, FACT = "enrolment.requested", "signup.seated"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the contracts, as released now."""
    copied = shutil.copytree(contracts(), tmp_path / "contracts")
    release(copied)
    return copied


def edit(path: Path, change: Edit) -> None:
    """Change one JSON file in place."""
    content = read(path)
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints when it fails."""
    assert main(["--folder", str(folder)]) == 1
    return capsys.readouterr().out


def test_the_contracts_pass() -> None:
    """As the tree is, nothing is wrong: not a schema, not an example, and no promise of the last release is broken."""
    assert findings() == []


def test_a_fresh_copy_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy without git, tags or history passes too: all that the gate compares is in the folder."""
    assert main(["--folder", str(folder)]) == 0
    assert "0 findings" in capsys.readouterr().out


def test_everything_is_released() -> None:
    """Each contract, and the envelope, has its released twin to be held to."""
    held = {path.relative_to(contracts() / "released") for path in (contracts() / "released").rglob("*.json")}
    present = {path.relative_to(contracts()) for path in contracts().glob("*/v*.schema.json")}
    assert held == {*present, Path("cloudevent.schema.json")}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda s: s["properties"].pop("contact_id"),
            "signup.seated/v1.schema.json#/properties/contact_id: the field `contact_id` was removed",
        ),
        (lambda s: s["required"].remove("seats"), "signup.seated/v1.schema.json#/required: the field `seats` is required no more"),
        (lambda s: s["properties"]["seats"].update(type="string"), "#/properties/seats/type: `type` `integer` became `string`"),
        (lambda s: s["properties"]["party"]["items"]["properties"]["role"]["enum"].pop(), "#/properties/party/items/properties/role/enum"),
    ],
)
def test_a_broken_fact_fails_with_file_place_rule_and_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Edit, says: str
) -> None:
    """A schema of a fact that is broken on purpose fails, and the message leads out."""
    edit(folder / FACT / "v1.schema.json", change)
    output = said(folder, capsys)
    assert says in output
    assert "put the change into the next one beside it" in output


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s["required"].append("consent"), "#/required: the field `consent` became required"),
        (lambda s: s["properties"]["track"].update(enum=["A", "B"]), "#/properties/track/enum: `enum` (absent) became"),
        (lambda s: s["properties"]["guardians"].update(maxItems=2), "#/properties/guardians/maxItems: `maxItems` `10` became `2`"),
        (lambda s: s["properties"].pop("consent"), "#/properties/consent: the field `consent` was removed"),
    ],
)
def test_a_broken_request_fails(folder: Path, capsys: pytest.CaptureFixture[str], change: Edit, says: str) -> None:
    """A schema of a request that turns somebody away fails."""
    edit(folder / REQUEST / "v1.schema.json", change)
    assert f"{REQUEST}/v1.schema.json{says}" in said(folder, capsys)


def test_a_removed_contract_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message cannot vanish while somebody sends or reads it."""
    shutil.rmtree(folder / FACT)
    assert f"{FACT}/v1.schema.json: a released contract was removed" in said(folder, capsys)


def test_a_new_version_beside_the_old_one_passes(folder: Path) -> None:
    """The way out works: v2 may differ in everything while v1 stays as it is."""
    for kind in ("schema", "example"):
        shutil.copyfile(folder / FACT / f"v1.{kind}.json", folder / FACT / f"v2.{kind}.json")
    second = {"$id": "urn:deltag:contract:signup.seated:v2", "x-deltag-type": "events.signup.seated.v2"}
    edit(folder / FACT / "v2.schema.json", lambda s: (s.update(second), s["required"].remove("position"), s["properties"].pop("position")))
    said_of_itself = {"type": second["x-deltag-type"], "dataschema": second["$id"]}
    edit(folder / FACT / "v2.example.json", lambda e: (e.update(said_of_itself), e["data"].pop("position")))
    assert [str(f) for f in findings(folder) if "invalid/" not in f.file] == []


def test_a_harmless_change_passes(folder: Path) -> None:
    """An optional field and a better description break nobody."""
    new = {"household_id": {"type": "string", "title": "Household", "description": "Who lives together. UUID."}}
    edit(folder / FACT / "v1.schema.json", lambda s: (s["properties"].update(new), s.update(description="Better said.")))
    assert findings(folder) == []


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("v1.example.json", lambda e: e["data"].pop("seats"), "#/data/seats: field-missing"),
        ("v1.example.json", lambda e: e["data"].update(extra=1), "#/data/extra: unknown-field"),
        ("v1.example.json", lambda e: e["data"]["party"][0].update(extra=1), "#/data/party/0/extra: unknown-field"),
        ("v1.example.json", lambda e: e.update(sequence="1"), "#/sequence: wrong-format"),
        ("v1.example.json", lambda e: e.update(type="events.signup.seats.v1"), "#/type: it is not the schema's `x-deltag-type`"),
        (
            "invalid/too-few.party.json",
            lambda e: e["data"].update(party=[{"person_id": e["subject"], "role": "child"}]),
            "the gate says nothing",
        ),
        ("invalid/too-few.party.json", lambda e: e["data"].update(seats=0), "('too-small', '/data/seats')"),
        ("v1.schema.json", lambda s: s.pop("x-deltag-since"), "#/x-deltag-since: the contract does not say it"),
        ("v1.schema.json", lambda s: s["properties"]["seats"].pop("description"), "#/properties/seats: the field has no description"),
        ("v1.schema.json", lambda s: s.update(type="objct"), "v1.schema.json: it cannot be used"),
        ("v1.schema.json", lambda s: s.update({"x-deltag-type": "events.signup.sat.v1"}), "#/x-deltag-type: the type does not follow"),
    ],
)
def test_a_mistake_beside_the_schema_fails(folder: Path, capsys: pytest.CaptureFixture[str], file: str, change: Edit, says: str) -> None:
    """An example that does not fit exactly, a refused example that is not refused for its reason, an unexplained field: each fails."""
    edit(folder / FACT / file, change)
    output = said(folder, capsys)
    assert f"{FACT}/{file}" in output
    assert says in output


def test_a_missing_example_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A contract without an example cannot be tested from both sides."""
    (folder / FACT / "v1.example.json").unlink()
    assert f"{FACT}/v1.example.json: it cannot be used" in said(folder, capsys)


def test_too_few_refused_examples_fail(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A contract shows several mistakes that it refuses."""
    shutil.rmtree(folder / FACT / "invalid")
    assert f"{FACT}/invalid/: there are too few refused examples" in said(folder, capsys)


def test_what_is_no_json_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not JSON is named instead of a traceback."""
    (folder / FACT / "v1.example.json").write_text("{", encoding="utf-8")
    assert f"{FACT}/v1.example.json: it cannot be used" in said(folder, capsys)


def test_a_release_cannot_hide_a_break(folder: Path) -> None:
    """`--release` does nothing while a promise is broken; when all is well it moves the mark."""
    twin = folder / "released" / FACT / "v1.schema.json"
    before = twin.read_text(encoding="utf-8")
    edit(folder / FACT / "v1.schema.json", lambda s: s["required"].remove("seats"))
    assert main(["--folder", str(folder), "--release"]) == 1
    assert twin.read_text(encoding="utf-8") == before
    edit(folder / FACT / "v1.schema.json", lambda s: (s["required"].append("seats"), s.update(description="Better said.")))
    assert main(["--folder", str(folder), "--release"]) == 0
    assert read(twin)["description"] == "Better said."
