"""The door itself, on which the modules of this folder declare their routes.

Commands may be repeated: with an `Idempotency-Key` the first answer is given again, and without it a command that has
been carried out already changes nothing.
"""

from services.chassis.http.api import Api

api = Api(
    "events",
    title="Events",
    description="Activities with their sessions, sign-up of families and professionals, waiting lists with their rules, and attendance.",
)
