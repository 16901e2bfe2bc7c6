"""Pairs of runs of which instruments and meter read half of the items each: what both say, and what is seen of a mistake of the instruments."""

import sys
from functools import partial

import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.carry import packed
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.meter.crossover import crossed
from attune_sim.meter.order import Order
from attune_sim.meter.process import taken
from attune_sim.meter.speed import PAID

pytestmark = pytest.mark.slow

ITEMS = 300
WORKFLOW = """
version: 1.0.0
ref: tests.crossed
parameters: {all: {type: integer, default: 300}}
tasks:
  - name: each
    action: test.work
    with_items: "{{ range(300) }}"
    input:
      first: "number {{ item }} of {{ parameters.all }}"
      second: "after {{ item + 1 }} comes {{ item + 2 }}"
      third: "and before {{ item - 1 }} went {{ item - 2 }}"
"""
WORKLOAD = at.workload_of(at.load(WORKFLOW))


def work(**input):
    return sum(range(500))


def uneven(**input):
    """One item takes a hundred times as long as the others."""
    return sum(range(50_000 if input["first"].startswith("number 7 ") else 500))


class Altered(RunInstruments):
    """Instruments that tell another time than they read."""

    def __init__(self, timeline, altered):
        super().__init__(timeline, items=ITEMS, looks=False)
        self._altered = altered

    def item_times(self):
        return {
            metric: [self._altered(metric, us) for us in times]
            for metric, times in super().item_times().items()
        }


def more(metric, us):
    return us * (1.2 if metric == "action_us" else 1.0)


def less(metric, us):
    return us - 2.0 if metric == "render_us" else us


def told_as_it_was(metric, us):
    return us


def shares(altered, dispatch="eager", strategy="persistent", action=work):
    """Of each figure what was told, as a share of what was metered."""
    order = Order(
        workload=WORKLOAD,
        strategy=strategies[strategy],
        dispatch=dispatch,
        actions={"test.work": action},
        instruments=partial(Altered, altered=altered),
        seconds=2.0,
    )
    found, reason = taken(packed(order), "crossed", path=sys.path, hash_seed=0, seconds=60)
    assert reason == ""
    assert 0 < found["clock_us"] < 1
    return {metric: found[f"told_{metric}"] / found[f"metered_{metric}"] for metric in PAID}


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_what_instruments_tell_of_their_items_the_meter_takes_of_its_own(dispatch):
    found = shares(told_as_it_was, dispatch)

    assert found == pytest.approx(dict.fromkeys(PAID, 1.0), abs=0.1)


def test_instruments_that_are_mistaken_are_seen_by_as_much_and_in_that_figure_only():
    found = shares(more)
    assert found["action_us"] == pytest.approx(1.2, abs=0.06)
    assert found["render_us"] == pytest.approx(1.0, abs=0.1)

    assert shares(less)["render_us"] < 0.8


def test_an_item_that_takes_a_hundred_times_as_long_is_on_either_side_once():
    assert shares(told_as_it_was, action=uneven)["action_us"] == pytest.approx(1.0, abs=0.1)


def test_an_order_without_instruments_has_nothing_to_cross():
    with pytest.raises(ValueError, match="give the order instruments"):
        crossed(Order(workload=WORKLOAD, strategy=strategies["shared"]))
