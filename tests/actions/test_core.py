"""Pack `core`."""

from __future__ import annotations

import pytest

from attune_sim.actions import core
from attune_sim.errors import ActionError, ActionTimeout


def test_noop_takes_anything_and_gives_none():
    assert core.noop(a=1, b=[2]) is None


def test_sleep_says_how_long_it_slept_and_refuses_what_is_no_time():
    assert core.sleep(0) == {"slept": 0}
    for wrong in (-1, "1", True, None):
        with pytest.raises(ActionError, match="seconds must be a number of 0 or more"):
            core.sleep(wrong)


def test_fail_and_time_out_end_with_their_reason_and_result():
    with pytest.raises(ActionError, match="no disk") as failed:
        core.fail("no disk", {"free": 0})
    assert failed.value.result == {"free": 0}
    with pytest.raises(ActionTimeout, match="too late"):
        core.time_out("too late")
