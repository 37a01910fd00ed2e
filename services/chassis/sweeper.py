"""The sweeper: comes back to what the intake deferred."""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from services.chassis import deferred
from services.chassis.deferred import Claimed
from services.chassis.errors import Unavailable
from services.chassis.intake import ALONE, Intake
from services.chassis.lifecycle import Stop
from services.chassis.loops import LONGEST_PAUSE_S, Pauses, persist
from services.chassis.outage import SlowedDown
from services.chassis.pace import GOOD_S, Bounds, Pace
from services.chassis.reading import Incoming
from services.chassis.suspects import ended_the_last_try

SWEEP_S = 0.5
RARELY = 10
"""To find what is due takes a quarter of a second with 100,000 early messages, so that is done for a tenth of the time at most."""
EARLY = 1_000
"""Early messages that one sweep takes at most."""
RETRY_S = 2 * GOOD_S
"""How long a retry waits for a lock: longer than its neighbours' transactions last, shorter than it would make others wait that are due."""


class Sweeper:
    """Takes up early messages whose turn has come, and retries that are due."""

    def __init__(self, intake: Intake, stop: Stop) -> None:
        self.intake = intake
        self.stop = stop
        self._in_hand: Sequence[Claimed] = ()
        self._untried: Sequence[Claimed] = ()
        self._claimed_in_s = 0.0
        self._pace = Pace(Bounds(first=100, least=1, most=EARLY, good_s=GOOD_S))

    def run(self) -> None:
        """Sweep until stopped; a database that is away is asked again later. What is in hand at the end goes back untried."""
        persist(self._session, self.stop, lambda _trouble: None, loop="sweeper", queue=self.intake.consumer)
        self.give_up()

    def give_up(self) -> None:
        """What was claimed and not tried goes back: that is nobody's attempt."""
        with suppress(Unavailable), self.intake.context.work() as work:
            deferred.give_back(work, [claimed.row for claimed in (*self._in_hand, *self._untried)])
        self._in_hand = self._untried = ()

    def _session(self, pauses: Pauses) -> None:
        while not self.stop.wait(max(SWEEP_S, min(RARELY * self._claimed_in_s, LONGEST_PAUSE_S))):
            while self.sweep() and not self.stop.is_set():
                pass
            if not self.intake.outage.lasts:
                pauses.reset()

    def sweep(self) -> int:
        """One round; returns how many messages it tried."""
        return self.sweep_early() + self.sweep_retries()

    def sweep_early(self) -> int:
        """Take the early messages whose turn has come, as one batch. One that was in hand before, when that ended badly, is tried alone.

        While the database is away nobody ends: what was in hand is given back when it answers, and claimed as if for the first time.
        """
        with self._pace.kept():
            due = self._claim_early()
            self._pace.take(len(due))
            fresh = [claimed for claimed in due if claimed.attempts == 1]
            try:
                self._settle(fresh)
            except Unavailable:
                self._untried = fresh
                raise
        return len(due)

    def _claim_early(self) -> Sequence[Claimed]:
        began = monotonic()
        with self.intake.context.work() as work:
            deferred.give_back(work, [claimed.row for claimed in self._untried])
            due = deferred.claim_early(work, self.intake.consumer, self._pace.limit)
            if suspects := [claimed.row for claimed in due if claimed.attempts > 1]:
                deferred.try_alone(work, suspects)
        self._untried, self._claimed_in_s = (), monotonic() - began
        return due

    def sweep_retries(self) -> int:
        """Try the retry that is most due, alone; its attempt was counted before, so one that ends the process is parked too.

        While the database is away it stays in hand: that is nobody's attempt, so none is counted for trying the same again. While the
        queue is slowed down it goes back, and another is tried after the pause.
        """
        with ALONE:
            self._claim_retry()
            due, self._in_hand = self._in_hand, ()
            try:
                self._settle(due, hurried=RETRY_S)
            except SlowedDown:
                raise
            except Unavailable:
                self._in_hand = due
                raise
        return len(due)

    def _claim_retry(self) -> None:
        """It is in hand before the commit: should the database go away just then, nobody knows whether it is counted."""
        if not self._in_hand:
            with self.intake.context.work() as work:
                self._in_hand = deferred.claim_retry(work, self.intake.consumer)

    def _settle(self, due: Sequence[Claimed], *, hurried: float = 0.0) -> None:
        if due:
            self.intake.settle_batch([self._read(claimed, hurried=hurried) for claimed in due])

    def _read(self, claimed: Claimed, *, hurried: float) -> Incoming:
        message = self.intake.reader.read(claimed.delivery)
        message.row, message.attempts, message.hurried = claimed.row, claimed.attempts, hurried
        if claimed.attempts > self.intake.context.settings.retry_attempts:
            message.fault = ended_the_last_try(claimed.attempts - 1)
        return message
