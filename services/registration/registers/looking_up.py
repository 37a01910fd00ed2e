"""Looks up whom we were told of, afterwards and on a clock: no enrolment ever waits for a register.

Some who are due are taken in one transaction (with a lease), asked about outside any, and what was answered is noted in
another. A process that dies in between leaves them to be taken up after the lease. While the register is away those
who were taken come back later, and the circuit keeps everybody from asking.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from services.registration.domain.register import (
    Difference,
    RegisteredPerson,
    RegisteredUnit,
    differences_of_guardian,
    differences_of_institution,
)
from services.registration.handlers import protections
from services.registration.registers import PersonRegister, RegisterAway, metrics

if TYPE_CHECKING:
    from services.chassis.service import Context
    from services.registration.storage import Work
    from services.registration.storage.registers import Due

AT_ONCE: Final = 50
LEASE: Final = timedelta(minutes=10)
LATER: Final = timedelta(minutes=1)


def look_up_people(context: "Context") -> None:
    """Ask the person register about some of those who wait for it; the timer `look-up`."""
    register, circuit = context.resources.person_register, context.resources.person_circuit
    if register is None or circuit.is_open(context.clock()):
        return
    for due in _take(context):
        if circuit.is_open(context.clock()):
            _put_off(due, context)
        else:
            _ask(register, due, context)


def compare_institutions(context: "Context") -> None:
    """Compare the institutions with the institution register; the timer `institutions`."""
    register, circuit = context.resources.institution_register, context.resources.institution_circuit
    if register is None or circuit.is_open(context.clock()):
        return
    try:
        units = {unit.number: unit for unit in register.units()}
    except RegisterAway:
        circuit.failed(context.clock())
        metrics.ASKED.labels("institutions", "away").inc()
        return
    circuit.answered()
    metrics.ASKED.labels("institutions", "found").inc()
    with context.work() as work:
        _compare(units, work)


def _take(context: "Context") -> Sequence["Due"]:
    with context.work() as work:
        metrics.WAITING.set(work.registers.waiting())
        due: Sequence[Due] = work.registers.take_due(work.now, work.now + LEASE, AT_ONCE)
        return due


def _ask(register: PersonRegister, due: "Due", context: "Context") -> None:
    try:
        registered = register.look_up(due.number)
    except RegisterAway:
        metrics.ASKED.labels("persons", "away").inc()
        context.resources.person_circuit.failed(context.clock())
        _put_off(due, context)
        return
    context.resources.person_circuit.answered()
    _note(due, registered, context)


def _put_off(due: "Due", context: "Context") -> None:
    with context.work() as work:
        work.registers.put_off(due, work.now + LATER)


def _note(due: "Due", registered: RegisteredPerson | None, context: "Context") -> None:
    metrics.ASKED.labels("persons", "found" if registered else "unknown").inc()
    with context.work() as work:
        found = list(differences_of_guardian(due.guardian_id, due.number, due.told, registered))
        work.registers.keep([due.guardian_id], found, work.now)
        _protect(due, registered, work)
        work.registers.done(due)


def _protect(due: "Due", registered: RegisteredPerson | None, work: "Work") -> None:
    """Hide whom the register protects, whoever else does; whom it does not protect stays as he is."""
    request = registered.protection(due.guardian_id, work.today) if registered else None
    if request and work.guardians.of([due.guardian_id]):
        protections.protect_as_registered(request, work)


def _compare(units: "dict[str, RegisteredUnit]", work: "Work") -> None:
    types = {(programme.code, kind.code): kind.register_type for programme in work.programmes.all() for kind in programme.institution_kinds}
    told = [
        (one.institution_id, RegisteredUnit(one.stil_number, one.name, types.get((one.programme, one.kind)), one.p_number))
        for one in work.programmes.institutions()
        if one.stil_number
    ]
    found: Iterable[Difference] = (one for id_, unit in told for one in differences_of_institution(id_, unit, units.get(unit.number)))
    work.registers.keep([id_ for id_, _ in told], list(found), work.now)
