"""The projections are made anew from the log while facts come in, and whoever does it is killed on the way."""

from signal import SIGKILL

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.replay import LOG
from services.chassis.topology import topology
from tests.reliability.patience import START_WITHIN_S
from tests.reliability.stage import Stage
from tests.reporting.dump import dump

REBUILD = ("reporting", "rebuild", "reporting")
BATCH = 20


@pytest.mark.thorough
@pytest.mark.timeout(400)
@pytest.mark.parametrize("batches", [3, 30])
def test_rebuild_is_killed_during_live_traffic(stage: Stage, batches: int) -> None:
    """Fault 42: what is made again at rest is what live facts have made, byte for byte. After kill -9 in the middle of a rebuild under
    load, another from the start, under load too, makes what one at rest makes.
    """
    reporting = stage.contexts["reporting"]
    RabbitBus(stage.bus_url).declare(topology([], LOG))
    stage.start_all("registration", "reporting")
    with stage.flowing():
        stage.await_progress(batches * BATCH * 3 // 2)
    stage.await_settled()
    live = dump(reporting)
    rebuild(stage)
    assert dump(reporting) == live
    with stage.flowing():
        killed = stage.command(*REBUILD, DELTAG_CRASH_POINT=f"intake.after-commit:{batches}", DELTAG_BATCH_SIZE=str(BATCH))
        assert killed.wait(START_WITHIN_S) == -SIGKILL, killed.communicate()
        missing = len({*live.splitlines()} - {*dump(reporting).splitlines()})
        stage.await_progress()
        rebuild(stage)
    figures = stage.figures()
    resumed = dump(reporting)
    rebuild(stage)
    assert dump(reporting) == resumed
    assert missing, "it was killed too late"
    figures.judge(f"killed with {missing} of {len(live.splitlines())} live rows missing, {len(resumed.splitlines())} the same in the end")


def rebuild(stage: Stage) -> None:
    """Let the command do it to the end."""
    whole = stage.command(*REBUILD)
    assert whole.wait(START_WITHIN_S) == 0, whole.communicate()
