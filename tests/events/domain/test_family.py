"""Who may be told of a child on a day, as far as its family is known."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.eligibility import Enrolment, Known
from services.events.domain.family import Permission, on

DAY = date(2026, 11, 2)
days = st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days))
permissions = st.builds(Permission, st.sampled_from("mfg"), st.booleans(), days, days)
enrolments = st.builds(Enrolment, st.sampled_from("cd"), st.just("sammen"), st.booleans(), st.frozensets(st.sampled_from("mfgh")))
families = st.dictionaries(st.sampled_from("cd"), st.lists(permissions, max_size=4))


def told(family: list[Permission], day: date) -> set[str]:
    """Those for whom everything that holds that day allows it."""
    holding = [one for one in family if one.holds(day)]
    return {one.guardian_id for one in holding if all(other.contact_allowed for other in holding if other.guardian_id == one.guardian_id)}


def test_from_its_first_day_until_before_its_last() -> None:
    """A permission holds from a day until before another; without them since ever, and until further notice."""
    permission = Permission("m", contact_allowed=True, valid_from=DAY, valid_until=DAY + timedelta(2))
    assert [permission.holds(DAY + timedelta(days)) for days in (-1, 0, 1, 2)] == [False, True, True, False]
    assert Permission("m", contact_allowed=True).holds(DAY)


@given(st.lists(enrolments, max_size=4), families, days.filter(bool))
def test_a_known_family_alone_says_who(known: list[Enrolment], families: dict[str, list[Permission]], day: date) -> None:
    """Of a known family those may be told who have a permission that day and nobody else; of another whom the enrolment names."""
    today = on(day, Known(known), families)
    for before, now in zip(known, today.enrolments, strict=True):
        family = families.get(before.child_id)
        assert now.guardian_ids == (before.guardian_ids if family is None else told(family, day))
        assert (now.child_id, now.programme, now.accepted) == (before.child_id, before.programme, before.accepted)


@given(st.lists(enrolments, max_size=4), families, days.filter(bool))
def test_nobody_is_told_and_barred(known: list[Enrolment], families: dict[str, list[Permission]], day: date) -> None:
    """Who was named as a guardian of a child that we know may be told of it, or is barred: one of the two."""
    today = on(day, Known(known), families)
    for before in known:
        named = before.guardian_ids | {one.guardian_id for one in families.get(before.child_id, ())}
        barred = {guardian for guardian in named if today.bars(guardian, [before.child_id])}
        assert barred == {guardian for guardian in named if not today.may_be_told(guardian, [before.child_id])}
