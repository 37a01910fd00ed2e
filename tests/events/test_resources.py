"""The files that come with the service: every rule has its texts, every kind its audience."""

import string

from services.events.domain.activity import Audience
from services.events.domain.refusal import Refusal, Slug
from services.events.resources import load


def gaps(text: str) -> set[str]:
    """The names in curly brackets."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_rule_has_its_texts() -> None:
    """No rule is without a Danish and an English text, and no text without a rule."""
    texts = load().texts
    assert set(texts) == {slug.value for slug in Slug}
    assert all(text["da"] and text["en"] for text in texts.values())


def test_both_languages_say_the_same() -> None:
    """A text has the same gaps in both languages."""
    assert [slug for slug, text in load().texts.items() if gaps(text["da"]) != gaps(text["en"])] == []


def test_gaps_are_filled() -> None:
    """What a rule knows, such as a number of seats, stands in what people read."""
    reason = load().reason(Refusal(Slug.PARTY_TOO_LARGE, "/party", {"seats": 5, "capacity": 4}))
    assert reason.da == "I er 5, men der er kun 4 pladser i alt. Tilmeld færre."


def test_kinds_of_the_programme() -> None:
    """Workshops, parents' events and home visits are for families; the parts of a competence course are for professionals."""
    kinds = load().kinds
    families = {code for code, kind in kinds.items() if kind.audience is Audience.FAMILIES}
    assert families == {"workshop", "parents-event", "home-visit"}
    assert set(kinds) - families == {"course", "learning-lab", "action-learning", "supervision"}
    assert all(kind.ways for kind in kinds.values())
