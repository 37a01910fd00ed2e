"""The door's texts are complete: every rule in Danish and English, every message of marshmallow known."""

import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

import marshmallow
import pytest
from marshmallow import ValidationError, fields, validate

from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.http import texts

TEXTS = tomllib.loads(Path(texts.__file__).with_suffix(".toml").read_text(encoding="utf-8"))

FORMAT = {"obj_type": "datetime", "awareness": "aware", "choices": "a, b", "input": "…"}


def messages_of_fields() -> Iterator[str]:
    """Every message that a field can refuse a value with."""
    for _, kind in inspect.getmembers(fields, inspect.isclass):
        for key, message in {**getattr(kind, "default_error_messages", {})}.items():
            if key != "format":  # said when dumping
                yield message.format_map(FORMAT)


def messages_of_validators() -> Iterator[str]:
    """Every message of marshmallow's validators, provoked."""
    wrong: list[tuple[validate.Validator, object]] = [
        (validate.Length(min=2), "a"),
        (validate.Length(max=2), "abc"),
        (validate.Length(min=2, max=3), "a"),
        (validate.Length(equal=2), "a"),
        (validate.OneOf(["a", "b"]), "c"),
        (validate.ContainsOnly(["a", "b"]), ["c"]),
        (validate.ContainsNoneOf(["a"]), ["a"]),
        (validate.NoneOf(["a"]), "a"),
        (validate.Equal(1), 2),
        (validate.Regexp("a"), "b"),
        (validate.Email(), "b"),
        (validate.URL(), "b"),
        *((validate.Range(min=2, max=4, min_inclusive=low, max_inclusive=high), 0) for low in (True, False) for high in (True, False)),
        *((validate.Range(min=2, min_inclusive=low), 0) for low in (True, False)),
        *((validate.Range(max=2, max_inclusive=high), 5) for high in (True, False)),
    ]
    for validator, value in wrong:
        with pytest.raises(ValidationError) as refused:
            validator(value)
        yield str(refused.value.messages[0])


@pytest.mark.parametrize("message", sorted({*messages_of_fields(), *messages_of_validators()}))
def test_every_message_of_marshmallow_is_known(message: str) -> None:
    """No message of the library reaches a person untranslated."""
    reason = texts.of_marshmallow(message, "/field")
    assert reason.en != message
    assert "{" not in reason.da + reason.en


@pytest.mark.parametrize(
    ("validator", "value", "slug", "english"),
    [
        (validate.Range(min=2, max=4), 9, "out-of-range", "Must be from 2 to 4."),
        (validate.Range(min=2, min_inclusive=False), 1, "too-small", "Must be above 2."),
        (validate.Range(max=4), 9, "too-large", "Too great: at most 4."),
        (validate.Length(max=3), "abcd", "too-long", "Too long: at most 3."),
        (validate.Length(min=1, max=3), "", "length-out-of-range", "The length must be from 1 to 3."),
        (validate.Length(equal=3), "", "wrong-length", "The length must be 3."),
        (validate.OneOf(["da", "en"]), "fr", "unknown-value", "Choose one of: da, en."),
    ],
)
def test_the_rule_is_quoted(validator: validate.Validator, value: object, slug: str, english: str) -> None:
    """A text says the limit that was broken."""
    with pytest.raises(ValidationError) as refused:
        validator(value)
    reason = texts.of_marshmallow(str(refused.value.messages[0]), "/field")
    assert (reason.slug, reason.en) == (slug, english)


@pytest.mark.parametrize("slug", TEXTS)
def test_every_text_is_in_both_languages(slug: str) -> None:
    """Danish and English say the same rule, with the same gaps."""
    text = TEXTS[slug]
    gaps = [sorted(part.split("}")[0] for part in text[language].split("{")[1:]) for language in ("da", "en")]
    assert gaps[0] == gaps[1]
    assert text["da"] != text["en"]


def test_an_error_without_a_text_gets_that_of_its_kind() -> None:
    """`raise NotFound` alone is explained too, and so is a service's own slug."""
    assert texts.spoken(NotFound())[0].en == "It does not exist, or you may not know that it does."
    (reason,) = texts.spoken(Conflict("seat-taken"))
    assert (reason.slug, reason.en) == ("seat-taken", "It contradicts what already is.")


def test_an_errors_own_text_is_kept() -> None:
    """What the domain says about its rule is what people read."""
    (reason,) = texts.spoken(Invalid("child-too-old", field="/child", da="For gammel.", en="Too old."))
    assert (reason.da, reason.en) == ("For gammel.", "Too old.")


def test_an_unknown_message_is_said_in_both_languages() -> None:
    """A message in one language never stands for the other: the general rule is told instead."""
    reason = texts.of_marshmallow("Ring i stedet.", "/phone")
    assert (reason.slug, reason.da, reason.en) == ("invalid", TEXTS["invalid"]["da"], TEXTS["invalid"]["en"])


def test_a_month_is_explained() -> None:
    """A month in another form is told how it is written, in both languages."""
    reason = texts.of_marshmallow("Not a valid month.", "/from")
    assert (reason.slug, "2024-03" in reason.da, "2024-03" in reason.en) == ("wrong-format", True, True)


def test_marshmallow_is_the_version_whose_messages_are_known() -> None:
    """A new major version may say things differently: read its messages again."""
    assert marshmallow.fields.Field.default_error_messages["required"] == "Missing data for required field."
