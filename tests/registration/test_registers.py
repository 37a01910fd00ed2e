"""National registers: asked after the enrolment, left alone while they are away, and never believed against what was told."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from services.chassis.http import Role
from services.chassis.ids import new_id
from services.chassis.service import Context
from services.chassis.testing import Door, FakeClock, deliver, http, published, run_timer
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.register import RegisteredPerson, RegisteredUnit
from services.registration.handlers.programmes import load_programme
from services.registration.registers import InstitutionRegister, PersonRegister, RegisterAway
from services.registration.registers.circuit import FAILURES, LONGEST, SHORTEST, Circuit
from services.registration.registers.recorded import RecordedPersons, RecordedUnits
from services.registration.service import SERVICE
from tests.registration.builders import PROGRAMME, REQUESTED, SENDER, a_guardian, a_number, a_request
from tests.registration.test_protection import protect

MONAS = "690391-4028"
KARIMS = "690391-4029"
PATIENTLY = timedelta(minutes=2)
Json = dict[str, Any]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """What the registers said when they were asked: Mona goes by another name there, and two units are known."""
    folder = tmp_path / "answers"
    (folder / "persons").mkdir(parents=True)
    name = {"fornavn": "Mona", "mellemnavn": "Holm", "efternavn": "Prøvesen"}
    record(folder, MONAS, name)
    units = [
        {"EnhedsNummer": "151001", "EnhedsNavn": "Børnehuset Birkegården", "InstType3": 6012, "PNummer": "0000151001"},
        {"EnhedsNummer": "151002", "EnhedsNavn": "Naturbørnehaven Regnbuen", "InstType3": 6011, "Email": "regnbuen@example.org"},
    ]
    (folder / "units.json").write_text(json.dumps(units), "utf-8")
    return folder


@pytest.fixture
def asking(context_of: Callable[..., Context], answers: Path) -> Context:
    """Registration with those registers, and the sample programme loaded."""
    context = context_of(SERVICE, register_answers=answers)
    with context.work() as work:
        load_programme(PROGRAMME, work)
    return context


def record(folder: Path, number: str, name: Json, **more: Any) -> None:
    """An answer of the person register, with more than is read of it."""
    whole = {"personadresseringsnavn": " ".join(filter(None, name.values()))} | name
    answer = {"persondata": {"navn": whole, "antalBoernUnder18": 1, "status": {"status": 1}} | more, "adresse": {"aktuelAdresse": {}}}
    (folder / "persons" / f"{number.replace('-', '')}.json").write_text(json.dumps(answer), "utf-8")


def enrol(context: Context, **guardian: Any) -> str:
    """A child of this guardian; his id."""
    deliver(context, REQUESTED, a_request(guardians=[a_guardian(**guardian)]), source=SENDER)
    answer = [m["data"] for m in published(context) if m["type"].startswith("registration.enrolment")][-1]
    assert answer["status"] == "accepted"
    return str(answer["guardian_ids"][0])


def look_up(context: Context, after: timedelta = timedelta(0)) -> None:
    """Time passes, and the clock strikes."""
    assert isinstance(context.clock, FakeClock)
    context.clock.advance(after)
    run_timer(context, "look-up")


def differences(context: Context, query: str = "") -> list[tuple[str, str, str | None, str | None]]:
    """The list that a coordinator works on."""
    items = desk(context).get(f"/v1/register-differences?{query}").get_json()["items"]
    return [(item["subject_id"], item["field"], item["told"], item["registered"]) for item in items]


def desk(context: Context) -> Door:
    """A coordinator's, now."""
    return http(context).as_(Role.COORDINATOR, purpose="mend-error")


def waiting(context: Context) -> int:
    """How many are not looked up yet."""
    with context.work() as work:
        return int(work.registers.waiting())


def measured(name: str, **labels: str) -> float:
    """A metric's value."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Away:
    """A register that does not answer; what it was asked is counted."""

    def __init__(self) -> None:
        self.asked = 0

    def look_up(self, number: CprNumber) -> RegisteredPerson | None:  # noqa: ARG002 - the port's
        """Nothing."""
        self.asked += 1
        raise RegisterAway


def test_what_the_register_knows_otherwise_stands_on_a_list(asking: Context) -> None:
    """Mona is enrolled as she was told; afterwards the list says by what name the register knows her, and hers has not changed."""
    mona = enrol(asking, cpr_number=MONAS)
    assert waiting(asking) == 1
    look_up(asking)
    assert (waiting(asking), differences(asking)) == (0, [(mona, "given_name", "Mona", "Mona Holm")])
    with asking.work() as work:
        assert work.guardians.of([mona])[mona].given_name == "Mona"


def test_another_spelling_is_no_difference(asking: Context, answers: Path) -> None:
    """A register that writes å and ø otherwise knows the same name."""
    record(answers, KARIMS, {"fornavn": "KAARE", "efternavn": "PROEVESEN"})
    enrol(asking, given_name="Kåre", cpr_number=KARIMS)
    look_up(asking)
    assert (waiting(asking), differences(asking)) == (0, [])


@pytest.mark.parametrize(("given_name", "family_name"), [("Mona Holm", "Prøvesen"), ("Mona", "Holm Prøvesen")])
def test_a_middle_name_may_stand_with_either(asking: Context, given_name: str, family_name: str) -> None:
    """Who counts the middle name to the family name has told the same whole name."""
    enrol(asking, given_name=given_name, family_name=family_name, cpr_number=MONAS)
    look_up(asking)
    assert (waiting(asking), differences(asking)) == (0, [])


def test_what_the_register_leaves_out_is_no_difference(asking: Context, answers: Path) -> None:
    """Somebody of whom it has no given name, or nothing at all."""
    for name in ({"efternavn": "Prøvesen"}, {}):
        record(answers, KARIMS, name)
        enrol(asking, given_name=f"Karim {'' if name else 'Ali'}".strip(), cpr_number=KARIMS)
        look_up(asking)
        assert (waiting(asking), differences(asking)) == (0, [])


@pytest.mark.parametrize(
    ("answer", "hidden_until"),
    [
        ({"startdato": "2024-05-01", "slutdato": "2027-04-30", "beskyttet": True}, "2027-05-01"),
        ({"beskyttet": True}, "2027-11-02"),
        ({"startdato": "2026-11-02"}, "2027-11-02"),
        ({"startdato": "2024-05-01", "slutdato": "2026-11-01", "beskyttet": True}, None),
        ({"startdato": "2024-05-01", "slutdato": "2027-04-30", "beskyttet": False}, None),
        ({}, None),
    ],
)
def test_whom_the_register_protects_is_hidden(asking: Context, answers: Path, answer: Json, hidden_until: str | None) -> None:
    """He goes by his alias from then on, as long as the register says; where it does not say for how long, for a year."""
    record(answers, MONAS, {"fornavn": "Mona", "efternavn": "Prøvesen"}, adressebeskyttelse=answer)
    mona = enrol(asking, cpr_number=MONAS)
    look_up(asking)
    with asking.work() as work:
        until = work.connection.execute(sa.text("select upper(valid)::text from protection")).scalar()
        assert (until, work.guardians.of([mona])[mona].hidden) == (hidden_until, hidden_until is not None)


def test_the_register_takes_no_protection_away(asking: Context) -> None:
    """Somebody whom we were asked to protect stays protected, whatever the register says."""
    mona = enrol(asking, cpr_number=MONAS)
    protect(asking, "guardian", mona, valid_until="2030-01-01")
    look_up(asking)
    with asking.work() as work:
        assert work.guardians.of([mona])[mona].hidden


def test_no_system_takes_the_registers_protection_away(asking: Context, answers: Path) -> None:
    """Who is protected by a system's word and by the register's stays so when the system takes its own back."""
    record(answers, MONAS, {"fornavn": "Mona", "efternavn": "Prøvesen"}, adressebeskyttelse={"beskyttet": True})
    mona = enrol(asking, cpr_number=MONAS)
    protect(asking, "guardian", mona)
    look_up(asking)
    protect(asking, "guardian", mona, valid_until="2026-11-02")
    with asking.work() as work:
        assert work.guardians.of([mona])[mona].hidden


def test_an_answer_that_cannot_be_read_holds_up_nobody_else(asking: Context, answers: Path) -> None:
    """The register counts as away for him, and the others are looked up."""
    (answers / "persons" / f"{KARIMS.replace('-', '')}.json").write_bytes(b'{"persondata": {"navn": "\xff"}}')
    enrol(asking, given_name="Karim", cpr_number=KARIMS)
    mona = enrol(asking, cpr_number=MONAS)
    look_up(asking)
    assert (waiting(asking), differences(asking)) == (1, [(mona, "given_name", "Mona", "Mona Holm")])


def test_a_number_that_the_register_does_not_have(asking: Context) -> None:
    """It is named, masked, for somebody to look at; the enrolment stands."""
    karim = enrol(asking, given_name="Karim", cpr_number=KARIMS)
    look_up(asking)
    assert differences(asking) == [(karim, "cpr_number", "690391-xxxx", None)]


def test_who_has_no_number_is_not_looked_up(asking: Context) -> None:
    """There is nothing to ask by; and without a register nobody is asked at all."""
    enrol(asking)
    assert waiting(asking) == 0


def test_without_a_register_nobody_is_asked(registration: Context) -> None:
    """Where no register is connected people wait, and nothing fails."""
    enrol(registration, cpr_number=MONAS)
    look_up(registration)
    run_timer(registration, "institutions")
    assert waiting(registration) == 1


def test_a_changed_name_is_looked_up_again(asking: Context) -> None:
    """When the family tells the name of the register, the difference goes."""
    mona = enrol(asking, cpr_number=MONAS)
    look_up(asking)
    assert enrol(asking, given_name="Mona Holm", cpr_number=MONAS) == mona
    look_up(asking)
    assert differences(asking) == []


def test_enrolment_goes_on_while_the_register_is_away(asking: Context, answers: Path) -> None:
    """Everybody is enrolled as he was told, through both doors, before and after the register is left alone; when it is back, all are
    looked up.
    """
    persons = answers / "persons"
    persons.rename(answers / "elsewhere")
    for _ in range(2):
        enrol(asking, cpr_number=a_number("1991-03-09"))
        look_up(asking)
    look_up(asking, after=PATIENTLY)
    request = a_request(guardians=[a_guardian(cpr_number=a_number("1991-03-09"))])
    over_http = http(asking).as_(Role.SYSTEM, source=SENDER).post("/v1/enrolment-requests", json={"id": new_id(), "data": request})
    assert over_http.get_json()["status"] == "accepted"
    assert (waiting(asking), measured("deltag_register_circuit_open", register="persons")) == (3, 1.0)
    (answers / "elsewhere").rename(persons)
    look_up(asking, after=PATIENTLY)
    assert (waiting(asking), measured("deltag_register_circuit_open", register="persons")) == (0, 0.0)
    assert len(differences(asking)) == 3


def test_a_register_that_is_away_is_left_alone(asking: Context) -> None:
    """After three failures in a row nobody asks for a while, then one does; of the others none is lost."""
    away = Away()
    asking.resources = replace(asking.resources, person_register=away)
    for _ in range(FAILURES + 4):
        enrol(asking, cpr_number=a_number("1991-03-09"))
    before = measured("deltag_register_lookups_total", register="persons", outcome="away")
    look_up(asking)
    look_up(asking)
    assert away.asked == FAILURES
    look_up(asking, after=PATIENTLY)
    assert (away.asked, waiting(asking)) == (FAILURES + 1, FAILURES + 4)
    assert measured("deltag_register_lookups_total", register="persons", outcome="away") - before == FAILURES + 1


def test_a_process_that_died_leaves_nobody_behind(asking: Context) -> None:
    """Who was taken and not noted is taken up again after the lease; who has changed meanwhile is not taken for looked up."""
    enrol(asking, cpr_number=MONAS)
    with asking.work() as work:
        [due] = work.registers.take_due(work.now, work.now + timedelta(minutes=10), 10)
        assert work.registers.take_due(work.now, work.now + timedelta(minutes=10), 10) == []
    enrol(asking, given_name="Mone", cpr_number=MONAS)
    with asking.work() as work:
        work.registers.done(due)
    assert waiting(asking) == 1
    look_up(asking, after=timedelta(minutes=11))
    assert waiting(asking) == 0


def test_a_person_decides(asking: Context) -> None:
    """A decision takes a difference off the list and changes nobody; it comes back when something else differs."""
    mona = enrol(asking, cpr_number=MONAS)
    look_up(asking)
    [item] = desk(asking).get("/v1/register-differences").get_json()["items"]
    path = f"/v1/register-differences/{item['difference_id']}/decision"
    decided = desk(asking).post(path, json={"decision": "told"}).get_json()
    assert (decided["decision"], decided["told"], differences(asking)) == ("told", "Mona", [])
    assert differences(asking, "decided=true") == [(mona, "given_name", "Mona", "Mona Holm")]
    enrol(asking, given_name="Mone", cpr_number=MONAS)
    look_up(asking)
    assert differences(asking) == [(mona, "given_name", "Mone", "Mona Holm")]
    assert desk(asking).post(path.replace(item["difference_id"], new_id()), json={"decision": "told"}).status_code == 404


def test_who_read_the_list_is_kept(asking: Context) -> None:
    """It shows names: it is read for a purpose, and about whom it was read is kept."""
    mona = enrol(asking, cpr_number=MONAS)
    look_up(asking)
    differences(asking)
    assert http(asking).as_(Role.COORDINATOR).get("/v1/register-differences").status_code == 400
    with asking.work() as work:
        [row] = work.connection.execute(sa.text("select objects from chassis.audit where purpose is not null")).all()
    assert mona in row.objects


def test_institutions_are_compared(asking: Context) -> None:
    """A unit that the register calls something else, and those that it does not have, are on the same list; ours stay as they are."""
    run_timer(asking, "institutions")
    found = {(field, told): registered for _, field, told, registered in differences(asking, "about=institution&limit=200")}
    assert found["name", "Børnehuset Regnbuen"] == "Naturbørnehaven Regnbuen"
    assert found["register_type", "6012"] == "6011"
    assert ("number", "151001") not in found
    assert found["number", "151004"] is None
    run_timer(asking, "institutions")
    assert len(differences(asking, "about=institution&limit=200")) == len(found)


def test_a_register_of_institutions_that_is_away_changes_nothing(asking: Context, answers: Path) -> None:
    """What was found before stays on the list."""
    run_timer(asking, "institutions")
    before = differences(asking, "limit=200")
    (answers / "units.json").write_text("not JSON", "utf-8")
    run_timer(asking, "institutions")
    assert differences(asking, "limit=200") == before != []


def test_both_adapters_keep_their_ports(answers: Path) -> None:
    """An answer, no answer, and a register that is away, each as its port says."""
    persons: PersonRegister = RecordedPersons(answers)
    units: InstitutionRegister = RecordedUnits(answers)
    assert persons.look_up(CprNumber.parse(MONAS)) == RegisteredPerson("Mona Holm", "Prøvesen")
    assert persons.look_up(CprNumber.parse(KARIMS)) is None
    assert next(iter(units.units())) == RegisteredUnit("151001", "Børnehuset Birkegården", "6012", "0000151001")
    nowhere = answers / "nowhere"
    for ask in (lambda: RecordedPersons(nowhere).look_up(CprNumber.parse(MONAS)), lambda: RecordedUnits(nowhere).units()):
        with pytest.raises(RegisterAway):
            ask()


def test_a_circuit_waits_longer_each_time() -> None:
    """Half a minute, a minute, and so on up to half an hour; an answer ends it."""
    circuit, clock = Circuit("test"), FakeClock()
    lengths = []
    for _ in range(FAILURES + 9):
        circuit.failed(clock())
        lengths.append(circuit.until - clock() if circuit.is_open(clock()) else None)
        clock.advance(LONGEST)
    assert lengths[: FAILURES + 1] == [None] * (FAILURES - 1) + [SHORTEST, SHORTEST * 2]
    assert lengths[-1] == LONGEST
    circuit.answered()
    circuit.failed(clock())
    assert not circuit.is_open(clock())
