"""Seats that are held while a form is filled in."""

from datetime import timedelta

from services.chassis.ids import new_id
from services.events.domain.hold import Hold, lasts, why_not_confirm, why_not_extend, why_not_hold
from services.events.domain.refusal import Refusal
from tests.events.builders import NOW, a_signup


def a_hold(seats: int = 3) -> Hold:
    """Seats for so many, of whom all but one are children."""
    return Hold(new_id(), new_id(), "somebody", seats, {"children": seats - 1}, NOW + lasts(seats))


def slugs(refusals: list[Refusal]) -> list[str]:
    """The names of the rules that say no."""
    return [refusal.slug.value for refusal in refusals]


def test_a_larger_party_has_more_time() -> None:
    """Ten minutes, and two for each."""
    assert lasts(1) == timedelta(minutes=12)
    assert lasts(5) == timedelta(minutes=20)


def test_a_hold_is_over_at_its_end() -> None:
    """Until that moment it holds."""
    hold = a_hold()
    assert not hold.is_over(hold.expires_at - timedelta(seconds=1))
    assert hold.is_over(hold.expires_at)


def test_a_hold_is_extended_once() -> None:
    """It lasts its whole time again, from then."""
    hold = a_hold()
    longer = hold.longer(NOW + timedelta(minutes=15))
    assert longer.expires_at == NOW + timedelta(minutes=15) + lasts(3)
    assert (list(why_not_extend(hold)), slugs(list(why_not_extend(longer)))) == ([], ["hold-extended"])


def test_the_sign_up_may_be_smaller_than_the_hold() -> None:
    """But not larger, in any quota."""
    hold = a_hold(3)
    assert list(why_not_confirm(hold, a_signup(2, counted={"children": 1}))) == []
    assert slugs(list(why_not_confirm(hold, a_signup(4, counted={"children": 2})))) == ["hold-too-small"]
    assert slugs(list(why_not_confirm(hold, a_signup(3, counted={"children": 3})))) == ["hold-too-small"]
    assert slugs(list(why_not_confirm(None, a_signup(1)))) == ["hold-gone"]


def test_nobody_holds_too_much() -> None:
    """One hold an activity, and no more than so many in all."""
    assert slugs(list(why_not_hold(1, 2, holds_here=True))) == ["hold-exists"]
    assert slugs(list(why_not_hold(2, 2, holds_here=False))) == ["holds-too-many"]
    assert list(why_not_hold(1, 2, holds_here=False)) == []
