"""The delivery protocol, played in every order with every fault that Hypothesis can think of, over both buses."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.chassis.database import Database
from services.chassis.service import Context
from tests.chassis.tiny import SERVICE
from tests.reliability.chance import rounds, seed
from tests.reliability.model.defects import DEFECTS, Defect
from tests.reliability.model.machine import ATTEMPTS, Delivery, tell_again
from tests.reliability.model.patients import Patients
from tests.reliability.model.scene import EmbeddedGround, Ground, RabbitGround, Theatre, a_theatre
from tests.reliability.report import SIZE
from tests.servers.databases import Databases

STEPS_AT_MOST = 30
QUICK_RUNS = 15
RUNS_WITH_A_DEFECT = 2_000

pytestmark = pytest.mark.server


@pytest.fixture
def theatre(context_of: Callable[..., Context], databases: Databases, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Theatre]:
    """The tiny service on a bus, with a nemesis."""
    context = context_of(
        replace(SERVICE, refresh=tell_again, resources=lambda _settings: Patients()), retry_attempts=ATTEMPTS, retry_base_s=0.01
    )
    with a_theatre(context, ground, databases.server.url(), monkeypatch) as theatre:
        yield theatre


@pytest.fixture(params=["embedded", "rabbit"])
def ground(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Ground]:
    """Either bus."""
    if request.param == "rabbit":
        yield RabbitGround(request.getfixturevalue("bus_url"), "quorum")
        return
    with databases.copied() as url:
        database = Database(url)
        yield EmbeddedGround(database)
        database.close()


def play(theatre: Theatre, runs: int, *phases: Phase) -> None:
    """So many runs, from a seed that is printed; a run that fails is made short, unless told otherwise."""

    class Run(Delivery):
        def __init__(self) -> None:
            super().__init__(theatre)

    run_state_machine_as_test(
        hypothesis.seed(seed())(Run),
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS_AT_MOST,
            deadline=None,
            database=None,
            phases=phases or (Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(theatre.figures())  # noqa: T201 - the figures of the run


def test_every_message_has_one_effect(theatre: Theatre) -> None:
    """Whatever order and faults chance thinks of: one effect for each message, in order, and only what must be is parked."""
    play(theatre, QUICK_RUNS)


@pytest.mark.thorough
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("ground", "usual"), [("embedded", 10_000), ("rabbit", 1_000)], indirect=["ground"], ids=["embedded", "rabbit"])
def test_every_message_has_one_effect_in_thousands_of_runs(
    theatre: Theatre, usual: int, record_property: Callable[[str, object], None]
) -> None:
    """In thousands of runs, whatever order and faults chance thinks of: one effect for each message, and only what must be is parked.

    DELTAG_FAULT_ROUNDS says how many.
    """
    runs = rounds(usual)
    record_property(SIZE, runs)
    play(theatre, runs)


@pytest.mark.thorough
@pytest.mark.timeout(0)
@pytest.mark.parametrize("ground", ["embedded"], indirect=True)
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_planted_defect_is_found(theatre: Theatre, defect: Defect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model fails, as it must, on a spine with a defect in it."""
    defect(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        play(theatre, RUNS_WITH_A_DEFECT, Phase.generate)
    print(f"found in run {theatre.runs}")  # noqa: T201 - the figure of the run
