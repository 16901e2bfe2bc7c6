"""One run that two read: what they say of its forks, and what is thought of instruments that tell something else."""

import sys
from statistics import median

import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.carry import packed
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.meter.beside import beside
from attune_sim.meter.findings import OFF
from attune_sim.meter.order import Order
from attune_sim.meter.process import taken

HISTORY = at.History(tasks=10, bytes_each=10_000, payload="records")
FEW, MANY = (at.workload_of("baseline", items=items, history=HISTORY) for items in (40, 300))

TWO = """
version: 1.0.0
parameters: {large: {type: array}, small: {type: array}}
tasks:
  - {name: first, action: core.noop, with_items: "{{ parameters.large }}", input: {id: "{{ item.id }}"}, next: [{do: [second]}]}
  - {name: second, action: core.noop, with_items: "{{ parameters.small }}", input: {id: "{{ item }}"}}
"""


class Middle:
    """Instruments that tell the middle fork instead of the mean: collections fall into few of them, and are left out."""

    def __init__(self, timeline):
        self._own = RunInstruments(timeline, items=MANY.items)
        self.observers = (*self._own.observers, self)
        self._made = None

    def forking(self, offer, made):
        self._made = made  # it is told of before the forks are made

    def paid_fork_us(self):
        return median(self._made.fork_us)


def whole(timeline):
    return RunInstruments(timeline, items=FEW.items)


def read(instruments, strategy="deepcopy", workload=FEW, **more):
    order = Order(workload=workload, strategy=strategies[strategy], instruments=instruments, **more)
    figures, reason = taken(packed(order), "beside", path=sys.path, hash_seed=0, seconds=60)
    assert reason == ""
    return figures


@pytest.mark.parametrize("dispatch", ["eager", "windowed"])
def test_the_instruments_of_a_cell_and_the_watch_agree_on_the_forks_of_one_run(dispatch):
    figures = read(whole, dispatch=dispatch)

    assert figures["metered_paid_fork_us"] > 100
    assert figures["told_paid_fork_us"] == pytest.approx(figures["metered_paid_fork_us"], rel=0.05)


def test_instruments_that_leave_collections_out_tell_less_than_the_watch():
    figures = read(Middle, "pickle", MANY)

    assert figures["told_paid_fork_us"] < (1 - OFF) * figures["metered_paid_fork_us"]


def test_of_several_fan_outs_both_read_the_forks_of_all_of_them():
    large, small = [{"id": n, "text": "x" * 2_000} for n in range(30)], [1, 2, 3]
    workload = at.workload_of(at.load(TWO), parameters={"large": large, "small": small}).sized(
        history=HISTORY
    )

    figures = read(whole, workload=workload)
    assert figures["told_paid_fork_us"] == pytest.approx(figures["metered_paid_fork_us"], rel=0.05)


def test_an_order_without_instruments_has_nothing_to_be_read_beside():
    with pytest.raises(ValueError, match="give the order instruments"):
        beside(Order(workload=FEW, strategy=strategies["deepcopy"]))
