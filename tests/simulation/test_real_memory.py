"""What the ledger foretells, beside real runs in processes of their own.

Like is compared with like: live heap above that before the run, without what the making of the run took; and resident bytes of the whole process at
their highest (VmHWM). Some 5 to 10 KB of heap come and go with the interpreter itself (free lists, what waits for the collector), in
either of the two: a tenth of what a run holds is clearly more than that from some 200 servers on, so the three sizes begin above.
"""

import asyncio

import pytest

from attune_sim.api.pricing import prices_of
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.limits import MemoryLimit
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.heap import HeapUnavailable, LiveHeap
from attune_sim.scenarios.catalogue.health_check import replayed_check
from attune_sim.scenarios.registry import scenarios
from attune_sim.simulation.answers import Answers
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

NAMES = ("deepcopy", "hamt", "shared", "projected")
MIB = 2**20


def _is_exact():
    try:
        LiveHeap().close()
    except HeapUnavailable:
        return False
    return MemoryLimit.is_available()


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _is_exact(), reason="the live heap, or limits, cannot be had here"),
]


async def slow_check(url, timeout=5.0):
    await asyncio.sleep(0.02)
    return replayed_check(url, timeout)


def real(workload, strategy, dispatch, **given):
    known = {"memory_limit_bytes": 2048 * MIB, "memory_only": True, "by_pympler": False, **given}
    return run_cell(CellSpec(workload=workload, strategy=strategies[strategy], dispatch=dispatch, **known))


def foretold(workload, prices, dispatch, memory_bytes=None):
    ledger = Ledger(prices, dispatch=dispatch, memory_bytes=memory_bytes)
    fates = ModelledFates(answers=Answers.of(workload))
    simulate(Setting(spec=workload.spec(dispatch=dispatch), fates=fates), [ledger])
    columns = ledger.deaths()
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {row["strategy"]: row for row in rows}


def readings_of(record):
    assert record.outcome == "ok", record.error
    return {reading.metric: reading.value for reading in record.readings}


def require_alike(row, prices, record):
    seen = readings_of(record)
    heap = row["heap_bytes"] - prices[row["strategy"]].begin
    assert heap == pytest.approx(seen["live_heap_bytes"], rel=0.1)
    assert row["peak_bytes"] == pytest.approx(seen["base_rss_bytes"] + seen["peak_rss_bytes"], rel=0.1)


@pytest.mark.parametrize("servers", [256, 512, 768])
def test_the_peak_is_that_of_a_real_eager_and_a_real_windowed_run(servers):
    history = {"tasks": 2, "bytes_each": 10_000}
    workload = scenarios.health_check(servers=servers, history=history, concurrency=1)
    prices = prices_of(workload, NAMES)
    for dispatch in ("eager", "windowed"):
        for name, row in foretold(workload, prices, dispatch).items():
            require_alike(row, prices, real(workload, name, dispatch))


def test_as_many_forks_are_alive_as_attempts_are_under_way():
    workload = scenarios.health_check(servers=200, concurrency=20)
    prices = prices_of(workload, ["deepcopy"])
    actions = {"monitoring.check_http": slow_check}
    record = real(workload, "deepcopy", "windowed", executor="asyncio", actions=actions)
    require_alike(foretold(workload, prices, "windowed")["deepcopy"], prices, record)


@pytest.mark.parametrize("servers", [2000, 8000])
def test_a_copy_dies_within_5_percent_of_the_item_that_was_foretold(servers):
    workload = scenarios.health_check(servers=servers, concurrency=1)
    prices = prices_of(workload, ["deepcopy"])
    row = foretold(workload, prices, "eager", memory_bytes=512 * MIB)["deepcopy"]
    record = real(workload, "deepcopy", "eager", memory_limit_bytes=512 * MIB)
    assert record.outcome == "memory_limit"
    assert row["item"] == pytest.approx(record.forks, rel=0.05)
