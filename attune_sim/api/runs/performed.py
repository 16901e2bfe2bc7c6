"""A workload with somebody who performs each of its actions, where there is not time or need for the real ones."""

from __future__ import annotations

from typing import Any

from attune_sim.api.runs.assuming import assumed_script
from attune_sim.api.runs.given import ScriptSource, Source, given_workload
from attune_sim.scenarios.workload import Workload


def performed_workload(source: Source, *, script: ScriptSource | None, **given: Any) -> Workload:
    """The workload with somebody who performs each of its actions: where nobody does, results are assumed."""
    actions = given.pop("actions")
    workload = given_workload(source, actions=actions, script=script, **given)
    if workload.user is None or script is not None or actions is not None or workload.script is not None:
        return workload
    definition, known = workload.user.definition, workload.user.actions
    children = {child.name for child in workload.workflows}
    if all(task.action is None or task.action in {*known, *children} for task in definition.walk()):
        return workload
    assumed = assumed_script(definition, {*known, *children}, given.get("parameters") or {})
    return given_workload(definition, script=assumed, **given)
