"""The world around the service: facts come in at the bus, mails go out to a real server, time passes when a test says so."""

from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import msgspec

from services.chassis.contracts import example
from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import Context
from services.chassis.testing import FakeClock, deliver, published, run_timer
from services.notifications.domain.mail import Mail
from tests.notifications.builders import HOUR, MONDAY
from tests.notifications.channels.mail_server import MailServer

Json = dict[str, Any]


class Story:
    """One programme with one workshop next week, and the people who hear of it. A fact not said otherwise is its contract's example."""

    def __init__(self, context: Context, server: MailServer) -> None:
        self.context = context
        self.server = server
        self.workshop = new_id()
        self.session = new_id()

    def tells(self, type_: str, subject: str, *, snapshot: bool = False, id: str | None = None, **changes: Any) -> str:
        """A service publishes a fact; returns its id."""
        message_id = id or new_id()
        _, _, fact = type_.partition(".")
        attributes: Json = {"id": message_id, "time": self.clock.now, "programme": "sammen-om-boern"}
        if snapshot:
            attributes["snapshot"] = True
        deliver(self.context, f"{type_}.v1", example(f"{fact}/v1")["data"] | changes, subject=subject, **attributes)
        return message_id

    def card(
        self, person_id: str, *, email: str | None = "sara@familie.example", language: str = "da", name: str = "Sara Åkjær", **more: Any
    ) -> str:
        """Registration publishes a contact card, sealed for us; returns the person's id."""
        plain = msgspec.json.encode({"name": name, "email": email, "phone": None, "language": language} | more)
        key_id, sealed = seal(self.context.settings.notifications_public_key, plain, person_id.encode())
        self.tells("registration.contact.sealed", person_id, person_id=person_id, key_id=key_id, sealed=sealed)
        return person_id

    def sara(self) -> str:
        """A guardian whose card we have."""
        return self.card(new_id())

    def opens(self, *, fact: str = "opened", status: str = "open", days: float = 7, **changes: Any) -> str:
        """The workshop is opened (or changed, or called off); it meets once, some days from Monday at 9.00 UTC."""
        starts_at = MONDAY + timedelta(days=days)
        meeting = {"session_id": self.session, "starts_at": starts_at, "ends_at": starts_at + 2 * HOUR, "place": "Birkegården"}
        sessions = changes.pop("sessions", [meeting])
        ids = {"activity_id": self.workshop, "status": status, "sessions": sessions, "session_changes": []}
        return self.tells(f"events.activity.{fact}", self.workshop, **ids | changes)

    def moves(self, *, snapshot: bool = False) -> str:
        """The session of the workshop is moved by a day, and its room is another."""
        return self.opens(
            fact="changed", days=8, snapshot=snapshot, session_changes=[{"session_id": self.session, "what": "moved", "before": None}]
        )

    def calls_off(self) -> None:
        """The organiser calls the workshop off."""
        self.opens(fact="called-off", status="called-off")

    def seats(self, person_id: str, **changes: Any) -> str:
        """A party signs up and gets its seats; returns the sign-up's id."""
        return self._signup("seated", person_id, status="seated", **changes)

    def waits(self, person_id: str, position: int = 2, **changes: Any) -> str:
        """A party signs up and gets a place in the line."""
        return self._signup("waitlisted", person_id, status="waiting", position=position, **changes)

    def promotes(self, person_id: str, signup_id: str, **changes: Any) -> str:
        """A waiting party gets its seats."""
        return self._signup("promoted", person_id, status="seated", signup_id=signup_id, **changes)

    def cancels(self, person_id: str, signup_id: str, reason: str = "by-family", **changes: Any) -> str:
        """A sign-up ends."""
        return self._signup("cancelled", person_id, status="cancelled", reason=reason, signup_id=signup_id, **changes)

    def _signup(self, fact: str, person_id: str, *, signup_id: str | None = None, **changes: Any) -> str:
        signup_id = signup_id or new_id()
        known: Json = {"signup_id": signup_id, "activity_id": self.workshop, "contact_id": person_id, "signed_up_at": self.clock.now}
        self.tells(f"events.signup.{fact}", signup_id, **known | changes)
        return signup_id

    @property
    def clock(self) -> FakeClock:
        """The service's clock."""
        clock = self.context.clock
        assert isinstance(clock, FakeClock)
        return clock

    def later(self, by: timedelta) -> None:
        """Time passes, and both timers run."""
        self.clock.advance(by)
        self.remind()
        self.send()

    def remind(self) -> None:
        """The reminders' timer runs."""
        run_timer(self.context, "remind")

    def send(self) -> None:
        """The mails' timer runs once."""
        run_timer(self.context, "send")

    @property
    def mails(self) -> Sequence[EmailMessage]:
        """What the mail server took."""
        return self.server.taken

    @property
    def subjects(self) -> list[str]:
        """What the subjects say before the title."""
        return [mail["Subject"].partition(":")[0] for mail in self.mails]

    def ledger(self) -> list[Mail]:
        """The send ledger, oldest first."""
        with self.context.work() as work:
            found: list[Mail] = work.mails.page(None, None, None, 1000)
            return found

    def states(self) -> list[tuple[str, str, str | None]]:
        """Kind, status and reason of each mail."""
        return [(mail.kind.value, mail.status.value, mail.reason) for mail in self.ledger()]

    def told(self) -> list[Json]:
        """The facts that were published."""
        return published(self.context)

    def told_states(self) -> list[str]:
        """What became of mails, as it was published."""
        return [fact["type"].split(".")[2] for fact in self.told()]
