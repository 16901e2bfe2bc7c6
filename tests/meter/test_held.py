"""The memory of a run: what the run holds, and nothing of what is noted beside it."""

import sys

import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.executors.readied import Readied
from attune_sim.experiment.carry import packed
from attune_sim.meter.order import Order
from attune_sim.meter.process import taken

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are counted by /proc")

ITEMS = 50_000


def nothing(**input):
    return None


class Known(Readied):
    """Answers as a recording does: made ready for each attempt, of which the times are noted."""

    def call_for(self, command):
        return nothing


def grown_by(action):
    workload = at.workload_of("baseline", items=ITEMS, history=at.History(tasks=1, bytes_each=1_000))
    order = Order(
        workload=workload, strategy=strategies["shared"], actions={"core.noop": action}, seconds=0.05
    )
    figures, reason = taken(packed(order), "held", path=sys.path, hash_seed=0, seconds=60)
    assert reason == ""
    return figures["grown_bytes"]


def test_what_replayed_actions_note_of_themselves_is_no_memory_of_the_run():
    assert grown_by(Known()) == pytest.approx(grown_by(nothing), rel=0.005)
