"""What consents come to: laws that hold for whatever has been said, by whom and in what order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.consent import Consent, ConsentStatus, Holder, Standing, standing
from services.registration.domain.programme import Giver

MONDAY = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
MONA, KARIM, GRANDMOTHER = "mona", "karim", "grandmother"

moments = st.integers(0, 20).map(lambda hours: MONDAY + timedelta(hours=hours))


def a_consent(giver: str = MONA, *, at: datetime = MONDAY, withdrawn_at: datetime | None = None) -> Consent:
    """A consent to take part, for Asta."""
    consent = Consent(
        consent_id=f"{giver} {at} {withdrawn_at}",
        programme="sammen-om-boern",
        purpose="take-part",
        text_version="2024-1",
        language="da",
        channel="web",
        given_at=at,
        child_id="asta",
        guardian_id=giver,
    )
    if withdrawn_at:
        consent.withdraw(withdrawn_at)
    return consent


consents = st.lists(st.builds(a_consent, st.sampled_from([MONA, KARIM, GRANDMOTHER]), at=moments, withdrawn_at=st.none() | moments))
people = st.builds(Holder, st.sampled_from([MONA, KARIM, GRANDMOTHER]), st.booleans(), st.booleans())
families = st.lists(people, unique_by=lambda holder: holder.guardian_id)


@given(st.sampled_from(Giver), families, consents, st.randoms(use_true_random=False))
def test_order_and_repetition_make_no_difference(given_by: Giver, family: list[Holder], said: list[Consent], chance: object) -> None:
    """The same consents in another order, some of them twice, come to the same."""
    again = [*said, *said[:2]]
    chance.shuffle(again)  # type: ignore[attr-defined]  # Hypothesis gives a Random
    assert standing(given_by, family, again) is standing(given_by, family, said)


@given(families, consents)
def test_what_takes_more_is_in_force_more_rarely(family: list[Holder], said: list[Consent]) -> None:
    """What is in force with all holders is so with the residence parent, and what is so with him is so with one holder."""
    every, resident, one = (standing(who, family, said) for who in (Giver.ALL_HOLDERS, Giver.RESIDENCE_PARENT, Giver.ONE_HOLDER))
    assert resident is Standing.IN_FORCE or every is not Standing.IN_FORCE
    assert one is Standing.IN_FORCE or resident is not Standing.IN_FORCE


@given(st.sampled_from(Giver), families, consents)
def test_any_holder_may_withdraw_at_any_time(given_by: Giver, family: list[Holder], said: list[Consent]) -> None:
    """Whatever was said before, one holder's withdrawal is the end of it; when he gives it anew, it no longer stands against it."""
    later = MONDAY + timedelta(days=2)
    with_mona = [*(holder for holder in family if holder.guardian_id != MONA), Holder(MONA, custody=True)]
    only_mona = [Holder(MONA, custody=True)]
    withdrawn = [*said, a_consent(at=later, withdrawn_at=later)]
    assert standing(given_by, with_mona, withdrawn) is Standing.WITHDRAWN
    assert standing(given_by, only_mona, [*withdrawn, a_consent(at=later + timedelta(hours=1))]) is Standing.IN_FORCE


@given(st.sampled_from(Giver), families, consents, consents)
def test_who_has_no_custody_has_no_say(given_by: Giver, family: list[Holder], said: list[Consent], more: list[Consent]) -> None:
    """What somebody says who is no holder changes nothing, for or against."""
    without = [holder for holder in family if holder.guardian_id != GRANDMOTHER]
    hers = [a_consent(GRANDMOTHER, at=consent.given_at, withdrawn_at=consent.withdrawn_at) for consent in more]
    assert standing(given_by, without, [*said, *hers]) is standing(given_by, without, said)


@pytest.mark.parametrize(
    ("given_by", "said", "comes_to"),
    [
        (Giver.ONE_HOLDER, [], Standing.ASKED),
        (Giver.ONE_HOLDER, [KARIM], Standing.IN_FORCE),
        (Giver.RESIDENCE_PARENT, [KARIM], Standing.PARTLY_GIVEN),
        (Giver.RESIDENCE_PARENT, [MONA], Standing.IN_FORCE),
        (Giver.ALL_HOLDERS, [MONA], Standing.PARTLY_GIVEN),
        (Giver.ALL_HOLDERS, [MONA, KARIM], Standing.IN_FORCE),
    ],
)
def test_who_must_agree(given_by: Giver, said: list[str], comes_to: Standing) -> None:
    """Mona, with whom Asta lives, and Karim share custody: who of them must agree is the purpose's."""
    family = [Holder(MONA, custody=True, residence=True), Holder(KARIM, custody=True), Holder(GRANDMOTHER, custody=False)]
    assert standing(given_by, family, map(a_consent, said)) is comes_to


def test_while_nobody_knows_where_a_child_lives_it_takes_all_holders() -> None:
    """The rule for the residence parent does not fall on whoever answers first."""
    family = [Holder(MONA, custody=True), Holder(KARIM, custody=True)]
    assert standing(Giver.RESIDENCE_PARENT, family, [a_consent(MONA)]) is Standing.PARTLY_GIVEN
    assert standing(Giver.RESIDENCE_PARENT, family, [a_consent(MONA), a_consent(KARIM)]) is Standing.IN_FORCE


@given(moments, moments, moments)
def test_a_withdrawal_is_never_before_its_giving_and_the_first_one_counts(given_at: datetime, first: datetime, second: datetime) -> None:
    """Of two withdrawals the one that was said first counts; its moment is not before the one at which the consent was given."""
    consent = a_consent(at=given_at)
    assert consent.withdraw(first)
    assert consent.withdraw(second) == (max(second, given_at) < max(first, given_at))
    assert (consent.status, consent.withdrawn_at) == (ConsentStatus.WITHDRAWN, max(min(first, second), given_at))
