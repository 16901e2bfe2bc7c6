"""Prices that are weighed: what a run holds under a strategy, without the forks of all its items."""

import gc
import json

import pytest

from attune_sim.actions.registry import actions_of
from attune_sim.api.pricing import prices_of
from attune_sim.api.runs.performed import performed_workload
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError, ResultError
from attune_sim.executors import executor_named
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.loader import load
from attune_sim.probes.freelists import fill_free_lists
from attune_sim.probes.memory import Memory
from attune_sim.scenarios.registry import scenarios
from attune_sim.session import session_of
from attune_sim.simulation.answers import Answers
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.pricing import priced
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

HISTORY = 20_000  # bytes of JSON: some 90 KB alive


class Refusing(strategies["shared"]):
    """Forks nothing."""

    name = "refusing"

    def fan_out(self, context, reads):
        raise ResultError("it carries nothing")


def cell_of(servers, history=HISTORY, **given):
    workload = scenarios.health_check(servers=servers, history={"tasks": 2, "bytes_each": history // 2})
    return CellSpec(workload=workload, strategy=strategies["projected"], **given)


@pytest.fixture(scope="module")
def weighed():
    names = ("deepcopy", "hamt", "frozen", "shared")
    return priced([cell_of(32), cell_of(128)], [*(strategies[name] for name in names), Refusing])


def test_a_fork_is_what_its_strategy_makes_of_the_context(weighed):
    forks = {name: weighed[name].tasks["check_health"].fork for name in weighed}
    assert 56 <= forks["shared"].at(128) == forks["shared"].at(10**6) <= 110
    assert 250 < forks["hamt"].at(128) < 450
    # the list of servers is part of what each item is handed, and copied with it
    assert forks["deepcopy"].at(128) > 2 * HISTORY
    assert forks["deepcopy"].each > 300


def test_what_is_there_beside_forks_belongs_to_the_tasks_that_made_it(weighed):
    for name in ("deepcopy", "hamt", "shared"):
        listed, checked = weighed[name].tasks["get_servers"], weighed[name].tasks["check_health"]
        assert 128 * 300 < listed.storing.at(1) < 128 * 1500  # the result of the plain task
        assert 100 < checked.record.at(128) < 400  # and of each item
        assert checked.kept.at(128) == pytest.approx(128 * checked.record.at(128), rel=0.5)
        assert weighed[name].begin > HISTORY


def test_a_strategy_that_makes_its_own_of_a_result_pays_as_it_is_stored(weighed):
    shared, frozen = (weighed[name].tasks["check_health"].storing.at(128) for name in ("shared", "frozen"))
    assert frozen > shared + 128 * 300
    assert weighed["frozen"].begin > weighed["shared"].begin + HISTORY


def test_the_process_is_the_same_for_all_of_them(weighed):
    processes = {weighed[name].process.resident for name in weighed}
    assert len(processes) == 1
    assert 20e6 < processes.pop() < 300e6


def test_a_strategy_that_cannot_carry_the_workload_is_missing_and_says_why(weighed):
    assert "refusing" not in weighed
    assert "it carries nothing" in weighed.missing["refusing"]


def test_forks_that_do_not_fit_the_memory_are_missing():
    # the context takes some 45 MB alive, and a copy of it takes as much again
    found = priced(
        [cell_of(8, 10_000_000, memory_limit_bytes=230_000_000)], [strategies["pickle"], strategies["shared"]]
    )
    assert list(found) == ["shared"]
    assert "MemoryError" in found.missing["pickle"]


def test_without_cells_there_is_nothing_to_weigh():
    with pytest.raises(InputError, match="no cell to weigh"):
        priced([], [strategies["shared"]])


# -- sub-workflows ---------------------------------------------------------------------------------------------------------

REGIONS = """
version: '1'
parameters: {ballast: {type: array, default: []}}
tasks:
  - name: regions
    action: t.region
    with_items: "{{ range(4) }}"
    concurrency: 2
    input: {servers: 400}
"""
REGION = """
version: '1'
ref: t.region
parameters: {servers: {type: integer}}
tasks:
  - name: list
    action: t.list
    input: {n: "{{ parameters.servers }}"}
    next: [{do: [check]}]
  - name: check
    action: t.check
    with_items: "{{ task.list.servers }}"
    concurrency: 4
    input: {server: "{{ item.name }}"}
"""


def listed(n):
    return {
        "servers": [{"name": f"server-{place}", "tags": [f"a{place}", f"b{place}"]} for place in range(n)]
    }


ACTIONS = {
    "t.list": listed,
    "t.check": lambda server: json.loads(json.dumps({"ok": True, "said": f"{server} is up"})),
}


class Highest:
    """The most live heap at the ends of attempts, in sub-workflows too."""

    def __init__(self, memory, before):
        self.memory, self.before, self.most = memory, before, 0

    def sub_workflow_started(self, call, run):
        return self

    def action_ended(self, event):
        self.most = max(self.most, self.memory.heap() - self.before)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deepcopy", "shared"])
def test_the_peak_is_that_of_a_real_run_with_sub_workflows(name):
    ballast = [{"k": f"key-{place}", "v": [place, place + 1]} for place in range(2_000)]
    workload = performed_workload(
        load(REGIONS), parameters={"ballast": ballast}, actions=ACTIONS, script=None, workflows=[load(REGION)],
        config=None, keystore=None, seed=0,
    )  # fmt: skip
    prices = prices_of(workload, [name])
    ledger = Ledger(prices, dispatch="eager")
    fates = ModelledFates(answers=Answers.of(workload))
    simulate(Setting(spec=workload.spec(dispatch="eager", strategy=name), fates=fates), [ledger])
    [foretold] = ledger.deaths()["heap_bytes"]

    memory, runs, cell = Memory(), [], CellSpec(workload=workload, strategy=strategies[name])
    with Recordings(lambda text: None, natural=True) as recordings:
        taken = recordings.of(
            cell
        )  # prices are weighed with answers that are replayed, whose objects are all their own
        actions = dict(actions_of(cell.replaying(taken.recording, taken.estimated).all_actions))
        for _ in range(2):  # what the first one leaves behind is nobody's
            gc.collect()
            fill_free_lists()  # which that emptied
            watch = Highest(memory, memory.heap())
            session = session_of(workload.spec(dispatch="eager", strategy=name), actions, observers=[watch])
            executor_named("inline").run(session.job)
            runs.append(watch.most)
            del session
    assert foretold == pytest.approx(runs[-1], rel=0.1)
