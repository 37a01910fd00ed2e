"""The table that keeps what cannot be handled takes nothing: then it stays where it came from."""

from time import monotonic

import pytest

from services.chassis.testing import parked
from tests.reliability.load import publish
from tests.reliability.patience import eventually
from tests.reliability.sabotage import takes_nothing
from tests.reliability.ward import Ward, fact, request

FACTS = 100


@pytest.mark.parametrize("code", ["insufficient_privilege", "disk_full"])
def test_nothing_can_be_parked(ward: Ward, code: str) -> None:
    """Fault 24: nothing can be parked or put aside. What should be stays in its queue, health says so, and when the table takes
    messages again, it is parked, alone, and all others are handled.
    """
    sent = dict([*(fact(f"child-{n:02d}", 1, "defect" if n == FACTS // 2 else "") for n in range(FACTS)), request("beside")])
    process = ward.start(DELTAG_RETRY_BASE_S="0.1")
    process.await_ready()
    with takes_nothing(ward.context.settings.database_url, "chassis.deferred", code):
        publish(ward.bus_url, sent.values())
        eventually(process.trouble, what="it in its health")
        said, *_ = process.trouble().splitlines()
        assert not parked(ward.context)
    healed = monotonic()
    sent |= ward.flow_until_parked(1)
    ward.settle(effects=len(sent) - 1, parked=1)
    seconds = monotonic() - healed
    ward.figures(sent, seconds).judge(f"nothing could be parked ({said})", parked=1)
