"""The projections are made anew from the log while facts come in, and whoever does it is killed on the way."""

from signal import SIGKILL

import pytest

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.consumer import topology
from services.chassis.replay import LOG
from tests.reliability.patience import START_WITHIN_S
from tests.reliability.stage import Stage
from tests.reporting.dump import dump


@pytest.mark.thorough
@pytest.mark.parametrize("batches", [3, 30])
def test_rebuild_is_killed_during_live_traffic(stage: Stage, batches: int) -> None:
    """Fault 42: kill -9 in the middle of a rebuild under load, and once more from the start: the same tables, byte for byte."""
    reporting = stage.contexts["reporting"]
    RabbitBus(stage.bus_url).declare(topology([], LOG))
    stage.start_all("registration", "reporting")
    rebuild = ("reporting", "rebuild", "reporting")
    with stage.flowing():
        stage.await_progress(batches * 30)
        killed = stage.command(*rebuild, DELTAG_CRASH_POINT=f"intake.after-commit:{batches}", DELTAG_BATCH_SIZE="20")
        assert killed.wait(START_WITHIN_S) == -SIGKILL, killed.communicate()
        stage.await_progress()
        whole = stage.command(*rebuild)
        assert whole.wait(START_WITHIN_S) == 0, whole.communicate()
    figures = stage.figures()
    live = dump(reporting)
    quiet = stage.command(*rebuild)
    assert quiet.wait(START_WITHIN_S) == 0, quiet.communicate()
    assert dump(reporting) == live
    figures.judge(f"a rebuild killed after {batches} batches, {len(live.splitlines())} rows the same")
