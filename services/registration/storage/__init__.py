"""Registration's tables, behind repositories that work in sets: a batch of any size takes the same few statements."""

from functools import cached_property

from services.chassis.storage import UnitOfWork
from services.registration.resources import Resources
from services.registration.storage.consents import Consents
from services.registration.storage.enrolments import Enrolments
from services.registration.storage.people import Children, Guardians, Professionals
from services.registration.storage.programmes import Programmes


class Work(UnitOfWork):
    """One transaction on registration's database."""

    resources: Resources

    @cached_property
    def programmes(self) -> Programmes:
        return Programmes(self.connection)

    @cached_property
    def children(self) -> Children:
        return Children(self.connection, self.resources.vault)

    @cached_property
    def guardians(self) -> Guardians:
        return Guardians(self.connection, self.resources.vault)

    @cached_property
    def professionals(self) -> Professionals:
        return Professionals(self.connection)

    @cached_property
    def enrolments(self) -> Enrolments:
        return Enrolments(self.connection, self.resources.vault)

    @cached_property
    def consents(self) -> Consents:
        return Consents(self.connection)
