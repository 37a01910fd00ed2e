"""A professional (fagprofessionel) who takes part in a programme: a pedagogue, a childminder, a leader."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution
from services.registration.domain.request import Known


@dataclass(frozen=True, slots=True, repr=False)
class ProfessionalDetails:
    """A professional as a coordinator or leader describes him. `institution` is a register number or one of our codes."""

    programme: str
    profession: str
    given_name: str
    family_name: str
    email: str
    institution: str
    language: str = "da"
    phone: str | None = None


@dataclass(slots=True, repr=False)
class Professional:
    """Known by his e-mail address within a programme, so that registering him again corrects him."""

    professional_id: str
    programme: str
    profession: str
    given_name: str
    family_name: str
    email: str
    language: str
    phone: str | None
    institution_id: str
    institution: str
    district: str

    @property
    def name(self) -> str:
        """As a letter would address him."""
        return f"{self.given_name} {self.family_name}"


def objections(details: ProfessionalDetails, known: Known) -> Iterator[Objection]:
    """Everything that speaks against registering this professional."""
    programme = known.programmes.get(details.programme)
    if programme is None:
        yield Objection(Rule.UNKNOWN_PROGRAMME, "/programme")
        return
    if not programme.has_profession(details.profession):
        yield Objection(Rule.UNKNOWN_PROFESSION, "/profession")
    institution = known.institutions.get(details.institution)
    if institution is None:
        yield Objection(Rule.UNKNOWN_INSTITUTION, "/institution")
    elif institution.programme != programme.code:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")


def registered(professional_id: str, details: ProfessionalDetails, institution: Institution, on: date) -> Professional:
    """The professional whom these details describe, in this institution, and in the district in which it lies on that day."""
    return Professional(
        professional_id=professional_id,
        programme=details.programme,
        profession=details.profession,
        given_name=details.given_name,
        family_name=details.family_name,
        email=details.email,
        language=details.language,
        phone=details.phone,
        institution_id=institution.institution_id,
        institution=institution.code,
        district=institution.district_near(on),
    )
