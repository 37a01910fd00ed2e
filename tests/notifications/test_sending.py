"""Several processes send from one ledger, and die while they do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from services.chassis.errors import Unavailable
from services.notifications import handlers
from services.notifications.domain.mail import LEASE
from tests.notifications.story import Story

MAILS = 120
Replicas = Callable[..., list[subprocess.Popen[str]]]


@pytest.fixture
def replicas(story: Story) -> Iterator[Replicas]:
    """`replicas(3)`: so many processes that are ready to send."""
    command = [sys.executable, "-m", "tests.notifications.replica", story.context.settings.database_url, story.server.url]
    with ExitStack() as cleanup:

        def start(count: int, **environment: str) -> list[subprocess.Popen[str]]:
            started = [cleanup.enter_context(ended(command, environment)) for _ in range(count)]
            assert [out(replica) for replica in started] == ["ready\n"] * count
            return started

        yield start


@contextmanager
def ended(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the test."""
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environment) as process:
        yield process
        process.kill()


def out(process: subprocess.Popen[str]) -> str:
    """The next line that it says."""
    assert process.stdout
    return process.stdout.readline()


def go(processes: list[subprocess.Popen[str]]) -> list[int]:
    """Let them all begin, and wait for their ends."""
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.wait(timeout=60) for process in processes]


def test_replicas_never_send_the_same_mail(story: Story, replicas: Replicas) -> None:
    """Three processes that send from one ledger at once share the work, and send every mail once."""
    people = [story.sara() for _ in range(5)]
    for number in range(MAILS):
        story.seats(people[number % 5])
    processes = replicas(3)
    assert go(processes) == [0, 0, 0]
    ids = [mail["Message-ID"] for mail in story.mails]
    assert (len(ids), len(set(ids))) == (MAILS, MAILS)
    assert {mail.attempts for mail in story.ledger()} == {1}
    assert story.told_states() == ["sent"] * MAILS
    shares = [int(out(process)) for process in processes]
    assert sum(shares) == MAILS > max(shares)


def test_a_process_that_dies_after_the_servers_yes(story: Story, replicas: Replicas) -> None:
    """A process killed between the server's yes and its note leaves a mail that is sent twice, with one Message-ID, and told once."""
    story.seats(story.sara())
    assert go(replicas(1, DELTAG_CRASH_POINT="mail-handed-over")) == [-signal.SIGKILL]
    story.send()
    assert len(story.mails) == 1
    story.later(LEASE)
    assert len(story.mails) == 2
    assert len({mail["Message-ID"] for mail in story.mails}) == 1
    assert story.told_states() == ["sent"]


def test_the_innocent_are_sent_once(story: Story, replicas: Replicas) -> None:
    """Of the mails that a killed process had taken only the one in its hand is sent twice."""
    sara = story.sara()
    for _ in range(5):
        story.seats(sara)
    assert go(replicas(1, DELTAG_CRASH_POINT="mail-handed-over:3")) == [-signal.SIGKILL]
    story.later(LEASE)
    ids = [mail["Message-ID"] for mail in story.mails]
    assert (len(ids), len(set(ids))) == (6, 5)


def test_a_slow_server_does_not_outlast_the_lease(story: Story) -> None:
    """What cannot be sent within the lease goes back untried, so that no other process sends it meanwhile."""
    sara = story.sara()
    for _ in range(3):
        story.seats(sara)
    real, clock = story.context.resources.channel.send, story.clock

    def slowly(letter: object) -> None:
        real(letter)
        clock.advance(LEASE / 2)

    story.context.resources.channel.send = slowly
    story.send()
    assert [(mail.status.value, mail.attempts) for mail in story.ledger()] == [("sent", 1), ("sent", 1), ("queued", 0)]


def test_what_was_handed_over_is_not_given_back(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database goes away between the server's yes and the note, the mail is not sent again before its lease is over."""
    sara = story.sara()
    story.seats(sara)
    story.seats(sara)
    real = story.context.resources.channel.send

    def away(*_: object) -> None:
        raise Unavailable

    def then_away(letter: object) -> None:
        real(letter)
        monkeypatch.setattr(handlers, "settle", away)

    story.context.resources.channel.send = then_away
    with pytest.raises(Unavailable):
        story.send()
    monkeypatch.undo()
    assert [mail.status.value for mail in story.ledger()] == ["sending", "queued"]
