"""What a mail is about: the activity and its sessions, as events told them last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting of an activity (mødegang). Times are aware."""

    session_id: str
    starts_at: datetime
    ends_at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class Activity:
    """A workshop, course or parents' event (arrangement, forløb); `title` by language, `sessions` in order of time."""

    activity_id: str
    status: str
    title: Mapping[str, str]
    sessions: tuple[Session, ...]

    @property
    def is_open(self) -> bool:
        """It takes place, as far as we know."""
        return self.status == "open"

    def remaining(self, now: datetime) -> tuple[Session, ...]:
        """The sessions that are not over yet."""
        return tuple(session for session in self.sessions if session.ends_at > now)

    def is_over(self, now: datetime) -> bool:
        """It had sessions, and they are all over."""
        return bool(self.sessions) and not self.remaining(now)

    def session(self, session_id: str | None) -> Session | None:
        """The session of that id, or None when the activity no longer has it."""
        return next((session for session in self.sessions if session.session_id == session_id), None)
