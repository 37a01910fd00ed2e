"""A professional (fagprofessionel) who takes part in a programme: a pedagogue, a childminder, a leader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.registration.domain.life import ENDED, FOLLOWS, Status, Step, Taken
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.programme import Institution
from services.registration.domain.request import Known
from services.registration.domain.step import StepRequest, not_allowed, objections_to_move


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
    share_percent: int | None = None
    start_date: date | None = None

    @property
    def key(self) -> tuple[str, str]:
        """By what he is known: the programme, and his e-mail address without capitals."""
        return self.programme, self.email.lower()


@dataclass(slots=True, repr=False)
class Professional:
    """Known by his e-mail address within a programme, so that registering him again corrects him.

    His life in the programme has the stages and steps of `life.py`; who is registered is enrolled. `share_percent` is how
    much of his working time he gives to it. `since` is the day of his latest step, `steps` how many he took.
    `hidden`: he is protected; so he is unless somebody has looked.
    """

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
    status: Status = Status.ACCEPTED
    share_percent: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    reason: str | None = None
    since: date | None = None
    steps: int = 0
    hidden: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """By what he is known: the programme, and his e-mail address without capitals."""
        return self.programme, self.email.lower()

    @property
    def name(self) -> str:
        """As a letter would address him."""
        return f"{self.given_name} {self.family_name}"

    def going_on_from(self, before: "Professional") -> "Professional":
        """The same, where he was before; what is left out of his time stays too."""
        return replace(
            self,
            status=before.status,
            share_percent=self.share_percent or before.share_percent,
            start_date=self.start_date or before.start_date,
            end_date=before.end_date,
            reason=before.reason,
            since=before.since,
            steps=before.steps,
            hidden=before.hidden,
        )

    def objections_to(self, request: StepRequest, institutions: Mapping[str, Institution]) -> Iterator[Objection]:
        """What speaks against this step now."""
        if request.step not in FOLLOWS[self.status]:
            yield not_allowed(request.step, self.status)
        elif self.since and request.effective_date < self.since:
            yield Objection(Rule.STEP_TOO_EARLY, "/effective_date", {"since": self.since})
        elif request.step is Step.MOVE and not request.institution:
            yield Objection(Rule.INSTITUTION_MISSING, "/institution")
        yield from objections_to_move(request, self, institutions)

    def take(self, request: StepRequest, *, source: str, request_id: str, to: Institution | None) -> Taken:
        """Take the step; only after nothing spoke against it."""
        if request.step is Step.MOVE and to:
            self.institution_id, self.institution, self.district = to.institution_id, to.code, to.district_near(request.effective_date)
        self.status, self.since, self.reason = FOLLOWS[self.status][request.step], request.effective_date, request.reason
        self.end_date = request.effective_date if self.status in ENDED else None
        self.steps += 1
        return self._taken(request.step, request.effective_date, source, request_id)

    def register(self, *, source: str, request_id: str) -> Taken:
        """His first step."""
        self.steps = 1
        return self._taken(Step.ENROL, self.start_date, source, request_id)

    def _taken(self, step: Step, day: date | None, source: str, request_id: str) -> Taken:
        return Taken(
            subject_id=self.professional_id,
            number=self.steps,
            step=step,
            status=self.status,
            effective_date=day,
            source=source,
            request_id=request_id,
            reason=self.reason,
            institution_id=self.institution_id,
            institution=self.institution,
        )


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
    elif programme.code not in institution.programmes:
        yield Objection(Rule.INSTITUTION_NOT_IN_PROGRAMME, "/institution")


def registered(
    professional_id: str, details: ProfessionalDetails, institution: Institution, before: Professional | None, on: date
) -> Professional:
    """The professional whom these details describe, in this institution, and in the district in which it lies on that day.

    Where he stands stays as it was.
    """
    told = Professional(
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
        share_percent=details.share_percent,
        start_date=details.start_date,
        hidden=False,
    )
    return told if before is None else told.going_on_from(before)
