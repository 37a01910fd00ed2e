"""Where it is kept: the unit of work with this service's repositories, one file for each.

The repositories speak SQL in constants, take sets as one JSON parameter, and hand out the domain's own objects. Inside a
unit of work every statement sees what was committed before it (READ COMMITTED), so what is read after `lock` is current.
"""

from collections.abc import Mapping
from functools import cached_property

from services.chassis.storage import UnitOfWork
from services.events.domain import family
from services.events.domain.eligibility import Known
from services.events.domain.session import LOCAL
from services.events.resources import Resources
from services.events.storage.activities import Activities
from services.events.storage.attendance import AttendanceRecords
from services.events.storage.bookings import Bookings
from services.events.storage.calendars import Calendars
from services.events.storage.covering import Covering
from services.events.storage.cycles import Cycles
from services.events.storage.decisions import Decisions
from services.events.storage.draws import Draws
from services.events.storage.families import Families
from services.events.storage.holds import Holds
from services.events.storage.needs import Needs
from services.events.storage.offers import Offers
from services.events.storage.overlaps import Overlapping
from services.events.storage.people import People
from services.events.storage.places import Places
from services.events.storage.re_offers import ReOffers
from services.events.storage.signups import Signups
from services.events.storage.surveys import Surveys


class Work(UnitOfWork):
    """One transaction on the database of events."""

    resources: Resources

    @cached_property
    def places(self) -> Places:
        return Places(self.connection)

    @cached_property
    def people(self) -> People:
        return People(self.connection)

    @cached_property
    def families(self) -> Families:
        return Families(self.connection)

    @cached_property
    def activities(self) -> Activities:
        return Activities(self.connection)

    @cached_property
    def signups(self) -> Signups:
        return Signups(self.connection)

    @cached_property
    def decisions(self) -> Decisions:
        return Decisions(self.connection)

    @cached_property
    def draws(self) -> Draws:
        return Draws(self.connection)

    @cached_property
    def holds(self) -> Holds:
        return Holds(self.connection)

    @cached_property
    def needs(self) -> Needs:
        return Needs(self.connection)

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.connection)

    @cached_property
    def re_offers(self) -> ReOffers:
        return ReOffers(self.connection)

    @cached_property
    def covering(self) -> Covering:
        return Covering(self.connection)

    @cached_property
    def cycles(self) -> Cycles:
        return Cycles(self.connection)

    @cached_property
    def surveys(self) -> Surveys:
        return Surveys(self.connection)

    def flush(self) -> None:
        """Write what was decided, and what is told of it."""
        self.decisions.flush()
        super().flush()

    @cached_property
    def attendance(self) -> AttendanceRecords:
        return AttendanceRecords(self.connection)

    @cached_property
    def bookings(self) -> Bookings:
        return Bookings(self.connection)

    @cached_property
    def overlapping(self) -> Overlapping:
        return Overlapping(self.connection)

    @cached_property
    def calendars(self) -> Calendars:
        return Calendars(self.connection)

    def known_today(self, kept: Mapping[str, str], *, hold: bool = False) -> Known:
        """What is known today of those whose ids these are, each with the one that is kept; `hold` as `People.known` has it."""
        known = self.people.known(kept, kept=kept, hold=hold)
        families = self.families.of({enrolment.child_id for enrolment in known.enrolments})
        return family.on(self.now.astimezone(LOCAL).date(), known, families)
