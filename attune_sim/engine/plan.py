"""A workflow made ready to run: equal templates compiled once, those of a large workflow when their task is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions import DEFAULT_LIMITS, Condition, Limits, Template, Templates, range_bounds
from attune_sim.scope import ContextPath
from attune_sim.workflow import Task, Transition, Workflow

_AT_ONCE: Final = 100
"""Tasks of a workflow that is compiled as a whole before its run begins, so that no run of it that is measured pays for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable that a transition publishes; `value` None stands for the whole `result()`."""

    name: str
    value: Template | None


@dataclass(frozen=True, slots=True)
class Step:
    """A transition, compiled. `condition` None means always."""

    condition: Condition | None
    publish: tuple[Entry, ...]
    do: tuple[str, ...]
    default: bool
    decision: bool


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task, compiled. `input` None means that the action gets the workflow's raw parameters.

    `reads` are the paths that are read from a fork, by its input or by the condition of its retries (None: everything),
    `reads_result` whether its input calls `result()`; `problem` is a reason why it cannot start at all.
    `span` gives the bounds of items that are written as one `range()`.
    """

    task: Task
    input: Template | None
    when: Condition | None
    items: Template | None
    timeout: Template | None
    retry_if: Condition | None
    steps: tuple[Step, ...]
    reads: frozenset[ContextPath] | None
    group: str | None
    reads_result: bool = False
    problem: str | None = None
    span: Template | None = None

    @property
    def name(self) -> str:
        return self.task.name

    def __repr__(self) -> str:
        return f"<TaskPlan {self.name!r}{'' if self.problem is None else ' with a problem'}: {len(self.steps)} steps>"


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks by name, sub-tasks of parallel tasks included; `groups` maps a parallel task to its entry points."""

    workflow: Workflow
    entry_points: tuple[str, ...]
    tasks: Mapping[str, TaskPlan]
    groups: Mapping[str, tuple[str, ...]]
    inbound: Mapping[str, tuple[str, ...]]
    output: Mapping[str, Template] | None

    def __repr__(self) -> str:
        return f"<Plan of {self.workflow.name!r}: {len(self.tasks)} tasks>"


def make_plan(
    workflow: Workflow, *, limits: Limits | None = None, problems: Mapping[str, str] | None = None
) -> Plan:
    """Compile what the workflow says; of more than a hundred tasks, each when it is first asked for.

    `problems` maps a task's name to a reason why it cannot start (an unknown action). A template that does not compile
    (possible only for workflows built in Python: the loader refuses them) becomes such a reason too.
    """
    compiler = _Compiler(limits or DEFAULT_LIMITS, dict(problems or {}))
    graph = _Graph()
    graph.level(workflow.tasks, group=None)
    output = workflow.output_map
    compiled = (
        None
        if output is None
        else {key: compiler.value(text, f"output_map.{key}") for key, text in output.items()}
    )
    tasks: Mapping[str, TaskPlan] = _Tasks(graph.tasks, compiler.task)
    if len(tasks) <= _AT_ONCE:
        tasks = dict(tasks)
    return Plan(workflow, workflow.entry_points, tasks, graph.groups, graph.inbound, compiled)


class _Tasks(Mapping[str, TaskPlan]):
    """The tasks of a workflow, each compiled when it is first asked for."""

    def __init__(
        self, tasks: Mapping[str, tuple[Task, str | None]], compiled: Callable[[Task, str | None], TaskPlan]
    ) -> None:
        self._tasks, self._compiled = tasks, compiled
        self._ready: dict[str, TaskPlan] = {}

    def __getitem__(self, name: str) -> TaskPlan:
        if (ready := self._ready.get(name)) is None:
            ready = self._ready[name] = self._compiled(*self._tasks[name])
        return ready

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)


class _Graph:
    """All levels of a workflow: each task with the parallel task that it is in, who asks for whom, where levels begin."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[Task, str | None]] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.inbound: dict[str, tuple[str, ...]] = {}

    def level(self, tasks: tuple[Task, ...], group: str | None) -> None:
        """The tasks of one level: the top, or the sub-tasks of a parallel task."""
        wanted: dict[str, dict[str, None]] = {}
        for task in tasks:
            for target in task.targets:
                wanted.setdefault(target, {})[task.name] = None
        self.inbound.update({name: tuple(sources) for name, sources in wanted.items()})
        for task in tasks:
            self.tasks[task.name] = (task, group)
            if task.tasks:
                self.level(task.tasks, task.name)
        if group is not None:
            self.groups[group] = tuple(dict.fromkeys(task.name for task in tasks if task.name not in wanted))


class _Compiler:
    def __init__(self, limits: Limits, problems: dict[str, str]) -> None:
        self._templates, self._problems = Templates(limits), problems
        self.value = self._templates.value

    def task(self, task: Task, group: str | None) -> TaskPlan:
        place = f"task {task.name!r}"
        try:
            return TaskPlan(
                task=task,
                input=self.value(task.input, f"{place}, input") if task.input else None,
                when=self.condition(task.when, f"{place}, when"),
                items=self.value(task.with_items, f"{place}, with_items")
                if task.with_items is not None
                else None,
                timeout=self.value(task.timeout, f"{place}, timeout") if task.timeout is not None else None,
                retry_if=self.condition(
                    task.retry.on_error if task.retry else None, f"{place}, retry.on_error"
                ),
                steps=tuple(self.step(step, f"{place}, next[{n}]") for n, step in enumerate(task.next)),
                reads=self._fork_reads(task),
                group=group,
                reads_result=any(map(_of_result, self._templates.reads(dict(task.input or {})) or ())),
                problem=self._problems.get(task.name),
                span=self._span(task, f"{place}, with_items"),
            )
        except ExpressionError as error:
            return TaskPlan(task, None, None, None, None, None, (), None, group, problem=str(error))

    def _fork_reads(self, task: Task) -> frozenset[ContextPath] | None:
        """What the forks of a task must hold. `result()` is no part of a context; the conductor knows where its value is."""
        condition = task.retry.on_error if task.retry else None
        value = dict(task.input) if task.input else "{{ parameters }}"
        found = self._templates.reads(value, [] if condition is None else [condition])
        return None if found is None else frozenset(path for path in found if not _of_result(path))

    def _span(self, task: Task, where: str) -> Template | None:
        bounds = None if task.with_items is None else range_bounds(task.with_items)
        return None if bounds is None else self.value(bounds, where)

    def step(self, transition: Transition, place: str) -> Step:
        entries: list[Entry] = []
        for published in transition.publish:
            if isinstance(published, str):
                entries.append(Entry(published, None))
            else:
                entries += [
                    Entry(name, self.value(value, f"{place}.publish.{name}", growing=True))
                    for name, value in published.items()
                ]
        return Step(
            condition=self.condition(transition.when, f"{place}.when"),
            publish=tuple(entries),
            do=transition.do or (),
            default=transition.default,
            decision=transition.decision,
        )

    def condition(self, when: str | None, where: str) -> Condition | None:
        return None if when is None else self._templates.condition(when, where)


def _of_result(path: ContextPath) -> bool:
    """Whether a path lies in what `result()` gives, which is no part of a context."""
    return path[0] == "result"
