"""Which parts of each task's result anything later reads.

Parts are named as expressions name them: paths below `task.NAME`, that is below the view of a result. Where a part
cannot be known exactly, the whole counts as read: a path here may be too short, never too long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attune_sim.expressions import path_of
from attune_sim.scope import ContextPath
from attune_sim.slimming.readings import RESULT, Reading, readings
from attune_sim.workflow import Task, Workflow

_DEEPEST: Final = 32
"""Steps of a path that are followed through variables: a variable that is published from itself has no end."""

_WHOLE: Final = ("result", "output")


def read_paths(
    workflow: Workflow, workflows: Iterable[Workflow] = ()
) -> Mapping[str, frozenset[ContextPath] | None]:
    """Task -> the paths of its result that anything later reads; None for everything, an empty set for nothing at all.

    Sub-tasks of parallel tasks have entries of their own. Variables are followed: what is published from a result and
    never read is not read, unless the template computes something when it is published. `workflows` are those that actions
    name: what they are handed is read, whatever they do with it, so they change nothing here, and may be left out.

    >>> from attune_sim.loader import load
    >>> workflow = load('''
    ... version: 1.0.0
    ... tasks:
    ...   - name: fetch
    ...     action: http.get
    ...     next:
    ...       - publish: [{body: "{{ result().body }}"}]
    ...         do: [check]
    ...   - name: check
    ...     action: core.echo
    ...     input: {id: "{{ body.id }}", rows: "{{ task.fetch.result.rows }}"}
    ... ''')
    >>> {name: sorted(paths) for name, paths in read_paths(workflow).items()}
    {'fetch': [('body', 'id'), ('result', 'rows'), ('rows',)], 'check': []}
    """
    flow = _Flow(workflow, readings(workflow))
    flow.follow()
    return {name: None if () in paths else shortest(paths) for name, paths in flow.read.items()}


def uses_of(workflow: Workflow) -> Mapping[str, list[tuple[Reading, ContextPath]]]:
    """Task -> every template that reads its result, with the path that it reads (`()`: all of it).

    A template that publishes reads as any other does: variables are not followed.
    """
    flow = _Flow(workflow, readings(workflow))
    uses: dict[str, list[tuple[Reading, ContextPath]]] = {name: [] for name in flow.read}
    for reading in readings(workflow):
        for name, path in paths_of(reading, flow.read):
            for inner, below in flow.with_inside(name, path):
                uses[inner].append((reading, below))
    return uses


def paths_of(reading: Reading, tasks: Iterable[str]) -> Iterator[tuple[str, ContextPath]]:
    """The tasks whose results a reading reads, with the paths there; `()` for all of one. Variables are not followed.

    `task.NAME.result` is the key of that name or the whole result, `task.NAME.status` the key or how the task ended:
    both readings count.

    >>> reading = Reading(None, "", frozenset({("task", "a", "result", "x"), ("result", "y")}), ("b",))
    >>> sorted(paths_of(reading, ["a", "b"]))
    [('a', ('result', 'x')), ('a', ('x',)), ('b', ('y',))]
    """
    if reading.paths is None or ("task",) in reading.paths:
        yield from ((name, ()) for name in tasks)
    for path in reading.paths or ():
        if path[0] == RESULT:
            yield from ((name, path[1:]) for name in reading.last)
        elif path[0] == "task" and len(path) > 1:
            yield path[1], path[2:]
            if path[2:3] and path[2] in _WHOLE:
                yield path[1], path[3:]


def shortest(paths: Iterable[ContextPath]) -> frozenset[ContextPath]:
    """The paths without those that lie inside another one."""
    found = frozenset(paths)
    return frozenset(path for path in found if not any(path[:n] in found for n in range(len(path))))


class _Flow:
    """Follows what is read back through variables and parallel tasks to the results that it comes from."""

    def __init__(self, workflow: Workflow, found: list[Reading]) -> None:
        self._tasks = {task.name: task for task in workflow.walk()}
        self.read: dict[str, set[ContextPath]] = {name: set() for name in self._tasks}
        self._sources = _sources(found)
        self._pending = deque(reading for reading in found if not _hands_on(reading))
        self._variables: set[ContextPath] = set()

    def follow(self) -> None:
        while self._pending:
            reading = self._pending.popleft()
            for name, path in paths_of(reading, self._tasks):
                self._read(name, path)
            for path in [("workflow",)] if reading.paths is None else reading.paths:
                if path[0] == "workflow":
                    self._variable(path)

    def with_inside(self, name: str, path: ContextPath) -> Iterator[tuple[str, ContextPath]]:
        """A path of a task's result, and what it is of the results of the sub-tasks inside."""
        if name in self._tasks:
            yield name, path
            for inner, rest in _inside(self._tasks[name], path):
                yield from self.with_inside(inner, rest)

    def _read(self, name: str, path: ContextPath) -> None:
        if name not in self._tasks or path in self.read[name]:
            return
        self.read[name].add(path)
        for inner, rest in _inside(self._tasks[name], path):
            self._read(inner, rest)

    def _variable(self, path: ContextPath) -> None:
        path = path[:_DEEPEST]
        if path in self._variables:
            return
        self._variables.add(path)
        names = self._sources if len(path) == 1 else [path[1]]
        self._pending.extend(
            Reading(source.task, source.field, frozenset({_joined(source, path[2:])}), source.last)
            for name in names
            for source in self._sources.get(name, ())
        )


def _inside(task: Task, path: ContextPath) -> Iterator[tuple[str, ContextPath]]:
    """What a path of a parallel task's result, `results.SUB.path`, is of the results of its sub-tasks."""
    if path[:1] not in ((), ("results",)):
        return
    for sub in task.tasks:
        if len(path) < 2 or path[1] == sub.name:
            yield sub.name, path[2:]


def _sources(found: Iterable[Reading]) -> Mapping[str, list[Reading]]:
    """Variable -> what is published under its name as it is."""
    sources: dict[str, list[Reading]] = {}
    for reading in found:
        if reading.variable is not None and _hands_on(reading):
            sources.setdefault(reading.variable, []).append(reading)
    return sources


def _hands_on(reading: Reading) -> bool:
    """Whether it only gives a value another name, so that what is read is what is read of that name."""
    return reading.variable is not None and (reading.value is None or _handed_on(reading.value) is not None)


def _handed_on(value: Any) -> tuple[ContextPath, bool] | None:
    """The path that a template hands on as it is, up to its first index, and whether that is all of it."""
    path = path_of(value, results=True) if isinstance(value, str) else None
    if path is None or path[0] not in (RESULT, "task", "workflow") or path == ("task",):
        return None
    keys = next((n for n, step in enumerate(path) if not isinstance(step, str)), len(path))
    return tuple(step for step in path[:keys] if isinstance(step, str)), keys == len(path)


def _joined(source: Reading, rest: ContextPath) -> ContextPath:
    """The path that `rest` of a variable is where the variable comes from."""
    path, whole = (
        ((RESULT,), True) if source.value is None else _handed_on(source.value) or ((RESULT,), False)
    )
    return (*path, *rest) if whole else path
