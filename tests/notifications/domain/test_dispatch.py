"""Which mails are sent, which wait, and which are not sent at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.dispatch import Due, step
from services.notifications.domain.mail import MAX_ATTEMPTS, Kind, Mail, Status
from services.notifications.domain.signup import Standing, still_true
from tests.notifications.builders import DAY, HOUR, MONDAY, PATIENCE, a_due, a_mail, a_session, a_signup, an_activity


def after(due: Due, days: float = 0) -> Mail:
    """The mail after its step, some days from now."""
    return step(due, MONDAY + days * DAY, PATIENCE)


def a_reminder(**session: object) -> Due:
    """A reminder of an activity's only session."""
    meeting = a_session(**session)
    return a_due(mail=a_mail(kind=Kind.REMINDER, session_id=meeting.session_id), activity=an_activity(meeting))


def test_a_complete_mail_is_sent() -> None:
    """A mail that has all it needs and is still true is sent."""
    assert after(a_due()).status is Status.SENDING


@pytest.mark.parametrize("missing", [{"card": None}, {"activity": None}, {"card": None, "activity": None}])
def test_an_incomplete_mail_waits(missing: dict[str, None]) -> None:
    """A mail whose contact card or activity has not come yet waits until patience ends, counted from when it was queued."""
    mail = after(a_due(**missing), days=1)
    assert (mail.status, mail.due_at) == (Status.HELD, MONDAY + PATIENCE)


def test_patience_ends() -> None:
    """A mail whose contact card never came is suppressed with the reason `no-address`."""
    mail = after(a_due(card=None), days=3)
    assert (mail.status, mail.reason) == (Status.SUPPRESSED, "no-address")


def test_a_missing_activity_is_named() -> None:
    """A mail whose activity never came says so."""
    assert after(a_due(activity=None), days=3).reason == "no-activity"


def test_a_confirmation_overtaken_by_a_cancellation_is_not_sent() -> None:
    """Who cancelled before his confirmation went out is not told that he has a seat."""
    mail = after(a_due(signup=a_signup(standing=Standing.CANCELLED)))
    assert (mail.status, mail.reason) == (Status.SUPPRESSED, "overtaken")


def test_nobody_waits_for_the_address_of_what_is_overtaken() -> None:
    """A mail that is no longer true is suppressed at once, also when its contact card has not come."""
    assert after(a_due(card=None, signup=a_signup(standing=Standing.CANCELLED))).reason == "overtaken"


def test_what_is_over_is_not_told() -> None:
    """A mail about an activity whose last session has ended is too late."""
    assert after(a_due(), days=8).reason == "too-late"


def test_an_activity_without_sessions_is_not_over() -> None:
    """A mail about an activity that has no sessions is sent all the same."""
    assert after(a_due(activity=an_activity(sessions=()))).status is Status.SENDING


def test_a_called_off_activity_is_told() -> None:
    """The mail that says an activity is called off goes out although the activity is not open."""
    due = a_due(mail=a_mail(kind=Kind.CALLED_OFF), signup=a_signup(standing=Standing.CANCELLED), activity=an_activity(status="called-off"))
    assert after(due).status is Status.SENDING


def test_a_reminder_is_sent() -> None:
    """A reminder of a session ahead goes out."""
    assert after(a_reminder()).status is Status.SENDING


def test_no_reminder_of_what_is_called_off() -> None:
    """Nobody is reminded of a session whose activity is called off."""
    due = a_reminder()
    assert due.activity is not None
    assert after(replace(due, activity=replace(due.activity, status="called-off"))).reason == "overtaken"


def test_no_reminder_of_a_session_that_is_no_more() -> None:
    """Nobody is reminded of a session that the activity no longer has."""
    assert after(replace(a_reminder(), activity=an_activity())).reason == "overtaken"


def test_no_reminder_of_what_has_begun() -> None:
    """A reminder that could not be sent before the session began is too late."""
    due = a_reminder(starts_at=MONDAY, ends_at=MONDAY + 2 * HOUR)
    assert after(due).reason == "too-late"


def test_a_mail_that_kills_its_process_ends() -> None:
    """A mail whose attempts were all counted beforehand and never noted fails instead of being taken up again."""
    mail = after(a_due(mail=a_mail(status=Status.SENDING, attempts=MAX_ATTEMPTS)))
    assert (mail.status, mail.reason) == (Status.FAILED, "attempts-used-up")


def test_only_a_complete_mail_can_be_written() -> None:
    """Nobody writes a letter without the activity and the card."""
    with pytest.raises(LookupError):
        a_due(card=None).complete()


@given(
    kind=st.sampled_from(Kind),
    standing=st.sampled_from(Standing),
    has_card=st.booleans(),
    has_activity=st.booleans(),
    days=st.floats(0, 20),
)
def test_only_what_is_true_is_sent(kind: Kind, standing: Standing, has_card: bool, has_activity: bool, days: float) -> None:  # noqa: FBT001
    """Whatever comes together, a mail is sent only if it is still true, complete and not too late."""
    activity = an_activity()
    mail = a_mail(kind=kind, session_id=activity.sessions[0].session_id if kind is Kind.REMINDER else None)
    due = Due(mail, a_signup(standing=standing), activity if has_activity else None, "sealed" if has_card else None)
    if after(due, days).status is Status.SENDING:
        assert still_true(kind, due.signup)
        assert has_card
        assert has_activity
        assert activity.remaining(MONDAY + days * DAY)
