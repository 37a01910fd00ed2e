"""A replica in a process of its own: it says when it is ready, waits for a line, sends until nothing is due, and says how many.

python -m tests.notifications.replica DATABASE_URL SMTP_URL
"""

import sys
from dataclasses import replace

from services.chassis.database import Database
from services.chassis.service import Context
from services.chassis.testing import FakeClock, run_timer
from services.notifications.channels import Letter
from services.notifications.channels.smtp import SmtpChannel
from services.notifications.service import SERVICE
from tests.settings import settings_for


class Counting(SmtpChannel):
    """Counts its letters."""

    letters = 0

    def send(self, letter: Letter) -> None:
        """Hand the letter over and count it."""
        super().send(letter)
        self.letters += 1


def main(database_url: str, smtp_url: str) -> None:
    """Be a replica."""
    settings = settings_for("notifications", database_url=database_url, smtp_url=smtp_url, mail_from="deltag@deltag.example")
    channel, rung = Counting(smtp_url), {"send"}
    resources = replace(SERVICE.resources(settings), channel=channel)
    context = Context(SERVICE, settings, Database(database_url), resources, FakeClock(), {"send": lambda: rung.add("send")})
    _say("ready")
    sys.stdin.readline()
    while rung:
        rung.clear()
        run_timer(context, "send")
    _say(channel.letters)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
