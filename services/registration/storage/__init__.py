"""Registration's tables, behind repositories that work in sets: a batch of any size takes the same few statements."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property

from services.chassis.storage import UnitOfWork
from services.registration.domain.clocks import day_of
from services.registration.domain.reach import Reach
from services.registration.domain.request import Known
from services.registration.resources import Resources
from services.registration.storage.answers import Answers
from services.registration.storage.built_on import BuiltOn
from services.registration.storage.children import Children
from services.registration.storage.consents import Consents
from services.registration.storage.corrections import Corrections
from services.registration.storage.duplicates import Duplicates
from services.registration.storage.enrolments import Enrolments
from services.registration.storage.erasures import Erasures
from services.registration.storage.family_records import FamilyRecords
from services.registration.storage.guardians import Guardians
from services.registration.storage.guardianships import Families
from services.registration.storage.imports import Imports
from services.registration.storage.joinings import Joinings
from services.registration.storage.life import History
from services.registration.storage.merges import Merges
from services.registration.storage.origins import Origins
from services.registration.storage.people import Professionals
from services.registration.storage.programmes import Programmes
from services.registration.storage.protections import Protections
from services.registration.storage.question_answers import QuestionAnswers
from services.registration.storage.registers import Registers
from services.registration.storage.retention import Retention
from services.registration.storage.sign_up_requests import SignUpRequests
from services.registration.storage.sign_ups import SignUps
from services.registration.storage.sources import Sources
from services.registration.vocabulary import VOCABULARY


class Work(UnitOfWork):
    """One transaction on registration's database."""

    resources: Resources

    @property
    def today(self) -> date:
        """Which day it is in Denmark."""
        return day_of(self.now)

    def known(self, programmes: Iterable[str], institutions: Iterable[str]) -> Known:
        """What the rules look at, of these programmes and institutions."""
        places = self.programmes.institutions_of(institutions)
        return Known(self.programmes.of_codes(programmes), places, words=VOCABULARY, today=self.today)

    def as_kept(self, reach: Reach) -> Reach:
        """The same reach, of a guardian who was merged into another as that one."""
        if reach.guardian_id is None:
            return reach
        return replace(reach, guardian_id=self.aliases.surviving([reach.guardian_id])[reach.guardian_id])

    @cached_property
    def programmes(self) -> Programmes:
        return Programmes(self.connection)

    @cached_property
    def children(self) -> Children:
        return Children(self.connection, self.resources.vault, self.today)

    @cached_property
    def guardians(self) -> Guardians:
        return Guardians(self.connection, self.resources.vault, self.today)

    @cached_property
    def families(self) -> Families:
        return Families(self.connection)

    @cached_property
    def joinings(self) -> Joinings:
        return Joinings(self.connection)

    @cached_property
    def professionals(self) -> Professionals:
        return Professionals(self.connection, self.today)

    @cached_property
    def enrolments(self) -> Enrolments:
        return Enrolments(self.connection, self.resources.vault, self.today)

    @cached_property
    def origins(self) -> Origins:
        return Origins(self.connection)

    @cached_property
    def corrections(self) -> Corrections:
        return Corrections(self.connection)

    @cached_property
    def duplicates(self) -> Duplicates:
        return Duplicates(self.connection, self.resources.vault)

    @cached_property
    def merges(self) -> Merges:
        return Merges(self.connection)

    @cached_property
    def registers(self) -> Registers:
        return Registers(self.connection, self.resources.vault)

    @cached_property
    def consents(self) -> Consents:
        return Consents(self.connection)

    @cached_property
    def sign_ups(self) -> SignUps:
        return SignUps(self.connection)

    @cached_property
    def sign_up_requests(self) -> SignUpRequests:
        return SignUpRequests(self.connection, self.resources)

    @cached_property
    def answers(self) -> Answers:
        return Answers(self.connection)

    @cached_property
    def question_answers(self) -> QuestionAnswers:
        return QuestionAnswers(self.connection, self.resources.answer_vault)

    @cached_property
    def protections(self) -> Protections:
        return Protections(self.connection, self.today)

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.connection)

    @cached_property
    def history(self) -> History:
        return History(self.connection, self.now)

    @cached_property
    def imports(self) -> Imports:
        return Imports(self.connection, self.resources.safe)

    @cached_property
    def family_records(self) -> FamilyRecords:
        return FamilyRecords(self.connection, self.resources.vault, self.today)

    @cached_property
    def built_on(self) -> BuiltOn:
        return BuiltOn(self.connection, self.today)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.connection, self.resources.vault)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self.connection)
