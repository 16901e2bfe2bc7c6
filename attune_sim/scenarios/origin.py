"""Where the items of a fan-out come from, found from the expressions: a list in the parameters or in the result of a task, or
the number among the parameters that `range` is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from attune_sim.errors import InputError
from attune_sim.paths import Path, Step, below, spelled
from attune_sim.scenarios.counts import positive
from attune_sim.workflow import Task, Workflow, stripped

_VARIABLES: Final = ("workflow", "vars", "variables")
_WORDS: Final = frozenset({"parameters", "task", "tasks", "item", "index", "config", "keystore", "system"})


@dataclass(frozen=True, slots=True)
class Origin:
    """`root` is `parameters` or the name of a task, `path` leads below it: to a list, or with `counts` to the number that
    `range` is given. Without a root, `why` says why there is none."""

    root: str = ""
    path: Path = ()
    counts: bool = False
    why: str = ""

    def below(self, path: Path) -> Origin:
        """The same origin, further down."""
        if path and self.counts:
            return Origin(why=f"its items are {spelled(path, 'an element')} of a range")
        return replace(self, path=(*self.path, *path))

    def __str__(self) -> str:
        place = spelled(self.path, self.root if self.root == "parameters" else below("task", self.root))
        return f"range({place})" if self.counts else place


def main_fan_out(workflow: Workflow) -> Task | None:
    """The last task with `with_items`; None if there is none."""
    return next((task for task in reversed(list(workflow.walk())) if task.with_items), None)


def with_concurrency(workflow: Workflow, concurrency: int) -> Workflow:
    """The workflow with so many items of its main fan-out at a time.

    Raises:
        InputError: it is no count of 1 or more, or there is no fan-out.
    """
    main, count = main_fan_out(workflow), positive("concurrency", concurrency, least=1)
    if main is None:
        raise InputError(
            f"concurrency: {workflow.name!r} has no fan-out (with_items), so nothing runs side by side"
        )
    return workflow.changed(lambda task: replace(task, concurrency=count) if task.name == main.name else task)


def origin_of(workflow: Workflow) -> Origin:
    """The origin of the items of the main fan-out, through variables that tasks publish.

    >>> from attune_sim.workflow import Transition
    >>> find = Task("find", action="a.b", next=(Transition(publish=({"hosts": "{{ result().rows }}"},)),))
    >>> each = Task("each", action="a.c", with_items="{{ hosts }}")
    >>> origin_of(Workflow((find, each)))
    Origin(root='find', path=('rows',), counts=False, why='')
    """
    main = main_fan_out(workflow)
    if main is None or main.with_items is None:
        return Origin(why="it has no fan-out")
    return _followed(main.with_items, workflow, None, ())


def _followed(value: Any, workflow: Workflow, publisher: str | None, seen: tuple[str, ...]) -> Origin:
    """What an expression leads to; `publisher` is the task whose transition it stands in, `seen` what was passed on the way."""
    tree = _tree(value)
    if isinstance(tree, ast.Call) and (number := _only_argument(tree, "range")) is not None:
        origin = _reached(_steps(number), value, workflow, publisher, seen)
        is_set = origin.root == "parameters" and not origin.counts
        return replace(origin, counts=True) if is_set else _computed(value)
    return _reached(_steps(tree), value, workflow, publisher, seen)


def _reached(
    steps: Path, value: Any, workflow: Workflow, publisher: str | None, seen: tuple[str, ...]
) -> Origin:
    match steps:
        case "result()", *rest if publisher is not None:
            return _of_task(publisher, tuple(rest), workflow, seen)
        case "parameters", str(), *_:
            return Origin("parameters", steps[1:])
        case "task" | "tasks", str(name), *rest:
            return _of_task(name, tuple(rest), workflow, seen)
        case str(root), str(name), *rest if root in _VARIABLES:
            return _variable(name, workflow, seen).below(tuple(rest))
        case ():
            return _computed(value)
        case str(root), *_ if root in _WORDS or root.endswith("()"):
            return Origin(why=f"its items are those of {stripped(value)!r}")
        case str(root), *rest:
            return _variable(root, workflow, seen).below(tuple(rest))
    return _computed(value)


def _of_task(name: str, path: Path, workflow: Workflow, seen: tuple[str, ...]) -> Origin:
    """The results of a fan-out are as many as its own items."""
    task = next((task for task in workflow.walk() if task.name == name), None)
    if task is None or not task.with_items:
        return Origin(name, path)
    place = f"task {name}"
    if (
        place in seen
        or task.batch_size
        or path not in (("results",), ("output", "results"), ("result", "results"))
    ):
        return Origin(
            why=f"its items come from task {name!r}, a fan-out, of which `results` without batches have a length to set"
        )
    return _followed(task.with_items, workflow, None, (*seen, place))


def _computed(value: Any) -> Origin:
    return Origin(why=f"its items are computed: {value!r}")


def _tree(value: Any) -> ast.expr | None:
    """The tree of a path or a call, which are written alike in Python; None for what is not."""
    if not isinstance(value, str) or "\\" in value:  # of which Python warns where it is no escape
        return None
    try:
        return ast.parse(stripped(value), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _only_argument(call: ast.Call, function: str) -> ast.expr | None:
    named = isinstance(call.func, ast.Name) and call.func.id == function
    return call.args[0] if named and len(call.args) == 1 and not call.keywords else None


def _steps(tree: ast.expr | None) -> Path:
    """The steps of a path such as `task.find.rows[0]["hosts"]`, `result()` as one; none for anything else."""
    steps: list[Step] = []
    while True:
        match tree:
            case ast.Attribute(value=inner, attr=name):
                steps.append(name)
            case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as step)) if (
                step is not True and step is not False
            ):
                steps.append(step)
            case ast.Name(id=name):
                return (name, *reversed(steps))
            case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
                return (f"{name}()", *reversed(steps))
            case _:
                return ()
        tree = inner


def _variable(name: str, workflow: Workflow, seen: tuple[str, ...]) -> Origin:
    values = dict.fromkeys((task, repr(value)) for task, value in _published(name, workflow))
    if name in seen or len(values) > 1:
        tasks = ", ".join(dict.fromkeys(repr(task) for task, _ in values))
        return Origin(
            why=f"its items are the variable {name!r}, which has more than one origin (published by {tasks})"
        )
    for task, value in _published(name, workflow):
        found = _followed(value, workflow, task, (*seen, name))
        return found if found.root else Origin(why=f"{found.why}, as task {task!r} publishes {name!r}")
    where = "stands in the file (vars)" if name in workflow.vars else "is published by no task"
    return Origin(why=f"its items are the variable {name!r}, which {where}")


def _published(name: str, workflow: Workflow) -> Iterator[tuple[str, Any]]:
    """Every task that publishes a variable, with what it publishes. A bare name stands for the whole result."""
    for task in workflow.walk():
        for entry in (entry for transition in task.next for entry in transition.publish):
            if isinstance(entry, Mapping) and name in entry:
                yield task.name, entry[name]
            elif entry == name:
                yield task.name, "{{ result() }}"
