"""Moving a task into a sub-workflow of its own, which hands back only what is read: whether it may be, and what it becomes.

The task keeps its place, its input and its transitions; its action becomes the sub-workflow, whose one task calls the
action with just the input that was rendered for it: a task without input is given the parameters as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from attune_sim.expressions import reads
from attune_sim.scope import ContextPath
from attune_sim.slimming.dataflow import shortest
from attune_sim.slimming.handed_back import output_map
from attune_sim.slimming.readings import RESULT, Reading
from attune_sim.workflow import Retry, Task, Transition, Workflow

Uses = list[tuple[Reading, ContextPath]]
"""Who reads the result of a task, and which paths of it."""

_NAME: Final = re.compile(r"[\w .-]{1,100}")
_UNSAFE: Final = re.compile(r"[^\w-]")


@dataclass(frozen=True, slots=True)
class Move:
    """One task that calls the sub-workflow `child` in place of its action; `paths` are what this hands back."""

    task: str
    child: Workflow
    paths: frozenset[ContextPath]

    def apply(self, task: Task) -> Task:
        """The task as it is after the move; any other task as it is."""
        return replace(task, action=self.child.ref, retry=None) if task.name == self.task else task


def moved(workflow: Workflow, moves: Iterable[Move]) -> Workflow:
    """The workflow after some moves."""
    for move in moves:
        workflow = workflow.changed(move.apply)
    return workflow


def move_of(workflow: Workflow, task: Task, uses: Uses, result: Any, taken: Collection[str]) -> Move | str:
    """The move of a task whose `result` was this, or why it is not moved; `taken` are names that its child cannot have.

    Why is in words that go on a sentence about the task: "it has a timeout".
    """
    why = next(filter(None, (rule(workflow, task, uses) for rule in _RULES)), None)
    if why is not None:
        return why
    paths = shortest(path for _, path in uses)
    handed = {} if task.with_items is not None else output_map(paths, result)
    if handed is None:
        return "a key that is read cannot be written into a template"
    return Move(task.name, _child(workflow, task, handed, taken), paths)


def _child(workflow: Workflow, task: Task, handed: Mapping[str, str], taken: Collection[str]) -> Workflow:
    inner = Task(task.name, type=task.type, action=task.action, retry=task.retry)
    ref = _ref(workflow, task, taken)
    return Workflow((inner,), ref=ref, version=workflow.version, output_map=dict(handed) or None)


def _ref(workflow: Workflow, task: Task, taken: Collection[str]) -> str:
    """A name of its own: that of the workflow, and the task's."""
    around = workflow.ref if re.fullmatch(r"\w[\w.-]*", workflow.ref) else _slug(workflow.name)
    name = f"{around}.{_slug(task.name)}"
    return next(ref for ref in (name, *(f"{name}_{n}" for n in range(2, 10_000))) if ref not in taken)


def _slug(name: str) -> str:
    return _UNSAFE.sub("_", name) or "_"


# -- when a task stays where it is ----------------------------------------------------------------------------------------


def _unsuited(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    if task.action is None or task.tasks:
        return "it calls no action itself"
    if not _NAME.fullmatch(task.name):
        return "its name cannot be that of a file"
    if task.timeout is not None:
        return "it has a timeout"
    return None


def _read_whole(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    """A fan-out has the results of its items in a list: of a list the whole is read, or nothing."""
    whole = [(), ("results",)] if task.with_items is not None else [()]
    reading = next((reading for reading, path in uses if path[:1] in whole), None)
    return None if reading is None else f"all of its result is read ({_named(reading)})"


def _failure_read(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    """A sub-workflow that failed says so in words of its own, and has nothing else of the result."""
    own = ("error",) if task.with_items is None else ("error", "failed_items")
    for reading, path in uses:
        if path[0] in own:
            return f"what it says of a failure is read ({_named(reading)})"
        if path[0] == "succeeded" and task.with_items is None:
            return f"'succeeded' is read of its result ({_named(reading)}), which every sub-workflow has"
    return None


def _failure_handled(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    """After a failure, its transitions and the tasks that these ask for must not read what only the action says of it."""
    after = [(n, step) for n, step in enumerate(task.next) if _only_after_failure(step)]
    places = {f"next[{n}]" for n, _ in after}
    targets = {name for _, step in after for name in step.do or ()}
    for reading, path in uses:
        own = reading.task == task.name and reading.field.split(".")[0] in places
        if own or (reading.task in targets and path[0] != "status"):
            return f"its result is read after a failure ({_named(reading)})"
    return None


def _only_after_failure(step: Transition) -> bool:
    return not step.may_fire("succeeded")


def _time_told(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    """That an action ran out of time is no more than a failure of the sub-workflow."""
    texts: list[Any] = [step.when or "" for step in task.next]
    texts += [list(step.publish) for step in task.next]
    by_name = {each.name: each for each in workflow.walk()}
    for each in (by_name[name] for name in task.targets if name in by_name):
        texts += [dict(each.input), each.when or "", each.with_items or ""]
    texts.append(dict(workflow.output_map or {}))
    return "timed_out() is asked after it" if any("timed_out" in part for part in _texts(texts)) else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _retried(workflow: Workflow, task: Task, uses: Uses) -> str | None:
    """Its retries move with it, and see neither the other items nor the rest of the context from there."""
    retry: Retry | None = task.retry
    if retry is None:
        return None
    if task.with_items is not None:
        return "it retries single items"
    paths = reads(None, [retry.on_error]) if retry.on_error else frozenset()
    if paths is None or any(path[0] != RESULT for path in paths):
        return "the condition of its retries reads more than the failed attempt"
    return None


_RULES: Final[tuple[Callable[[Workflow, Task, Uses], str | None], ...]] = (
    _unsuited,
    _read_whole,
    _failure_read,
    _failure_handled,
    _time_told,
    _retried,
)


def _named(reading: Reading) -> str:
    return reading.field if reading.task is None else f"task {reading.task!r}, {reading.field}"
