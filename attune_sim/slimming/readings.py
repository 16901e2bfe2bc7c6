"""Every place of a workflow where a template reads the context, what it reads there, and whose `result()` it may mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from attune_sim.expressions import Trees, reads
from attune_sim.scope import ContextPath
from attune_sim.workflow import Task, Transition, Workflow

RESULT = "result"
"""The root of a path that lies in what `result()` gives."""


class Reading(NamedTuple):
    """One template, or condition, that reads.

    `task` is the task that it belongs to (None: the workflow's output map) and `field` where it stands there. `paths`
    are as `reads` gives them, spelled out; None: everything. `last` are the tasks that `result()` may mean in it.
    `variable` is the variable that a transition publishes with it, `value` the template of that (None: the whole `result()`).
    """

    task: str | None
    field: str
    paths: frozenset[ContextPath] | None
    last: tuple[str, ...]
    variable: str | None = None
    value: Any = None


def readings(workflow: Workflow) -> list[Reading]:
    """All readings of a workflow, in file order, those of its output map at last.

    A reading of `retry.on_error` means the failed attempt of its own task with `result()`: no result that is kept.

    >>> from attune_sim.workflow import Task
    >>> readings(Workflow((Task("a", action="core.echo", input={"n": "{{ vars.x }}"}),)))
    [Reading(task='a', field='input', paths=frozenset({('workflow', 'x')}), last=(), variable=None, value=None)]
    """
    found = _Readings()
    found.level(workflow.tasks, ())
    every = tuple(task.name for task in workflow.walk())
    for key, value in (workflow.output_map or {}).items():
        found.add(None, f"output_map.{key}", value, every)
    return found.all


class _Readings:
    def __init__(self) -> None:
        self.all: list[Reading] = []
        self._trees = Trees()

    def level(self, tasks: tuple[Task, ...], above: tuple[str, ...]) -> None:
        """The tasks of one level; `above` are those that may have ended last when its entry points are dispatched."""
        askers = _askers(tasks)
        for task in tasks:
            # a task that somebody asks for begins when that one has ended; an entry point with what it is in
            last = tuple(askers.get(task.name, {})) or above
            self._dispatch(task, last)
            for n, step in enumerate(task.next):
                self._step(task, n, step)
            self.level(task.tasks, last)

    def _dispatch(self, task: Task, last: tuple[str, ...]) -> None:
        for field in ("input", "with_items", "when", "timeout"):
            value = getattr(task, field)
            if value:
                self.add(task.name, field, value, last, condition=field == "when")
        if task.retry is not None and task.retry.on_error:
            self.add(task.name, "retry.on_error", task.retry.on_error, (), condition=True)

    def _step(self, task: Task, n: int, step: Transition) -> None:
        own, place = (task.name,), f"next[{n}]"
        if step.when is not None:
            self.add(task.name, f"{place}.when", step.when, own, condition=True)
        for name, value in _published(step):
            field = f"{place}.publish.{name}"
            whole = frozenset({(RESULT,)})
            paths = whole if value is None else reads(value, (), self._trees, spelled_out=True)
            self.all.append(Reading(task.name, field, paths, own, name, value))

    def add(
        self, task: str | None, field: str, value: Any, last: tuple[str, ...], *, condition: bool = False
    ) -> None:
        given: tuple[Any, Iterable[str]] = (None, [value]) if condition else (value, [])
        paths = reads(*given, self._trees, spelled_out=True)
        if paths is None or paths:
            self.all.append(Reading(task, field, paths, last))


def _askers(tasks: tuple[Task, ...]) -> Mapping[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for task in tasks:
        for target in task.targets:
            found.setdefault(target, {})[task.name] = None
    return found


def _published(step: Transition) -> Iterator[tuple[str, Any]]:
    """Each variable with its template; None for a bare name, which is the whole result."""
    for entry in step.publish:
        if isinstance(entry, str):
            yield entry, None
        else:
            yield from entry.items()
