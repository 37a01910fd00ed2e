"""The send ledger's steps and delays."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.mail import FIRST_DELAY, LEASE, LONGEST_DELAY, MAX_ATTEMPTS, Status, delay
from tests.notifications.builders import DAY, MONDAY, a_mail

attempts = st.integers(1, MAX_ATTEMPTS)


def test_a_started_mail_has_a_lease() -> None:
    """A mail that somebody begins to send is his for the length of the lease, and the attempt is counted at once."""
    mail = a_mail().start(MONDAY)
    assert (mail.status, mail.attempts, mail.due_at) == (Status.SENDING, 1, MONDAY + LEASE)


def test_every_step_is_a_new_version() -> None:
    """Every step raises the version by one, so that a process with an old lease can be told."""
    mail = a_mail()
    assert [mail.start(MONDAY).version, mail.start(MONDAY).sent().version] == [1, 2]


def test_a_mail_given_back_was_no_attempt() -> None:
    """A mail that was taken and not tried is due again at once, and nobody's attempt."""
    mail = a_mail().start(MONDAY).give_back(MONDAY)
    assert (mail.status, mail.attempts, mail.due_at) == (Status.QUEUED, 0, MONDAY)


def test_a_passing_fault_puts_a_mail_off() -> None:
    """After a passing fault a mail is queued for later, with the reason."""
    mail = a_mail().start(MONDAY).put_off("smtp-450", MONDAY)
    assert (mail.status, mail.reason) == (Status.QUEUED, "smtp-450")
    assert mail.due_at is not None
    assert mail.due_at > MONDAY


def test_the_last_attempt_fails() -> None:
    """When the attempts are used up a passing fault is the end, and the mail is due no more."""
    mail = a_mail(attempts=MAX_ATTEMPTS).put_off("smtp-450", MONDAY)
    assert (mail.status, mail.reason, mail.due_at) == (Status.FAILED, "smtp-450", None)


def test_a_mail_at_its_end_is_not_due() -> None:
    """A mail that was sent, failed or was suppressed is never looked at again."""
    mail = a_mail().start(MONDAY)
    assert {mail.sent().due_at, mail.fail("smtp-550").due_at, mail.suppress("overtaken").due_at} == {None}


def test_a_retried_mail_begins_anew() -> None:
    """An operator's retry gives a failed mail all its attempts again."""
    mail = a_mail(attempts=MAX_ATTEMPTS).fail("smtp-550").retry(MONDAY)
    assert (mail.status, mail.attempts, mail.due_at) == (Status.QUEUED, 0, MONDAY)


@given(attempts)
def test_delays_stay_within_bounds(count: int) -> None:
    """A delay is never shorter than four fifths of a minute nor longer than six hours and a fifth."""
    assert 0.8 * FIRST_DELAY <= delay(a_mail(attempts=count)) <= 1.2 * LONGEST_DELAY


@given(st.integers(1, MAX_ATTEMPTS - 1))
def test_delays_grow(count: int) -> None:
    """A mail waits longer after each attempt, until the longest delay is reached."""
    mail = a_mail()
    now, next_time = delay(a_mail(mail_id=mail.mail_id, attempts=count)), delay(a_mail(mail_id=mail.mail_id, attempts=count + 1))
    assert now < next_time or next_time >= 0.8 * LONGEST_DELAY


def test_delays_are_spread() -> None:
    """Mails that were put off together do not come back together."""
    assert len({delay(a_mail(attempts=1)) for _ in range(20)}) > 10


def test_the_attempts_last_a_day_and_a_half() -> None:
    """A server that is unwell for a day and a quarter loses no mail, and nobody is told about next week's past."""
    total = sum((delay(a_mail(attempts=count)) for count in range(1, MAX_ATTEMPTS)), timedelta())
    assert 1.2 * DAY < total < 2 * DAY
