"""Whether two versions of a workflow give equal answers, and how much each hands to the items of its last fan-out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from attune_sim.canonical import as_json
from attune_sim.expressions import path_of
from attune_sim.recording.file import Place
from attune_sim.scope import MISSING, NAMESPACES
from attune_sim.slimming.take import Replay, Take
from attune_sim.workflow import Workflow

_ANSWERS: Final = ("status", "output", "variables")


def first_difference(left: Replay | Take, right: Replay | Take, moved: Collection[str] = ()) -> str | None:
    """Where the answers of two runs differ, without any value; None if status, output, variables and every input are equal.

    The order in which attempts began counts too, but for the tasks that were `moved`.
    """
    for name in _ANSWERS:
        if as_json(getattr(left.state, name)) != as_json(getattr(right.state, name)):
            return name
    both = [list(_in_order(run, moved)) for run in (left, right)]
    if both[0] != both[1]:
        return next(
            (f"the input of {a[0]}" for a, b in zip(*both, strict=False) if a != b), "what was called"
        )
    inside = [{place: seen for place, seen in run.inputs if _is_of(place, moved)} for run in (left, right)]
    if inside[0] != inside[1]:
        return f"the inputs of {', '.join(sorted(moved))}"
    return None


def _in_order(run: Replay | Take, moved: Collection[str]) -> Iterator[tuple[Place, str]]:
    return ((place, seen) for place, seen in run.inputs if not _is_of(place, moved))


def _is_of(place: Place, moved: Collection[str]) -> bool:
    """Whether an attempt is one of these tasks, or of a sub-workflow that one of them called."""
    return (place.within or f"{place.task}:").startswith(
        tuple(f"{name}{end}" for name in moved for end in ":[")
    )


class Handed:
    """What the items of a fan-out are handed, or, where there is none, what is there at the end of the run.

    `results` are the results of tasks in it; `bytes` is its size in JSON without the list that the items come from.
    """

    def __init__(self, replay: Replay, workflow: Workflow) -> None:
        offer = replay.fan_out
        context = replay.state.context if offer is None or offer.context is None else offer.context
        held = {name: context.resolve(name) for name in NAMESPACES}
        self.items = 0 if offer is None else len(offer.items)
        self.results: dict[str, Any] = dict(held["task"] or {})
        self.bytes = sum(
            len(as_json(value)) for value in held.values() if value is not None and value is not MISSING
        )
        if offer is not None:
            self.bytes -= _own_list(
                held, next(task.with_items for task in workflow.walk() if task.name == offer.task)
            )

    def size(self, task: str) -> int:
        """Bytes of JSON of a task's result in it."""
        return len(as_json(self.results[task])) if task in self.results else 0

    def __repr__(self) -> str:
        return f"<Handed: {self.bytes:,} bytes>"


def _own_list(held: dict[str, Any], with_items: str | None) -> int:
    """Bytes of the list that the items come from, if it lies in the context as it is."""
    path = path_of(with_items or "")
    if path is None:
        return 0
    value: Any = held
    for step in _without_alias(held, path):
        try:
            value = value[step]
        except (LookupError, TypeError):
            return 0
    return len(as_json(value))


def _without_alias(held: dict[str, Any], path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """`task.NAME.result` is the whole result, unless it has such a key."""
    if path[0] == "task" and path[2:3] and path[2] in ("result", "output"):
        result = (held["task"] or {}).get(path[1])
        if isinstance(result, dict) and path[2] not in result:
            return (*path[:2], *path[3:])
    return path
