"""The life of a link or code, and the rules of what an applicant may ask for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.objection import Rule
from services.registration.domain.origin import How, OnBehalfOf
from services.registration.domain.request import ChildDetails, EnrolmentRequest, GuardianDetails
from services.registration.domain.sign_up import (
    MOST_TRIES,
    WINDOW,
    Address,
    Channel,
    Link,
    Session,
    addresses,
    nobodys,
    numbers,
    objections,
    wait,
)

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
RIGHT, WRONG = b"right" * 6 + b"..", b"wrong" * 6 + b".."


def a_link() -> Link:
    """A link that was asked for now."""
    return Link("link", Channel.SMS, "sammen-om-boern", "da", b"address", RIGHT, NOW, NOW + HALF_AN_HOUR)


def a_session(address: bytes = b"sara") -> Session:
    """What it opens."""
    return Session("session", "link", Channel.EMAIL, "sammen-om-boern", address, NOW, NOW + HALF_AN_HOUR)


def a_request(*guardians: GuardianDetails, programme: str = "sammen-om-boern") -> EnrolmentRequest:
    """An enrolment of one child."""
    child = ChildDetails(date(2022, 5, 14), "Asta", "Prøvesen", cpr_number="740522-4001")
    return EnrolmentRequest(programme, "A", "151001", date(2024, 3, 1), child, list(guardians))


@given(st.lists(st.one_of(st.sampled_from([RIGHT, WRONG]), st.integers(1, 20))))
def test_it_opens_once_while_it_holds(story: list[bytes | int]) -> None:
    """Whatever is tried when: it opens at most once, only with its secret, within half an hour and before the sixth try."""
    link, now, wrong, opened = a_link(), NOW, 0, 0
    for step in story:
        if isinstance(step, int):
            now += timedelta(minutes=step)
            continue
        expected = step == RIGHT and not opened and wrong < MOST_TRIES and now < NOW + HALF_AN_HOUR
        assert link.redeem(step, now) == expected
        opened += expected
        wrong += step == WRONG


def test_nobodys_link_never_opens() -> None:
    """What is looked at where there is no link refuses whatever is given, also what it holds itself."""
    nobody = nobodys(NOW)
    assert not any(nobodys(NOW).redeem(secret, NOW) for secret in (nobody.secret, RIGHT, b""))


@given(st.lists(st.none() | st.timedeltas(timedelta(0), WINDOW).map(lambda ago: NOW - ago)))
def test_who_waits_as_long_as_he_is_told_may_ask(reached: list[datetime | None]) -> None:
    """After the seconds that are told no limit is reached any more, and not much earlier."""
    seconds = wait(reached, NOW)
    then = NOW + timedelta(seconds=seconds)
    assert all(moment + WINDOW <= then for moment in reached if moment)
    assert seconds == 0 or any(moment + WINDOW > then - timedelta(seconds=1) for moment in reached if moment)


@pytest.mark.parametrize(("one", "other"), [("20 00 00 17", "+45 20000017"), ("20000017", "+4520 00 00 17")])
def test_a_number_is_one_however_it_is_written(one: str, other: str) -> None:
    """Spaces do not count, and eight digits alone are Danish."""
    assert Address.of(phone=one) == Address.of(phone=other) == Address(Channel.SMS, "+4520000017")


def test_an_address_is_one_however_it_is_written() -> None:
    """Capitals and spaces around it do not count."""
    assert Address.of(email=" Sara@Example.ORG ") == Address(Channel.EMAIL, "sara@example.org")


def test_an_address_is_one_of_two() -> None:
    """Neither, or both, is none."""
    assert Address.of() is None
    assert Address.of(email="sara@example.org", phone="20000017") is None


def test_a_guardian_has_the_proven_address() -> None:
    """Without one, for another programme, and on behalf of others it is refused, and all of it is told at once."""
    assert list(objections(a_request(), a_session(), [b"sara"])) == []
    asked = replace(a_request(programme="other"), on_behalf_of=OnBehalfOf(0, How.ON_PAPER, NOW))
    against = [found.rule for found in objections(asked, a_session(), [b"mona"])]
    assert against == [Rule.ADDRESS_NOT_PROVEN, Rule.LINK_FOR_ANOTHER_PROGRAMME, Rule.NOT_ON_BEHALF]


def test_everybody_who_is_named_is_found() -> None:
    """All addresses and all readable CPR numbers of a request."""
    mona = GuardianDetails("Mona", "Prøvesen", custody=True, email="Mona@example.org", phone="20000017", cpr_number="710180-4002")
    karim = GuardianDetails("Karim", "Prøvesen", custody=True, cpr_number="no number")
    asked = a_request(mona, karim)
    assert [address.text for address in addresses(asked)] == ["mona@example.org", "+4520000017"]
    assert {number.digits for number in numbers(asked)} == {"7405224001", "7101804002"}
