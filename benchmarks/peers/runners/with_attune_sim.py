"""attune-sim itself, recording included: runner, inline executor and recorder; the variant is the context strategy."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from measure import FanOut, Results, action, serve

from attune_sim.contexts.registry import strategies
from attune_sim.engine.runner import Runner
from attune_sim.executors import executor_named
from attune_sim.probes.recorder import Recorder
from attune_sim.workflow import Task, Workflow

EACH = Task(
    "each",
    action="noop",
    with_items="{{ parameters.items }}",
    input={"endpoint": "{{ item.health_endpoint }}"},
)


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    runner = Runner(
        Workflow((EACH,), ref="peers"),
        {**context["parameters"], "items": items},
        strategy=strategies[variant](),
        dispatch="windowed",
        actions={"noop": action},
        history=context["tasks"],
        variables=context["variables"],
        observers=[Recorder(perf_counter)],
    )
    executor = executor_named("inline")

    def fan_out() -> Results:
        executor.run(runner)
        return runner.state.task_results["each"]["results"]

    return fan_out


if __name__ == "__main__":
    serve(prepare, ("attune-sim",))
