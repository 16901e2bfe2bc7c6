"""Sub-workflows in simulations: their items are counted and kept, what they hold is charged, also where their time is up in the middle."""

from dataclasses import dataclass

import pytest

from attune_sim.executors.fates import Fates
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.prices import Line, Prices, StrategyPrices, TaskPrice
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate
from attune_sim.simulation.workers.crew import Crew
from attune_sim.simulation.workers.reading import workers_of

REGIONS = """
version: '1'
tasks:
  - name: regions
    action: t.region
    with_items: "{{ range(3) }}"
    concurrency: 2
    %s
    next: [{do: [report], when: "{{ true }}"}]
  - {name: report, action: t.report}
"""
REGION = """
version: '1'
ref: t.region
tasks:
  - name: check
    action: t.check
    with_items: "{{ range(4) }}"
    concurrency: 2
    next: [{do: [total]}]
  - {name: total, action: t.total}
"""
SECONDS = {"t.check": 2.0, "t.total": 1.0, "t.report": 1.0}


@dataclass(frozen=True)
class Known(FatesModel, Fates):
    """Every attempt succeeds, but the first ones at index 3 of `check`, and takes what its action takes."""

    failing: bool = False

    def seeded(self, seed):
        return self

    def open(self, offer, cycle):
        good = ("succeeded", {}, None, SECONDS[offer.action])
        bad = ("failed", None, "no", SECONDS[offer.action])
        return lambda command, now, input, worker: bad if self.failing and command.slot == 3 else good


def simulated(more="", watchers=(), workers=None, **fates):
    spec = RunSpec(workflow=load(REGIONS % more), workflows=(load(REGION),))
    stations = None if workers is None else Crew(workers_of(workers))
    setting = Setting(spec=spec, fates=Known(**fates), stations=stations)
    outcome = simulate(setting, watchers)
    assert outcome.complaints == ()
    return outcome


def rows_of(outcome, *names):
    return sorted(zip(*(list(outcome.items[name]) for name in names), strict=True))


def test_items_of_sub_workflows_are_rows_behind_the_ref_of_theirs_and_counted():
    outcome = simulated()

    [cycle] = outcome.cycles
    assert (cycle.items, cycle.succeeded, cycle.status) == (3 + 3 * 4, 15, "succeeded")
    rows = rows_of(outcome, "task", "run", "index", "started_s", "ended_s")
    assert rows[:3] == [
        ("regions", 0, 0, 0.0, 5.0),
        ("regions", 0, 1, 0.0, 5.0),
        ("regions", 0, 2, 5.0, 10.0),
    ]
    checks = [row for row in rows if row[0] == "t.region/check"]
    assert [(run, index) for _, run, index, _, _ in checks] == [(n, i) for n in (1, 2, 3) for i in range(4)]
    assert checks[-1][3:] == (7.0, 9.0)


def test_a_call_is_served_by_nobody_though_the_last_attempt_in_it_was():
    outcome = simulated(workers="2")

    own = list(rows_of(outcome, "task", "index", "queued_s", "started_s", "worker"))
    assert all(worker == -1 and asked == begun for task, _, asked, begun, worker in own if task == "regions")
    assert all(worker in (0, 1) for task, *_, worker in own if task != "regions")


def test_failures_in_sub_workflows_are_counted_beside_those_of_their_callers():
    [cycle] = simulated(failing=True).cycles

    assert (cycle.items, cycle.failed, cycle.succeeded) == (15, 3, 12), "they went on to their next task"


def test_what_is_dropped_with_a_sub_workflow_whose_time_is_up_is_cancelled():
    outcome = simulated("timeout: 3")

    [cycle] = outcome.cycles
    assert (cycle.timed_out, cycle.succeeded, cycle.cancelled) == (3, 6, 6)
    assert cycle.items == 15


# -- memory -------------------------------------------------------------------------------------------------------------


class Held:
    """A ledger of one strategy whose forks, records and contexts are told apart by their digits; what it holds at any time."""

    def __init__(self, dispatch):
        check = TaskPrice(fork=Line(1000.0), record=Line(10.0), opening=Line(1.0), kept=Line(5.0))
        prices = StrategyPrices(
            begin=1e6, begins={"t.region": 1e5}, tasks={"t.region/check": check, "regions": TaskPrice(record=Line(64.0))}
        )  # fmt: skip
        self.ledger = Ledger(Prices({"made up": prices}, "made up"), dispatch=dispatch)

    def course(self):
        columns = self.ledger.memory()
        return columns["high_bytes"], columns["low_bytes"]


@pytest.mark.parametrize("more", ["", "timeout: 3"])
@pytest.mark.parametrize(("dispatch", "forks"), [("windowed", 2), ("eager", 4)])
def test_what_sub_workflows_hold_is_charged_as_long_as_they_are_under_way(dispatch, forks, more):
    held = Held(dispatch)
    simulated(more, [held.ledger])

    [peak] = held.ledger.deaths()["heap_bytes"]
    high, low = held.course()
    first = 1e6 + 2 * (1e5 + 1 + forks * 1000)
    assert high[0] == first
    assert first <= peak <= first + 2 * 4 * 10 + 3 * 64 + 2 * 1000
    assert low[-1] == 0.0, "nothing is left"
    assert held.ledger.unpriced == {"report", "t.region/total"} - ({"t.region/total"} if more else set())


def test_sub_workflows_in_sub_workflows_are_charged_too():
    outer = load(REGIONS.replace("t.region", "t.outer") % "")
    middle = load("version: '1'\nref: t.outer\ntasks:\n  - {name: inner, action: t.region}\n")
    held = Held("windowed")
    spec = RunSpec(workflow=outer, workflows=(middle, load(REGION)))
    outcome = simulate(Setting(spec=spec, fates=Known()), [held.ledger])

    assert outcome.cycles[0].items == 15
    assert {"t.region/check", "regions"} == set(outcome.items["task"])
    assert held.course()[0][0] == 1e6 + 2 * (1e5 + 1 + 2000)
    assert held.course()[1][-1] == 0.0
