"""A party's sign-up, from the line to a seat or away."""

from services.chassis.ids import new_id
from services.events.domain.signup import Member, PartyRole, SignupStatus
from tests.events.builders import a_family, a_party, a_signup


def test_each_person_takes_a_seat() -> None:
    """A party takes as many seats as it has people."""
    assert a_signup(party=a_family(children=2).party(guardians=2)).seats == 4


def test_cancelled_party_holds_nothing() -> None:
    """A cancelled sign-up has no place in the line, and says why it was cancelled."""
    signup = a_signup(2)
    signup.wait(3)
    signup.cancel("by-family")
    assert (signup.status, signup.position, signup.reason) == (SignupStatus.CANCELLED, None, "by-family")
    assert not signup.active


def test_family_cancels_as_a_family() -> None:
    """The reason of a family's own cancellation is `by-family`."""
    assert a_signup(party=a_party(2)).own_reason == "by-family"


def test_professional_cancels_as_a_professional() -> None:
    """The reason of a professional's own cancellation is `by-professional`."""
    assert a_signup(party=[Member(new_id(), PartyRole.PROFESSIONAL)]).own_reason == "by-professional"
