"""Results that are assumed of a workflow of which nobody gave any: neither actions nor a script.

Each task gives what later templates read of it, and 10 KB of records; the main fan-out has items with the fields that it reads. All of
that is a script like any other, and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attune_sim.actions.script import ASSUMED_BYTES
from attune_sim.expressions import reads
from attune_sim.scenarios.origin import main_fan_out, origin_of
from attune_sim.scope import ContextPath
from attune_sim.slimming.dataflow import read_paths
from attune_sim.workflow import Workflow

ITEMS: Final = 100
"""Items of a list that nobody gave."""

_LEAF: Final = "assumed"


def assumed_script(workflow: Workflow, known: Collection[str], given: Collection[str]) -> dict[str, Any]:
    """A script for every task whose action is not `known`, and the list of items among the parameters if it is not `given`.

    A condition or a filter that needs another kind of value than text fails with it, as in any run; a script of one's own
    says what is really there.
    """
    origin, item = origin_of(workflow), _item(workflow)
    items = [dict(item) if item else number for number in range(ITEMS)]
    listed = tuple(step for step in origin.path if isinstance(step, str))
    read = read_paths(workflow)
    actions = {
        task.name: [
            {"result": _result(read.get(task.name), listed if origin.root == task.name else None, items)}
        ]
        for task in workflow.walk()
        if task.type == "action" and task.action not in known
    }
    script: dict[str, Any] = {"actions": actions}
    if origin.root == "parameters" and listed[0] not in given and not _has_default(workflow, listed[0]):
        script["parameters"] = _set({}, listed, ITEMS if origin.counts else items)
    return script


def _has_default(workflow: Workflow, name: str) -> bool:
    schema = workflow.parameters.get(name)
    return isinstance(schema, Mapping) and "default" in schema


def _item(workflow: Workflow) -> dict[str, Any]:
    """An item with the fields that the main fan-out reads of it."""
    main = main_fan_out(workflow)
    item: dict[str, Any] = {}
    for root, *path in (reads(main.input) or ()) if main is not None else ():
        if root == "item" and path:
            _set(item, tuple(path), _LEAF)
    return item


def _result(paths: Collection[ContextPath] | None, listed: ContextPath | None, items: list[Any]) -> Any:
    result: dict[str, Any] = {}
    for path in paths or ():
        _set(result, path, _LEAF)
    if listed == ():
        return items
    if listed is not None:
        _set(result, listed, items)
    return {**result, "content": {"shape": "records", "bytes": ASSUMED_BYTES}}


def _set(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The tree with a value at a path; what stands in the way gives way."""
    inner = tree
    for step in path[:-1]:
        below = inner.get(step)
        if not isinstance(below, dict):
            below = inner[step] = {}
        inner = below
    if path and not isinstance(inner.get(path[-1]), dict):
        inner[path[-1]] = value
    return tree
