"""What a workflow says: frozen definitions and questions about their graph. No file, no clock, no templates here.

Terms follow the workflow language; legacy forms (`on_success`, `decision`, task-level `publish`) have already become
transitions when a `Workflow` exists (see `attune_sim.loader`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, get_args

from attune_sim.display import Displayed
from attune_sim.errors import Problem, counted, in_one_line

TaskType = Literal["action", "parallel", "workflow"]
Backoff = Literal["constant", "linear", "exponential"]
Policy = Literal["allow_finish", "cancel_running"]

Outcome = Literal["succeeded", "failed", "timed_out"]
TransitionKind = Literal["always", "custom"] | Outcome

SUCCEEDED: Final = "succeeded()"

_KINDS: Final[Mapping[str, TransitionKind]] = {f"{outcome}()": outcome for outcome in get_args(Outcome)}


@dataclass(frozen=True, slots=True)
class Retry(Displayed):
    """How often and after which pauses a failed attempt is repeated.

    `count` extra attempts (1 to 100); `delay`, `max_delay` in seconds; `on_error` a condition on the failed attempt.
    """

    count: int
    delay: int
    backoff: Backoff = "constant"
    max_delay: int | None = None
    on_error: str | None = None

    def delays(self) -> tuple[int, ...]:
        """The pauses in seconds before retry 1, 2, ...

        >>> Retry(count=4, delay=2, backoff="exponential", max_delay=10).delays()
        (2, 4, 8, 10)
        """
        pauses = (self.delay * _GROWTH[self.backoff](n) for n in range(1, self.count + 1))
        return tuple(pause if self.max_delay is None else min(pause, self.max_delay) for pause in pauses)


_GROWTH: Final[Mapping[Backoff, Callable[[int], int]]] = {
    "constant": lambda n: 1,
    "linear": lambda n: n,
    "exponential": lambda n: 1 << (n - 1),
}
"""How many times `delay` the pause before retry `n` is."""


@dataclass(frozen=True, slots=True)
class Transition(Displayed):
    """What may follow a task: a condition, variables to publish, tasks to do.

    `when` is the text of a condition, None for always; `publish` holds maps of variables and bare names (a bare name
    stands for the whole `result()`); `do` is None where the file gave none. `default` marks the branch of a legacy
    `decision` that fires only if no other branch of it matched.
    """

    when: str | None = None
    publish: tuple[Mapping[str, Any] | str, ...] = ()
    do: tuple[str, ...] | None = None
    default: bool = False
    decision: bool = False

    @property
    def condition(self) -> str | None:
        """The condition without its outer braces and blanks; None for always."""
        return None if self.when is None else stripped(self.when)

    @property
    def kind(self) -> TransitionKind:
        """`always`, the outcome that it waits for if its condition says just that, or `custom`.

        >>> Transition(when="{{ failed() }}").kind, Transition(when="{{ not failed() }}").kind
        ('failed', 'custom')
        """
        return "always" if self.condition is None else _KINDS.get(self.condition.replace(" ", ""), "custom")

    def may_fire(self, outcome: Outcome) -> bool:
        """Whether the condition leaves this outcome open; whatever else it asks for may be so.

        >>> Transition(when="{{ succeeded() and result().ok }}").may_fire("failed")
        False
        """
        kind = self.kind
        return kind in ("always", outcome) or (kind == "custom" and _may_hold(self.condition or "", outcome))

    def as_dict(self) -> dict[str, Any]:
        do = None if self.do is None else list(self.do)
        return {"when": self.when, "publish": list(self.publish), "do": do}


@dataclass(frozen=True, slots=True, repr=False)
class Task(Displayed):
    """One node of a workflow. Fields as in the workflow language; None where the file says nothing.

    `join` is a number of predecessors or `"all"`; `timeout` is in seconds or a template that gives them;
    `tasks` are the sub-tasks of a `parallel` task; `lines` maps a field (`input.url`) to its (line, column).
    """

    name: str
    type: TaskType = "action"
    action: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    next: tuple[Transition, ...] = ()
    when: str | None = None
    with_items: str | None = None
    batch_size: int | None = None
    concurrency: int | None = None
    retry: Retry | None = None
    timeout: int | str | None = None
    join: int | Literal["all"] | None = None
    tasks: tuple[Task, ...] = ()
    lines: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the tasks that any transition asks for, each once, in order."""
        return tuple(dict.fromkeys(name for transition in self.next for name in transition.do or ()))

    def as_dict(self) -> dict[str, Any]:
        """The normal form: `name type action transitions`, and the other fields where the file gave them."""
        fields = ("when", "with_items", "batch_size", "concurrency", "timeout", "join")
        others = {
            "input": dict(self.input) or None,
            "retry": self.retry and asdict(self.retry),
            "subtasks": [task.name for task in self.tasks] or None,
            **{name: getattr(self, name) for name in fields},
        }
        return {
            "name": self.name,
            "type": self.type,
            "action": self.action,
            "transitions": [transition.as_dict() for transition in self.next],
            **{name: value for name, value in others.items() if value is not None},
        }

    def __repr__(self) -> str:
        does = f": {self.action}" if self.action else "" if self.type == "action" else f": {self.type}"
        each = f" for each of {in_one_line(self.with_items):.60}" if self.with_items is not None else ""
        then = f", then {', '.join(self.targets):.60}" if self.targets else ""
        return f"<Task {self.name!r:.60}{does:.60}{each}{then}>"


@dataclass(frozen=True)
class Workflow(Displayed):
    """A whole workflow, and its graph.

    `parameters` and `output` are schemas, `vars` the first variables, `output_map` the templates of the result.
    `listed_order` is true for the seed form, whose tasks run in the order in which they are listed.
    `source` is the path it was read from and `digest` a fingerprint of its text, both empty for a workflow built in
    Python. `warnings` are likely mistakes that its loader saw and that only matter where they are reached: functions,
    variables, tasks and parameters that do not exist, braces that nobody closed.

    >>> import attune_sim as at
    >>> workflow = at.load('''
    ... version: 1.0.0
    ... ref: demo.greet
    ... tasks: [{name: greet, action: core.echo, input: {message: hello}}]
    ... ''')
    >>> workflow
    <Workflow 'demo.greet': 1 task, 0 fan-outs; run it with at.run(workflow)>
    >>> workflow.tasks[0].name, workflow.tasks[0].action
    ('greet', 'core.echo')
    """

    tasks: tuple[Task, ...]
    ref: str = ""
    label: str = ""
    version: str = "1"
    description: str | None = None
    parameters: Any = None
    output: Any = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    output_map: Mapping[str, str] | None = None
    tags: tuple[str, ...] = ()
    cancellation_policy: Policy = "allow_finish"
    listed_order: bool = False
    source: str = ""
    digest: str = ""
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """What people call it: its ref, else its label, else the stem of its file, else `workflow`."""
        stem = re.sub(r"(\.workflow)?(\.ya?ml)?$", "", self.source.rsplit("/", 1)[-1])
        return self.ref or self.label or stem or "workflow"

    @cached_property
    def by_name(self) -> Mapping[str, Task]:
        """Top-level tasks by name; of two equal names the later one wins (the loader refuses them unless lenient)."""
        return {task.name: task for task in self.tasks}

    @cached_property
    def inbound(self) -> Mapping[str, tuple[str, ...]]:
        """Task name -> the distinct tasks with a transition to it, in file order; tasks without any are absent."""
        found: dict[str, dict[str, None]] = {}
        for task in self.by_name.values():
            for target in task.targets:
                found.setdefault(target, {})[task.name] = None
        return {name: tuple(sources) for name, sources in found.items()}

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """Tasks that no transition names, in file order; in the seed form, the first one."""
        names = tuple(self.by_name)
        return names[:1] if self.listed_order else tuple(name for name in names if name not in self.inbound)

    def walk(self) -> Iterator[Task]:
        """Every task, sub-tasks of parallel tasks included, in file order."""
        pending = list(reversed(self.tasks))
        while pending:
            task = pending.pop()
            yield task
            pending.extend(reversed(task.tasks))

    def changed(self, change: Callable[[Task], Task]) -> Workflow:
        """The workflow with every task as `change` gives it, sub-tasks of parallel tasks before these."""

        def deep(task: Task) -> Task:
            inner = tuple(map(deep, task.tasks))
            return change(replace(task, tasks=inner) if inner else task)

        return replace(self, tasks=tuple(map(deep, self.tasks)))

    def follows(self, task: Task, outcome: Literal["succeeded", "failed"]) -> list[str]:
        """Tasks that may follow if `task` ends so, as far as conditions speak of that; to time out is to fail here."""
        ends: tuple[Outcome, ...] = ("succeeded",) if outcome == "succeeded" else ("failed", "timed_out")
        steps = [step for step in task.next if any(map(step.may_fire, ends))]
        return list(dict.fromkeys(name for step in steps for name in step.do or ()))

    def as_dict(self) -> dict[str, Any]:
        """The normal form of the whole definition: plain JSON, legacy forms converted, with the facts of its graph."""
        tasks = list(self.by_name.values())
        fields = ("ref", "label", "version", "description", "parameters", "output")
        return {
            **{name: getattr(self, name) for name in fields},
            "task_count": len(self.tasks),
            "tasks": [task.as_dict() for task in self.tasks],
            "vars": dict(self.vars),
            "tags": list(self.tags),
            "output_map": None if self.output_map is None else dict(self.output_map),
            "cancellation_policy": self.cancellation_policy,
            "graph": {
                "entry_points": list(self.entry_points),
                "inbound": {name: list(sources) for name, sources in self.inbound.items()},
                "next_on_success": {task.name: self.follows(task, "succeeded") for task in tasks},
                "next_on_failure": {task.name: self.follows(task, "failed") for task in tasks},
            },
        }

    def __repr__(self) -> str:
        fan_outs = sum(task.with_items is not None for task in self.walk())
        sizes = f"{counted(len(self.tasks), 'task')}, {counted(fan_outs, 'fan-out')}"
        doubts = f", {counted(len(self.warnings), 'warning')} (.warnings)" if self.warnings else ""
        return f"<Workflow {self.name!r}: {sizes}{doubts}; run it with at.run(workflow)>"


def called_by(workflow: Workflow, known: Iterable[Workflow]) -> list[Workflow]:
    """The workflows that actions name, directly or not, in the order in which they do."""
    by_name = {one.name: one for one in known}
    found: dict[str, Workflow] = {}
    pending = [workflow]
    while pending:
        for ref in (task.action or "" for task in pending.pop(0).walk()):
            if ref in by_name and ref not in found:
                found[ref] = by_name[ref]
                pending.append(by_name[ref])
    return list(found.values())


def stripped(condition: str) -> str:
    """A condition without one outer pair of braces.

    >>> stripped("{{ succeeded() }}"), stripped("a == 1")
    ('succeeded()', 'a == 1')
    """
    text = condition.strip()
    if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
        return text[2:-2].strip()
    return text


_STRING: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def _may_hold(condition: str, outcome: Outcome) -> bool:
    # `and`, `or`, `not` and calls stand in a tree as they do in Python; what Python cannot read may be anything
    try:
        tree = ast.parse(" ".join(_STRING.sub("''", condition).split()), mode="eval")
        return _verdict(tree.body, outcome) is not False
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True


def _verdict(node: ast.expr, outcome: Outcome) -> bool | None:
    """What a condition comes to after this outcome; None if that depends on more."""
    match node:
        case ast.Call(func=ast.Name(id="succeeded" | "failed" | "timed_out" as name)):
            return name == outcome
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            verdict = _verdict(operand, outcome)
            return None if verdict is None else not verdict
        case ast.BoolOp(op=operator, values=terms):
            decisive = isinstance(operator, ast.Or)
            verdicts = {_verdict(term, outcome) for term in terms}
            return decisive if decisive in verdicts else None if None in verdicts else not decisive
    return None


def batches(items: Sequence[Any], size: int | None) -> list[Any]:
    """What the items of a fan-out are: lists of `size` items, the last one may be short; single items for 1 or None.
    Raises nothing.

    >>> batches([1, 2, 3], 2)
    [[1, 2], [3]]
    >>> batches([1, 2, 3], None)
    [1, 2, 3]
    """
    if size is None or size <= 1:
        return list(items)
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
