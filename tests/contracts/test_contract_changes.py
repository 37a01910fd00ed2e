"""The law of change: what breaks somebody is refused, what breaks nobody passes.

A request may only accept more. A fact may gain an optional field, and that is all.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.contract_changes import breaking
from services.chassis.contracts import Gate, example, names, read, schema
from services.chassis.files import contracts

Change = Callable[[dict[str, Any]], object]
REQUEST, FACT = "enrolment.requested/v1", "signup.seated/v1"


def at(*path: str) -> Callable[[dict[str, Any]], Any]:
    """The field of a schema that lies on a path of names; `0` is the items of a list."""

    def find(node: dict[str, Any]) -> Any:
        for step in path:
            node = node["items"] if step == "0" else node["properties"][step]
        return node

    return find


def put(*path: str, **rules: Any) -> Change:
    """Set rules of one field; `None` takes a rule away."""

    def change(root: dict[str, Any]) -> None:
        field = at(*path)(root)
        for keyword, value in rules.items():
            field.pop(keyword) if value is None else field.__setitem__(keyword, value)

    return change


def add(*path: str, required: bool = False, **rules: Any) -> Change:
    """Add one field."""

    def change(root: dict[str, Any]) -> None:
        parent, name = at(*path[:-1])(root), path[-1]
        parent["properties"][name] = rules
        if required:
            parent["required"].append(name)

    return change


def drop(*path: str) -> Change:
    """Remove one field altogether."""

    def change(root: dict[str, Any]) -> None:
        parent, name = at(*path[:-1])(root), path[-1]
        del parent["properties"][name]
        parent["required"] = [other for other in parent["required"] if other != name]

    return change


def require(*path: str) -> Change:
    """Make an optional field required."""
    return lambda root: at(*path[:-1])(root)["required"].append(path[-1])


def relax(*path: str) -> Change:
    """Make a required field optional."""
    return lambda root: at(*path[:-1])(root)["required"].remove(path[-1])


def changed(name: str, change: Change) -> list[tuple[str, str]]:
    """Pointer and rule of what breaks after a change of a real contract."""
    new = copy.deepcopy(schema(name))
    change(new)
    return [(found.pointer, found.rule) for found in breaking(schema(name), new)]


BREAKS_SENDERS: dict[str, tuple[Change, str]] = {
    "a new required field": (add("municipality", required=True, type="string"), "/required"),
    "an optional field becomes required": (require("guardians", "0", "email"), "/properties/guardians/items/required"),
    "a field goes": (drop("consent"), "/properties/consent"),
    "a field goes inside a list": (drop("guardians", "0", "phone"), "/properties/guardians/items/properties/phone"),
    "a type narrows": (put("guardians", "0", "custody", type="null"), "/properties/guardians/items/properties/custody/type"),
    "a value goes": (put("consent", "purpose", enum=["other"]), "/properties/consent/properties/purpose/enum"),
    "values are closed": (put("track", enum=["A", "B", "C"]), "/properties/track/enum"),
    "a value is fixed": (put("track", const="A"), "/properties/track/const"),
    "a text shortens": (put("programme", maxLength=10), "/properties/programme/maxLength"),
    "a limit appears": (put("child", "birth_date", maxLength=10), "/properties/child/properties/birth_date/maxLength"),
    "a list shortens": (put("guardians", maxItems=2), "/properties/guardians/maxItems"),
    "a list must have something": (put("guardians", minItems=1), "/properties/guardians/minItems"),
    "a number rises": (put("consent", "guardian", minimum=1), "/properties/consent/properties/guardian/minimum"),
    "a pattern changes": (put("track", pattern="^[ABC]$"), "/properties/track/pattern"),
    "a format appears": (put("programme", format="uri"), "/properties/programme/format"),
    "a condition appears": (lambda root: root.update({"if": {}, "then": {}}), "/if"),
    "the exchange changes": (lambda root: root.update({"x-deltag-exchange": "deltag.other"}), "/x-deltag-exchange"),
    "the id changes": (lambda root: root.update({"$id": "urn:other"}), "/$id"),
    "items close": (put("guardians", uniqueItems=True), "/properties/guardians/uniqueItems"),
    "a field becomes impossible": (lambda root: root["properties"].update({"consent": False}), "/properties/consent/not"),
}

HARMLESS_TO_SENDERS: dict[str, Change] = {
    "a new optional field": add("note", type="string"),
    "a required field becomes optional": relax("track"),
    "a type widens": put("guardians", "0", "custody", type=["boolean", "null"]),
    "an integer becomes a number": put("consent", "guardian", type="number"),
    "a value is added": put("consent", "purpose", enum=["photos", "take-part"]),
    "values are opened": put("consent", "purpose", enum=None),
    "a text may be longer": put("programme", maxLength=128),
    "a limit goes": put("programme", maxLength=None),
    "a list may be longer": put("guardians", maxItems=20),
    "a pattern goes": put("track", pattern=None),
    "a format goes": put("guardians", "0", "email", format=None),
    "unknown fields are let by": lambda root: root.pop("additionalProperties"),
    "a description changes": put("track", description="Better said.", title="Track"),
    "a listener is added": lambda root: root.update({"x-deltag-listeners": ["registration", "reporting"]}),
    "a field is marked as old": put("track", deprecated=True),
}

BREAKS_READERS: dict[str, tuple[Change, str]] = {
    "a required field goes": (drop("contact_id"), "/properties/contact_id"),
    "a required field becomes optional": (relax("seats"), "/required"),
    "a new field is required": (add("household_id", required=True, type="string"), "/required"),
    "a field may be null": (put("contact_id", type=["string", "null"]), "/properties/contact_id/type"),
    "a field may be null no more": (put("reason", type="string"), "/properties/reason/type"),
    "a value is added": (
        put("party", "0", "role", enum=["child", "guardian", "professional", "visitor"]),
        "/properties/party/items/properties/role/enum",
    ),
    "a value goes": (put("party", "0", "role", enum=["child", "guardian"]), "/properties/party/items/properties/role/enum"),
    "a state changes its word": (put("status", const="placed"), "/properties/status/const"),
    "a format changes": (put("signed_up_at", format="date"), "/properties/signed_up_at/format"),
    "a text may be longer": (put("reason", maxLength=100), "/properties/reason/maxLength"),
    "an empty list is possible": (put("party", minItems=0), "/properties/party/minItems"),
    "unknown fields are forbidden": (lambda root: root.update({"additionalProperties": False}), "/additionalProperties"),
    "a fact becomes a request": (lambda root: root.update({"x-deltag-kind": "request"}), "/x-deltag-kind"),
    "it is guarded less": (lambda root: root.update({"x-deltag-classification": "public"}), "/x-deltag-classification"),
}

HARMLESS_TO_READERS: dict[str, Change] = {
    "a new optional field": add("household_id", type="string", format="uuid"),
    "a new optional field inside a list": add("party", "0", "age_group", type="string"),
    "a description changes": put("seats", description="Better said."),
    "a listener is added": lambda root: root.update({"x-deltag-listeners": ["notifications", "registration", "reporting"]}),
    "the order of words in a set": put("party", "0", "role", enum=["professional", "guardian", "child"]),
}


@pytest.mark.parametrize(("change", "pointer"), BREAKS_SENDERS.values(), ids=BREAKS_SENDERS)
def test_a_request_refuses_nothing_that_it_took(change: Change, pointer: str) -> None:
    """Whatever would turn away a sender is found, with its place."""
    assert pointer in [found for found, _rule in changed(REQUEST, change)]


@pytest.mark.parametrize("change", HARMLESS_TO_SENDERS.values(), ids=HARMLESS_TO_SENDERS)
def test_a_request_may_take_more(change: Change) -> None:
    """Whatever lets every sender through as before passes."""
    assert changed(REQUEST, change) == []


@pytest.mark.parametrize(("change", "pointer"), BREAKS_READERS.values(), ids=BREAKS_READERS)
def test_a_fact_keeps_its_word(change: Change, pointer: str) -> None:
    """Whatever would surprise a reader, or make the log's old facts invalid, is found, with its place."""
    assert pointer in [found for found, _rule in changed(FACT, change)]


@pytest.mark.parametrize("change", HARMLESS_TO_READERS.values(), ids=HARMLESS_TO_READERS)
def test_a_fact_may_say_more(change: Change) -> None:
    """Whatever leaves every reader as he was passes."""
    assert changed(FACT, change) == []


@pytest.mark.parametrize("name", names())
def test_no_change_breaks_nobody(name: str) -> None:
    """Every contract is compatible with itself."""
    assert breaking(schema(name), copy.deepcopy(schema(name))) == []


def test_the_envelope_is_held_to_the_same_law() -> None:
    """An attribute of the envelope cannot go either."""
    envelope = read(contracts() / "cloudevent.schema.json")
    new = copy.deepcopy(envelope)
    del new["properties"]["sequence"]
    assert [found.pointer for found in breaking(envelope, new)] == ["/properties/sequence"]


def test_a_reference_is_followed() -> None:
    """A rule that moves into `$defs` is no change; one that changes there is."""
    old = {"x-deltag-kind": "request", "properties": {"code": {"type": "string", "maxLength": 9}}}
    moved = {
        "x-deltag-kind": "request",
        "properties": {"code": {"$ref": "#/$defs/code", "title": "Code"}},
        "$defs": {"code": {"type": "string", "maxLength": 9}},
    }
    shorter = {**moved, "$defs": {"code": {"type": "string", "maxLength": 5}}}
    assert breaking(old, moved) == []
    assert [found.pointer for found in breaking(old, shorter)] == ["/properties/code/maxLength"]


def test_a_schema_that_contains_itself_is_compared_once() -> None:
    """A recursive schema ends."""
    tree = {"$defs": {"node": {"properties": {"child": {"$ref": "#/$defs/node"}}}}, "$ref": "#/$defs/node"}
    assert breaking(tree, copy.deepcopy(tree)) == []


def nodes(node: Any) -> list[dict[str, Any]]:
    """Every object inside a schema."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(inner for child in below for inner in nodes(child))]


def disturb(data: st.DataObject, root: dict[str, Any]) -> None:
    """One random change of one keyword, somewhere."""
    node = data.draw(st.sampled_from(nodes(root)))
    keyword = data.draw(st.sampled_from([*node, "maxLength", "minItems", "enum", "required"]))
    value = node.get(keyword)
    choices: list[Any] = [["A"], 3, "string", {}]
    if isinstance(value, int):
        choices = [value + 1, value - 1]
    elif isinstance(value, list):
        choices = [value[1:], [*value, "other"]]
    node.pop(keyword, None) if data.draw(st.booleans()) else node.__setitem__(keyword, data.draw(st.sampled_from(choices)))


@given(st.data())
def test_what_passes_takes_all_that_was_taken(data: st.DataObject) -> None:
    """Whatever is done to a request's schema: if the law lets it pass, what was valid is valid still."""
    new = copy.deepcopy(schema(REQUEST))
    disturb(data, new)
    try:
        gate = Gate(new)
    except ValueError:
        return  # it is no schema any more, and the check says so before it compares
    assert breaking(schema(REQUEST), new) or gate.problems(example(REQUEST)["data"]) == []
