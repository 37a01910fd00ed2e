"""The gate of `services/chassis/contracts.py`: a fast yes, or everything that is wrong."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.contracts import FOLDER, Gate, by_type, example, names, pointer, problems, schema

REQUEST = "enrolment.requested/v1"
ENVELOPE = Gate(json.loads((FOLDER / "cloudevent.schema.json").read_text(encoding="utf-8")))
MARK = "kendetegn-4711"


def a_request(**changes: Any) -> dict[str, Any]:
    """The data of the example, with some fields set anew."""
    return {**copy.deepcopy(example(REQUEST)["data"]), **changes}


def found(data: Any, contract: str = REQUEST) -> list[tuple[str, str]]:
    """Slugs and fields of all that the gate finds."""
    return [(reason.slug, reason.field) for reason in problems(contract, data)]


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value that is no list and no object."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in children:
        yield from leaves(child, (*path, step))
    if not isinstance(node, dict | list):
        yield path


def with_value(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the data with another value in one place."""
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = with_value(data[path[0]], path[1:], value)
    return changed


@pytest.mark.parametrize("name", names())
def test_every_example_is_valid(name: str) -> None:
    """The example of every contract keeps the contract and the envelope."""
    event = example(name)
    assert (problems(name, event["data"]), ENVELOPE.problems(event)) == ([], [])


def test_it_says_everything_at_once() -> None:
    """A request with three mistakes gets three reasons, sorted by field."""
    data = a_request(start_date="1 March 2024", guardians="none")
    del data["child"]["birth_date"]
    assert found(data) == [("field-missing", "/child/birth_date"), ("wrong-type", "/guardians"), ("wrong-format", "/start_date")]


@pytest.mark.parametrize(
    ("changes", "slug", "field"),
    [
        ({"programme": None}, "wrong-type", "/programme"),
        ({"track": ""}, "wrong-format", "/track"),
        ({"institution": "Birkegården"}, "wrong-format", "/institution"),
        ({"programme": "p" * 65}, "too-long", "/programme"),
        ({"guardians": [{}]}, "field-missing", "/guardians/0/custody"),
        ({"start_date": "0000-01-01"}, "wrong-format", "/start_date"),
        ({"start_date": "2023-02-29"}, "wrong-format", "/start_date"),
        ({"nickname": "Asta"}, "unknown-field", "/nickname"),
    ],
)
def test_every_rule_has_its_slug_and_its_place(changes: dict[str, Any], slug: str, field: str) -> None:
    """Each broken rule is named by a slug, at a JSON pointer."""
    assert (slug, field) in found(a_request(**changes))


@pytest.mark.parametrize("number", ["740522-4015", "7405224015", "310222-4015", "3102224015", "910165-1234"])
def test_a_cpr_number_may_have_a_dash_and_a_replaced_day(number: str) -> None:
    """Both kinds are taken, with and without a dash; neither modulus 11 nor the calendar (31 February) is this gate's business."""
    assert found(with_value(a_request(), ("child", "cpr_number"), number)) == []


@pytest.mark.parametrize(
    "number", ["", "740522-401", "74052240155", "320522-4015", "600522-4015", "921265-1234", "141322-4015", "\uff17\uff14" + "05224015"]
)
def test_what_is_no_cpr_number_is_refused(number: str) -> None:
    """Wrong lengths, impossible days and months, and digits of other scripts are refused."""
    assert found(with_value(a_request(), ("child", "cpr_number"), number)) == [("wrong-format", "/child/cpr_number")]


@pytest.mark.parametrize("phone", ["20000017", "20 00 00 17", "+4520000017", "+45 20 00 00 17", "+923001234567"])
def test_a_telephone_number_is_danish_or_international(phone: str) -> None:
    """Eight Danish digits or E.164, with single spaces."""
    assert found(with_value(a_request(), ("guardians", 0, "phone"), phone)) == []


def test_a_name_may_be_written_in_any_script() -> None:
    """Danish, Arabic and Vietnamese names are names; blanks and control characters are not."""
    good = ["Åse-Märta O'Brien", "محمد", "Nguyễn Thị"]
    bad = [" ", "A\x00b", "A\nb"]
    verdicts = [found(with_value(a_request(), ("child", "given_name"), name)) for name in good + bad]
    assert verdicts == [[]] * 3 + [[("wrong-format", "/child/given_name")]] * 3


def test_no_guardian_is_a_question_for_registration() -> None:
    """An empty list keeps the contract, so that the answer can be `missing-guardian` among all other reasons."""
    assert found(a_request(guardians=[], consent=None)) == [("wrong-type", "/consent")]


def test_the_texts_say_rule_and_remedy_in_both_languages() -> None:
    """A reason quotes the schema's own rule, in Danish and in English, and says what to do."""
    (reason,) = problems(REQUEST, a_request(start_date="soon"))
    assert reason.en == "It must be a date as YYYY-MM-DD that exists in the calendar. Correct the value."
    assert reason.da == "Skal være en dato som ÅÅÅÅ-MM-DD, der findes i kalenderen. Ret værdien."


def test_an_unlikely_field_name_is_not_repeated() -> None:
    """Somebody's CPR number or name as a key is not quoted: the reason points at the object around it."""
    data = with_value(a_request(), ("child",), {**a_request()["child"], "740522-4015": True, "Asta Test": 1})
    assert found(data) == [("unknown-field", "/child")]


def test_text_that_is_no_unicode_is_refused() -> None:
    """A lone surrogate, which JSON can spell, is a reason and not a crash."""
    assert found(a_request(track="\ud800")) == [("wrong-encoding", "")]


@given(st.data())
def test_no_reason_repeats_what_was_sent(data: st.DataObject) -> None:
    """Whatever value is replaced by a mark, neither texts nor pointers hold the mark."""
    request = a_request()
    path = data.draw(st.sampled_from(list(leaves(request))))
    value = data.draw(st.sampled_from([MARK, [MARK], {MARK: MARK}, MARK * 100]))
    said = json.dumps([reason.as_dict() for reason in problems(REQUEST, with_value(request, path, value))], ensure_ascii=False)
    assert MARK not in said


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_gets_an_answer(data: Any) -> None:
    """Whatever JSON is sent, the gate answers with reasons that have a slug and both texts, and never raises."""
    reasons = problems(REQUEST, data)
    assert reasons
    assert all(reason.slug and reason.da and reason.en for reason in reasons)


@given(st.sets(st.sampled_from(["programme", "track", "institution", "start_date", "child", "guardians"])))
def test_each_missing_field_is_named(missing: set[str]) -> None:
    """However many fields are missing, each gets its own reason."""
    data = {name: value for name, value in a_request().items() if name not in missing}
    assert found(data) == [("field-missing", f"/{name}") for name in sorted(missing)]


def test_an_unknown_rule_still_gets_a_reason() -> None:
    """A keyword that the texts do not know is refused under `invalid`, naming the keyword."""
    (reason,) = Gate({"multipleOf": 5}).problems(3)
    assert (reason.slug, "multipleOf" in reason.en, "multipleOf" in reason.da) == ("invalid", True, True)


def test_a_pointer_escapes_its_separators() -> None:
    """RFC 6901: a tilde and a slash in a name are written ~0 and ~1."""
    assert pointer(["a/b", 0, "c~d"]) == "/a~1b/0/c~0d"


def test_an_unknown_contract_is_an_error_of_ours() -> None:
    """Asking for a contract that does not exist raises, since only our own code names contracts."""
    with pytest.raises(FileNotFoundError):
        problems("enrolment.forgotten/v1", {})


def test_every_type_leads_to_its_contract() -> None:
    """The contract of a message is found by its type."""
    assert by_type()["registration.enrolment.accepted.v1"] == "enrolment.accepted/v1"
    assert sorted(by_type().values()) == names()


def test_the_gate_reads_only_what_the_contract_names() -> None:
    """Facts tolerate unknown fields, so that a newer publisher breaks no reader; requests do not."""
    fact, request = example("signup.seated/v1")["data"], example(REQUEST)["data"]
    assert found(fact | {"added_later": 1}, "signup.seated/v1") == []
    assert found(request | {"added_later": 1}) == [("unknown-field", "/added_later")]


def test_every_text_of_the_gate_has_a_rule_to_quote() -> None:
    """Each pattern, format and value rule of a request can be told to a person: the schema says it in both languages."""
    untold = [path for name in names() if schema(name)["x-deltag-kind"] == "request" for path in _untold(schema(name), name)]
    assert untold == []


def _untold(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        if {"pattern", "format"} & node.keys() and set(node.get("x-deltag-rule", ())) != {"da", "en"}:
            yield path
        for step, child in node.items():
            yield from _untold(child, f"{path}/{step}")
