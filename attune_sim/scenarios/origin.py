"""Where the items of a fan-out come from: a list in the parameters or in the result of a task, found from the expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from attune_sim.errors import InputError
from attune_sim.scenarios.counts import positive
from attune_sim.workflow import Task, Workflow, stripped

_VARIABLES: Final = ("workflow", "vars", "variables")
_WORDS: Final = frozenset({"parameters", "task", "tasks", "item", "index", "config", "keystore", "system"})


@dataclass(frozen=True, slots=True)
class Origin:
    """`root` is `parameters` or the name of a task, `path` leads below it. Without a root, `why` says why there is none."""

    root: str = ""
    path: tuple[str, ...] = ()
    why: str = ""

    def below(self, path: tuple[str, ...]) -> Origin:
        """The same origin, further down."""
        return Origin(self.root, (*self.path, *path), self.why)


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
    Origin(root='find', path=('rows',), why='')
    """
    main = main_fan_out(workflow)
    if main is None or main.with_items is None:
        return Origin(why="it has no fan-out")
    return _followed(main.with_items, workflow, None, ())


def _followed(value: Any, workflow: Workflow, publisher: str | None, seen: tuple[str, ...]) -> Origin:
    """What an expression leads to; `publisher` is the task whose transition it stands in, `seen` the variables on the way."""
    text = stripped(value) if isinstance(value, str) else ""
    root, *path = text.split(".")
    if not all(step.isidentifier() for step in (root.removesuffix("()"), *path)):
        return Origin(why=f"its items are computed: {value!r}")
    match root, *path:
        case "result()", *_ if publisher is not None:
            return Origin(publisher, tuple(path))
        case "parameters", _, *_:
            return Origin("parameters", tuple(path))
        case "task" | "tasks", name, *rest:
            return Origin(name, tuple(rest))
        case _ if root in _VARIABLES and path:
            return _variable(path[0], workflow, seen).below(tuple(path[1:]))
        case _ if root in _WORDS or root.endswith("()"):
            return Origin(why=f"its items are those of {text!r}")
    return _variable(root, workflow, seen).below(tuple(path))


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
