"""Who lives together."""

from datetime import date

from services.registration.domain.address import Address
from services.registration.domain.guardianship import Guardianship, Spell, Terms
from services.registration.domain.household import Household, households

DAY = date(2024, 3, 1)
HOME, AWAY = Address("Prøvevej 12, 2. th.", "2750", "Ballerup"), Address("Eksempelstien 3", "2740", "Skovlunde")


def lives(child: str, guardian: str, *, residence: bool = True, until: date | None = None) -> Guardianship:
    """The child lives with the guardian (or does not), until a day."""
    return Guardianship(child, guardian, [Spell(None, until, Terms("other", custody=True, contact_allowed=True, residence=residence))])


def test_guardians_at_one_address_are_one_household() -> None:
    """However each of them spells the address."""
    spelt = Address("prøvevej 12 2 TH", "2750", "Ballerup")
    assert households([lives("asta", "mona"), lives("asta", "karim")], {"mona": HOME, "karim": spelt}, DAY) == [
        Household(("karim", "mona"), ("asta",))
    ]


def test_a_child_may_have_two_households() -> None:
    """It lives with two guardians at two addresses, with other children at one of them."""
    everyone = [lives("asta", "mona"), lives("asta", "karim"), lives("bo", "karim")]
    assert households(everyone, {"mona": HOME, "karim": AWAY}, DAY) == [
        Household(("karim",), ("asta", "bo")),
        Household(("mona",), ("asta",)),
    ]


def test_who_does_not_live_with_a_child_has_no_household_here() -> None:
    """Custody alone makes no household."""
    assert households([lives("asta", "mona"), lives("asta", "karim", residence=False)], {}, DAY) == [Household(("mona",), ("asta",))]


def test_where_no_address_is_known_the_children_tell() -> None:
    """Guardians with the same children are taken to live together, and one with other children not."""
    everyone = [lives("asta", "mona"), lives("asta", "karim"), lives("bo", "ali"), lives("asta", "ali")]
    assert households(everyone, {}, DAY) == [Household(("ali",), ("asta", "bo")), Household(("karim", "mona"), ("asta",))]


def test_a_household_is_that_of_a_day() -> None:
    """On the day on which a child has moved out it is no member any more."""
    assert households([lives("asta", "mona", until=DAY)], {"mona": HOME}, DAY) == []
    assert households([lives("asta", "mona", until=date(2024, 3, 2))], {"mona": HOME}, DAY) == [Household(("mona",), ("asta",))]
