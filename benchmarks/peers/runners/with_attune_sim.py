"""attune-sim itself, recording included: runner, inline executor and recorder; the variant is the context strategy.

Results of finished tasks stand among the variables, which the context holds and copies as it does results.
"""

from __future__ import annotations

from typing import Any

from measure import FanOut, Results, action, serve

from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of
from attune_sim.workflow import Task, Workflow

EACH = Task(
    "each",
    action="noop",
    with_items="{{ parameters.items }}",
    input={"endpoint": "{{ item.health_endpoint }}"},
)


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    spec = RunSpec(
        workflow=Workflow((EACH,), ref="peers"),
        parameters={**context["parameters"], "items": items},
        variables={**context["variables"], **context["tasks"]},
        strategy=variant,
    )
    timeline = RealTimeline()
    session = session_of(spec, {"noop": action}, observers=[Recorder(timeline.now)])
    executor = executor_named("inline")

    def fan_out() -> Results:
        executor.run(session.job, timeline)
        return session.state.task_results["each"]["results"]

    return fan_out


if __name__ == "__main__":
    serve(prepare, ("attune-sim",))
