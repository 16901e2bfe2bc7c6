"""Which parts of which task's result anything later reads, followed through variables, `result()` and sub-workflows.

It errs on one side only: what cannot be known exactly (a computed name, a template that does not compile) counts as
everything. Order in time is not looked at: a template may read a result if any template of the file names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attune_sim.expressions import Trees, path_of, reads
from attune_sim.scope import ContextPath
from attune_sim.workflow import Task, Workflow

_EVERYTHING: Final[tuple[ContextPath, ...]] = (("task",), ("workflow",), ("parameters",))
_MOST_PATHS: Final = 200
"""Paths below one variable, parameter or task that are told apart; with more of them it is read as a whole."""


def read_paths(
    workflow: Workflow, workflows: Iterable[Workflow] = (), *, answers: bool = False
) -> Mapping[str, frozenset[ContextPath] | None]:
    """Task -> the paths of its result that something reads; None is everything, an empty set nothing.

    What is published is followed to who reads the variable, the input of a sub-workflow of `workflows` to who reads the
    parameter. With `answers`, the variables that a run ends with and what a sub-workflow is handed count as read as they
    are, since a run answers with them. A path is one below the view of the result, as `task.NAME` and `result()` give it.

    >>> from attune_sim.workflow import Transition
    >>> publish = Transition(publish=({"user": "{{ result().body.user }}"},), do=("greet",))
    >>> greet = Task("greet", action="demo.greet", input={"to": "{{ user.name }}"})
    >>> read_paths(Workflow((Task("fetch", action="demo.fetch", next=(publish,)), greet)))
    {'fetch': frozenset({('body', 'user', 'name')}), 'greet': frozenset()}
    """
    known = {} if answers else {one.name: one for one in workflows}
    flow = _Flow(workflow, known, ())
    flow.follow_all(flow.first(answers))
    return {task.name: flow.below("task", task.name) for task in workflow.walk()}


class _Flow:
    """What of one workflow is read: `follow_all` takes paths up and goes on with where their values come from."""

    def __init__(self, workflow: Workflow, known: Mapping[str, Workflow], callers: tuple[str, ...]) -> None:
        self._workflow, self._known, self._callers = workflow, known, callers
        self._trees = Trees()
        self._all = tuple(task.name for task in workflow.walk())
        self._read: dict[tuple[str, ...], set[ContextPath]] = defaultdict(set)
        self._published: dict[str, list[tuple[Any, Sequence[str]]]] = defaultdict(list)
        self._asking = _asking(workflow)
        for name, value, last in self._entries():
            self._published[name].append((value, last))

    def first(self, answers: bool) -> Iterator[ContextPath]:
        """The paths that are read for their own sake: not because a variable or a parameter takes them on."""
        for task in self._workflow.walk():
            yield from self._of_task(task)
        yield from self._reads(dict(self._workflow.output_map or {}), (), self._all)
        if answers:
            yield ("workflow",)

    def below(self, root: str, name: str) -> frozenset[ContextPath] | None:
        """The shortest paths below a name that are read; None if it is read as a whole."""
        found = self._read[(root, name)]
        if () in self._read[(root,)] or () in found:
            return None
        return frozenset(path for path in found if not any(path[:n] in found for n in range(1, len(path))))

    def follow_all(self, paths: Iterable[ContextPath]) -> None:
        pending = list(paths)
        while pending:
            path = pending.pop()
            place, rest = path[:2], path[2:]
            found = self._read[place]
            if any(rest[:n] in found for n in range(len(rest) + 1)):
                continue
            rest = () if len(found) >= _MOST_PATHS else rest
            found.add(rest)
            if place[0] == "workflow":
                names = list(self._published) if len(place) == 1 else [place[1]]
                pending.extend(
                    source for name in names for entry in self._published.get(name, ())
                    for source in self._source(*entry, rest)
                )  # fmt: skip

    def _of_task(self, task: Task) -> Iterator[ContextPath]:
        last, own = self._asking[task.name], self._own(task)
        given = {"items": task.with_items, "timeout": task.timeout}
        yield from self._reads(given, [task.when] if task.when is not None else [], last)
        yield from self._of_input(task, last)
        if task.retry is not None and task.retry.on_error is not None:
            yield from self._reads({}, [task.retry.on_error], [*own, *last])
        yield from self._reads({}, [step.when for step in task.next if step.when is not None], own)

    def _of_input(self, task: Task, last: Sequence[str]) -> Iterator[ContextPath]:
        child = self._known.get(task.action or "")
        if child is None or not task.input or child.name in self._callers:
            value = dict(task.input) if task.input or task.type == "parallel" else "{{ parameters }}"
            yield from self._reads(value, (), last)
            return
        inner = _Flow(child, self._known, (*self._callers, child.name))
        inner.follow_all(inner.first(answers=False))
        schema = child.parameters if isinstance(child.parameters, Mapping) else {}
        for name, value in task.input.items():
            looked_at = None if _looks_inside(schema, name) else inner.below("parameters", name)
            for rest in [()] if looked_at is None else looked_at:
                yield from self._source(value, last, rest)

    def _entries(self) -> Iterator[tuple[str, Any, Sequence[str]]]:
        for task in self._workflow.walk():
            for published in (entry for step in task.next for entry in step.publish):
                entries = {published: "{{ result() }}"} if isinstance(published, str) else published
                for name, value in entries.items():
                    yield name, value, self._own(task)

    def _own(self, task: Task) -> Sequence[str]:
        """Whose result `result()` is in the transitions of a task."""
        return [task.name] if task.type != "parallel" else self._all

    def _source(self, value: Any, last: Sequence[str], rest: ContextPath) -> Iterator[ContextPath]:
        """What is read of the context where `rest` of a value made from it is read."""
        while isinstance(value, Mapping) and rest:
            if rest[0] not in value:
                return
            value, rest = value[rest[0]], rest[1:]
        found = self._reads(value, (), last)
        exact = path_of(value, results=True) if isinstance(value, str) and rest else None
        if exact is not None and set(self._rooted(exact, last)) == found:
            found = {(*path, *rest) for path in found}
        yield from found

    def _reads(self, value: Any, conditions: Iterable[str], last: Sequence[str]) -> set[ContextPath]:
        found = reads(value, conditions, self._trees)
        if found is None:
            return set(_EVERYTHING)
        return {rooted for path in found for rooted in self._rooted(path, last)}

    @staticmethod
    def _rooted(path: Sequence[Any], last: Sequence[str]) -> Iterator[Any]:
        """A path below `result` as one below each task that may have ended last; any other one as it is."""
        if path[0] != "result":
            yield tuple(path)
        else:
            yield from (("task", name, *path[1:]) for name in last)


def _asking(workflow: Workflow) -> Mapping[str, Sequence[str]]:
    """Task -> those that may have ended last when it is started: who asks for it, or any where that is not a plain task."""
    everyone = tuple(task.name for task in workflow.walk())
    asking: dict[str, list[str]] = {name: [] for name in everyone}
    open_ended: set[str] = set(workflow.entry_points)
    for task in workflow.walk():
        for target in task.targets:
            asking.setdefault(target, []).append(task.name)
        if task.type == "parallel":
            open_ended.update((*task.targets, *(one.name for one in task.tasks)))
    plain = not workflow.listed_order
    return {
        name: names if plain and names and name not in open_ended else everyone
        for name, names in asking.items()
    }


def _looks_inside(schema: Mapping[str, Any], name: str) -> bool:
    """Whether the check of a parameter may depend on what lies inside of its value."""
    entry = schema.get(name, {})
    harmless = {"type", "required", "secret", "default", "description", "position"}
    return "properties" in schema or not isinstance(entry, Mapping) or not harmless.issuperset(entry)
