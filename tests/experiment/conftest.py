"""Small workloads for cells: one fan-out over a list of numbers, with an action of the test's own."""

from __future__ import annotations

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.experiment import CellSpec
from attune_sim.runspec import History
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Task, Workflow


def numbers(workload):
    return {"numbers": list(range(workload.items))}


class WorkloadMaker:
    """`workload_of(action, items=10)`: a fan-out that calls `action(n=...)` for each number."""

    def __call__(self, action, items=10, *, history=None, concurrency=None, **given):
        each = Task(
            "each",
            action="test.act",
            with_items="{{ parameters.numbers }}",
            input={"n": "{{ item }}"},
            concurrency=concurrency,
        )
        return Workload(
            name="numbers",
            workflow=Workflow((each,), ref="numbers"),
            items=items,
            history=history or History(tasks=2, bytes_each=1000),
            make_parameters=numbers,
            replay={"test.act": action},
            **given,
        )


@pytest.fixture(scope="session")
def workload_of():
    return WorkloadMaker()


@pytest.fixture(scope="session")
def spec_of(workload_of):
    def make(action, items=10, *, strategy="shared", history=None, concurrency=None, **given):
        workload = workload_of(action, items, history=history, concurrency=concurrency)
        chosen = strategies[strategy] if isinstance(strategy, str) else strategy
        given.setdefault("memory_limit_bytes", 2**31)
        return CellSpec(workload=workload, strategy=chosen, **given)

    return make
