"""The words of the answers."""

from services.registration.domain.objection import Objection, Rule
from services.registration.texts import TEXTS, explain


def test_every_rule_has_words_in_both_languages() -> None:
    """Each slug of the domain has a Danish and an English text."""
    assert {rule.value for rule in Rule} <= TEXTS.keys()
    assert all(set(text) == {"da", "en"} and all(text.values()) for text in TEXTS.values())


def test_the_words_name_the_limit() -> None:
    """A text is filled with the rule's own values."""
    [reason] = explain([Objection(Rule.CHILD_TOO_OLD, "/child/birth_date", {"age": 6})])
    assert "til og med 6 år" in reason.da
    assert "the age of 6" in reason.en
