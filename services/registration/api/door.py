"""The door itself, on which the modules of this folder declare their routes."""

from services.chassis.http.api import Api

api = Api(
    "registration",
    title="Registration",
    description="Programmes and places, enrolment of children with their guardians, consents, and the professionals who take part.",
)
