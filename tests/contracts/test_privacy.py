"""Facts travel to everyone who may listen, and into a log that is kept: no field of theirs can hold who somebody is."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.chassis.contracts import example, names, schema

PERSONAL = re.compile(
    r"cpr|(given|family|first|last|full|child|guardian|person)_?name|surname|e_?mail|phone|mobile|address|birth_?(date|day)|street|postal"
)
LISTS = (
    "tracks",
    "cohorts",
    "districts",
    "institution_kinds",
    "activity_kinds",
    "professions",
    "professional_roles",
    "consent_purposes",
)
NAMES_OF_PLACES = {f"institution.{fact}/v1": {"/name"} for fact in ("registered", "moved", "closed", "merged")} | {
    "programme.loaded/v1": {"/name", *(f"/{key}/name" for key in LISTS), "/contact/email", "/contact/phone"},
}
CPR_LIKE = re.compile(r"(?<![0-9a-f-])(?:[0-2]\d|3[01]|[67]\d|8\d|9[01])(?:0[1-9]|1[0-2])\d{2}-?\d{4}(?![0-9a-f-])")
FACTS = [name for name in names() if schema(name)["x-deltag-kind"] == "fact"]


def fields(node: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The path of every field that a schema names."""
    for name, field in node.get("properties", {}).items():
        yield f"{at}/{name}"
        yield from fields(field, f"{at}/{name}")
    if "items" in node:
        yield from fields(node["items"], at)


def texts(node: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(child)


@pytest.mark.parametrize("name", FACTS)
def test_no_fact_has_a_field_for_personal_data(name: str) -> None:
    """Nothing that tells who or where somebody is: only places and programmes have names, and a programme an office."""
    suspects = {path for path in fields(schema(name)) if PERSONAL.search(path) or path.endswith("/name")}
    assert suspects - NAMES_OF_PLACES.get(name, set()) == set()


@pytest.mark.parametrize("name", FACTS)
def test_no_fact_shows_personal_data(name: str) -> None:
    """No example of a fact holds anything like a CPR number or an e-mail address."""
    offices = example(name)["data"].get("contact", {}).values() if name == "programme.loaded/v1" else ()
    assert [text for text in texts(example(name)) if ("@" in text and text not in offices) or CPR_LIKE.search(text)] == []


@pytest.mark.parametrize("name", names())
def test_only_what_is_guarded_may_hold_more(name: str) -> None:
    """What is internal travels on `deltag.events` or asks without naming anybody; only sealed cards are on `deltag.personal`."""
    guarded = {"deltag.events": {"internal"}, "deltag.requests": {"internal", "confidential"}, "deltag.personal": {"restricted"}}
    assert schema(name)["x-deltag-classification"] in guarded[schema(name)["x-deltag-exchange"]]


def test_a_request_with_personal_data_is_confidential() -> None:
    """The request that names a family says so on its envelope, where brokers and tools can see it."""
    assert example("enrolment.requested/v1")["dataclassification"] == "confidential"


def test_the_people_of_the_examples_are_invented() -> None:
    """Every CPR number in an example is a replacement number (day + 60), and every address is reserved for examples."""
    said = [text for name in names() for text in texts(example(name))]
    numbers = [number for text in said for number in CPR_LIKE.findall(text)]
    assert numbers
    assert all(int(number[:2]) > 60 for number in numbers)
    assert all(text.endswith(("@example.org", "@example.dk")) for text in said if "@" in text)
