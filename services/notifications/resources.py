"""What lives as long as the process: the channel, the words, the key that opens contact cards, and the rules of time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.notifications.channels import Channel
from services.notifications.letters import Letters

NO_PAUSE = datetime.min.replace(tzinfo=UTC)
SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(seconds=10)


@dataclass
class Pause:
    """How long this process leaves a mail server alone that is away: a second, then twice as long each time, at most ten."""

    until: datetime = NO_PAUSE
    length: timedelta = SHORTEST

    def lasts(self, now: datetime) -> bool:
        """Whether it is too early to try again."""
        return now < self.until

    def longer(self, now: datetime) -> None:
        """It is away (still)."""
        self.until, self.length = now + self.length, min(self.length * 2, LONGEST)

    def end(self) -> None:
        """It is there."""
        self.until, self.length = NO_PAUSE, SHORTEST


@dataclass(frozen=True)
class Route:
    """A way to send sign-up links or codes, and its pause. Without a channel there is none: production without an SMS gateway."""

    channel: Channel | None
    pause: Pause


@dataclass(frozen=True)
class Resources:
    """Built once by `service.resources`.

    `sender` is the address that mails come from. `lead` is how long before a session its reminder goes out, `patience`
    how long a mail waits for a contact card that has not come. `sms` is how text messages leave, where they do.
    """

    channel: Channel
    private_key: str
    sender: str
    lead: timedelta
    patience: timedelta
    letters: Letters = field(default_factory=Letters)
    pause: Pause = field(default_factory=Pause)
    sms: Channel | None = None
    sms_pause: Pause = field(default_factory=Pause)

    @property
    def routes(self) -> Mapping[str, Route]:
        """By the channel that a sign-up link or code asks for."""
        return {"email": Route(self.channel, self.pause), "sms": Route(self.sms, self.sms_pause)}

    def open_routes(self, now: datetime) -> list[str]:
        """Those that do not pause."""
        return [name for name, route in self.routes.items() if not route.pause.lasts(now)]
