"""Which mail a change of a sign-up calls for."""

import pytest

from services.notifications.domain.mail import Kind
from services.notifications.domain.signup import Standing, called_for, still_true
from tests.notifications.builders import a_signup


@pytest.mark.parametrize(
    ("change", "reason", "kind"),
    [
        ("seated", None, Kind.CONFIRMATION),
        ("waitlisted", None, Kind.WAITING),
        ("promoted", None, Kind.PROMOTION),
        ("cancelled", "by-family", Kind.CANCELLATION),
        ("cancelled", None, Kind.CANCELLATION),
        ("cancelled", "called-off", Kind.CALLED_OFF),
        ("cancelled", "transferred", None),
        ("offered", None, Kind.OFFER),
        ("declined", "offer-declined", Kind.CANCELLATION),
        ("expired", None, Kind.OFFER_EXPIRED),
    ],
)
def test_every_change_has_its_mail(change: str, reason: str | None, kind: Kind | None) -> None:
    """Every change of a sign-up calls for one kind of mail, a transfer for none; a called-off activity is told differently."""
    assert called_for(change, reason) is kind


@pytest.mark.parametrize("kind", Kind)
def test_every_mail_is_true_while_it_says_what_is(kind: Kind) -> None:
    """What a mail says holds in one standing of the sign-up; that times have changed while it is active, that an offer expired after it."""
    standings = [standing for standing in Standing if still_true(kind, a_signup(standing=standing))]
    several = {
        Kind.CHANGE: [Standing.SEATED, Standing.OFFERED, Standing.WAITING],
        Kind.OFFER_EXPIRED: [Standing.WAITING, Standing.CANCELLED],
    }
    assert standings == several[kind] if kind in several else len(standings) == 1
