"""What rules that are data ask of people, and what they answer."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.rule import EVERYBODY, Ages, AgeUnit, Condition, Rule
from services.events.domain.signup import PartyRole
from services.events.domain.traits import Traits

DAY = date(2026, 11, 9)


def a_child(*, reached: bool = False, **details: object) -> Traits:
    """A child of two and a half years in a daycare house in Hedegården, on track A."""
    traits = {"tracks": {"A"}, "districts": {"hedegaarden"}, "institutions": {"birkegaarden"}, "birth_months": {"2024-05"}} | details
    return Traits(PartyRole.CHILD, reached=reached, **{name: frozenset(value) for name, value in traits.items()})  # type: ignore[call-overload]


def answered(rule: Rule, traits: Traits) -> list[tuple[str, bool]]:
    """Each answer: the rule's name, and whether it is so."""
    return [(answer.slug.value, answer.met) for answer in rule.answers(traits, DAY)]


def test_a_rule_without_conditions_is_for_everybody() -> None:
    """Nothing is asked, and everybody counts."""
    assert answered(EVERYBODY, a_child()) == []
    assert EVERYBODY.lets_in(a_child(), DAY)
    assert EVERYBODY.counts(a_child(), DAY)


@pytest.mark.parametrize(
    ("condition", "slug"),
    [
        (Condition(roles=(PartyRole.CHILD,)), "rule-roles"),
        (Condition(tracks=("A", "B")), "rule-tracks"),
        (Condition(districts=("hedegaarden",)), "rule-districts"),
        (Condition(institutions=("birkegaarden",)), "rule-institutions"),
        (Condition(ages=Ages(AgeUnit.YEARS, 2, 2)), "rule-age-in-years"),
        (Condition(ages=Ages(AgeUnit.MONTHS, 30, 30)), "rule-age-in-months"),
        (Condition(not_attended=("workshop",)), "rule-not-attended"),
        (Condition(never_reached=True), "rule-never-reached"),
    ],
)
def test_why(condition: Condition, slug: str) -> None:
    """Who meets a condition is told which one."""
    assert answered(Rule(all=(condition,)), a_child()) == [(slug, True)]


@pytest.mark.parametrize(
    ("condition", "slug"),
    [
        (Condition(roles=(PartyRole.GUARDIAN,)), "rule-roles"),
        (Condition(programmes=("another",)), "rule-programmes"),
        (Condition(tracks=("C",)), "rule-tracks"),
        (Condition(districts=("baltorp",)), "rule-districts"),
        (Condition(professions=("pedagogue",)), "rule-professions"),
        (Condition(ages=Ages(AgeUnit.MONTHS, 31)), "rule-age-in-months"),
        (Condition(ages=Ages(AgeUnit.YEARS, 0, 1)), "rule-age-in-years"),
        (Condition(attended=("learning-lab",)), "rule-attended"),
        (Condition(not_attended=("workshop",)), "rule-not-attended"),
        (Condition(never_reached=True), "rule-never-reached"),
    ],
)
def test_why_not(condition: Condition, slug: str) -> None:
    """Who does not meet a condition is told which one."""
    rule = Rule(all=(condition,))
    assert answered(rule, a_child(attended={"workshop"}, reached=True)) == [(slug, False)]
    assert not rule.lets_in(a_child(attended={"workshop"}, reached=True), DAY)


def test_everything_in_a_condition_must_hold() -> None:
    """A condition that asks for several things answers for each of them."""
    rule = Rule(all=(Condition(tracks=("A",), districts=("baltorp",)),))
    assert answered(rule, a_child()) == [("rule-tracks", True), ("rule-districts", False)]
    assert not rule.lets_in(a_child(), DAY)


def test_one_of_several_is_enough() -> None:
    """Of alternatives the first that holds is the reason; when none does, all are told."""
    rule = Rule(any=(Condition(districts=("baltorp",)), Condition(tracks=("A",))))
    assert answered(rule, a_child()) == [("rule-tracks", True)]
    assert answered(rule, a_child(tracks={"B"})) == [("rule-none-of", False), ("rule-districts", False), ("rule-tracks", False)]


def test_what_may_not_be_told_keeps_nobody_out() -> None:
    """A protected child's place and month of birth are unknown: the child may come, and counts in no quota."""
    rule = Rule(all=(Condition(districts=("baltorp",), ages=Ages(AgeUnit.YEARS, 4)),))
    protected = a_child(districts={None}, birth_months={None})
    assert [(answer.met, answer.known) for answer in rule.answers(protected, DAY)] == [(False, False), (False, False)]
    assert rule.lets_in(protected, DAY)
    assert not rule.counts(protected, DAY)


def test_a_month_older_on_the_first_of_each_month() -> None:
    """Nobody knows the day of birth: the whole month of a birthday counts as after it, and the day of the session decides."""
    year_old = Ages(AgeUnit.YEARS, 1, 1)
    assert not year_old.include("2025-11", date(2026, 10, 31))
    assert year_old.include("2025-11", date(2026, 11, 1))
    assert year_old.include("2025-11", date(2027, 10, 31))
    assert not year_old.include("2025-11", date(2027, 11, 1))


@given(months=st.integers(0, 72), day=st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_every_child_has_one_age(months: int, day: date) -> None:
    """On any day a child is of exactly one age in months and one in years, and they agree."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    born = f"{year:04}-{month + 1:02}"
    assert [age for age in range(80) if Ages(AgeUnit.MONTHS, age, age).include(born, day)] == [months]
    assert [age for age in range(8) if Ages(AgeUnit.YEARS, age, age).include(born, day)] == [months // 12]


def test_what_counts_lets_in() -> None:
    """Whoever counts by a rule may also come by it."""
    rules = [Rule(all=(Condition(tracks=("A",)),)), Rule(any=(Condition(tracks=("B",)), Condition(districts=("hedegaarden",))))]
    assert all(rule.counts(a_child(), DAY) and rule.lets_in(a_child(), DAY) for rule in rules)
