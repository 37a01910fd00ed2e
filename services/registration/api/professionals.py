"""The HTTP door to professionals: register one, or correct what is known of him."""

from services.chassis.http.caller import Role
from services.chassis.http.request import Answer, Request
from services.registration import access, messages, schemas
from services.registration.api.door import api
from services.registration.domain.professional import ProfessionalDetails
from services.registration.handlers import professionals
from services.registration.storage import Work


@api.post(
    "/v1/professionals",
    summary="Register a professional",
    roles=(Role.COORDINATOR, Role.LEADER),
    body=schemas.ProfessionalSchema(),
    returns={201: schemas.RegisteredProfessionalSchema(), 200: schemas.RegisteredProfessionalSchema()},
    errors=(403,),
    idempotent=True,
)
def register_professional(request: Request, work: Work) -> Answer:
    """201 when he is new; 200 when the e-mail address is known in the programme, and what is known of him is corrected."""
    details = ProfessionalDetails(**request.body)
    house = work.programmes.institutions_of([details.institution]).get(details.institution)
    access.must_act_for(house, request.caller, Role.COORDINATOR, Role.LEADER)
    professional, is_new = professionals.register_professional(details, work, request.cause, access.source_of(request.caller))
    request.concerns(professional.professional_id)
    return Answer(messages.of_professional(professional), 201 if is_new else 200)
