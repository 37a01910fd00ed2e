"""National registers behind ports: who somebody is, and which institutions there are.

`PersonRegister` is the CPR look-up SF1520 ("CPR replika opslag", PersonBaseDataExtended) on KOMBIT's Serviceplatformen. It takes a
service agreement and a certificate. `InstitutionRegister` is Dagtilbudsregisteret (STIL): its ExportService, which takes a user of
STIL's integration platform, or its open-data files, which are open to everybody.

The adapters here replay recorded answers (`recorded.py`), field for field as the services' own descriptions name them: what a
test, a demonstration or a municipality without an agreement runs on. Replacement numbers are in no register: a live adapter
asks nobody about them.
"""

from collections.abc import Iterable
from typing import Protocol

from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.register import RegisteredPerson, RegisteredUnit


class RegisterAway(Exception):
    """The register cannot be asked now; nobody's fault, and it is asked again later. It says nothing of whom it was asked about."""


class PersonRegister(Protocol):
    """Says who has a number. Reading changes nothing, so asking again is safe."""

    def look_up(self, number: CprNumber) -> RegisteredPerson | None:
        """The person, or None where the register has no such number. Raises `RegisterAway`."""


class InstitutionRegister(Protocol):
    """Lists the municipality's units."""

    def units(self) -> Iterable[RegisteredUnit]:
        """All of them, as they are now. Raises `RegisterAway`."""
