"""What of some workflows is secret, known before anything runs.

A parameter is secret where a schema says so. So is what will be handed to such a parameter of a sub-workflow, as far as the
definitions tell: a parameter, a variable or a part of config that a task gives as it is (`"{{ parameters.token }}"`), and
what the definitions themselves have in such a place; of an item, what every element of the list has. What a task computes, or an action returns, is secret from the
moment at which it is handed on.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.expressions import path_of
from attune_sim.expressions.template import pure_expression
from attune_sim.parameters import MAX_DEPTH, fill_defaults, secret_paths
from attune_sim.paths import Path, spelled
from attune_sim.secrecy.secrets import leaves
from attune_sim.workflow import Task, Workflow

_EACH: Final = -1
"""A step of a path: every element of a list, or what stands there instead of a list."""

_MOST: Final = 50_000
"""Steps of the search, done in half a second: definitions that need more were made to need more."""


@dataclass(frozen=True, slots=True)
class SecretPaths:
    """Workflow name -> the paths that are secret in it, root first; and the values in definitions that are, by place."""

    paths: Mapping[str, tuple[Path, ...]]
    written: Mapping[str, Any]

    def __bool__(self) -> bool:
        return any(self.paths.values())

    def __repr__(self) -> str:
        paths = sum(map(len, self.paths.values()))
        return (
            f"<SecretPaths: {paths} paths in {len(self.paths)} workflows, {len(self.written)} written down>"
        )

    @classmethod
    def of(cls, workflow: Workflow, called: Iterable[Workflow]) -> SecretPaths:
        """For a workflow, and those that its actions may call."""
        search = _Search(workflow, {workflow.name: workflow for workflow in called})
        search.run()
        paths = {name: tuple(found) for name, found in search.paths.items()}
        for name, definition in search.workflows.items():
            for path in paths[name]:
                search.written.update(_written(name, definition, path))
        return cls(paths, search.written)

    def values(
        self,
        workflow: Workflow,
        parameters: Mapping[str, Any],
        keystore: Mapping[str, Any] | None,
        config: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """What is secret of that which a run of the workflow is given, by where it comes from."""
        found = dict(leaves("keystore", keystore or {}))
        found.update(self.given("parameters", workflow, parameters))
        for path in (path for paths in self.paths.values() for path in paths if path[0] == "config"):
            found.update(_leaves("config", config, path[1:]))
        return found

    def parameters(self, workflow: Workflow) -> list[Path]:
        """The paths of its secret parameters."""
        return [path[1:] for path in self.paths[workflow.name] if path[0] == "parameters"]

    def given(self, place: str, workflow: Workflow, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What is secret of the parameters that a workflow is given, its defaults included; `place` is their name."""
        paths = self.parameters(workflow)
        if not paths or not isinstance(parameters, Mapping):
            return {}
        filled = fill_defaults(workflow.parameters, parameters)
        found: dict[str, Any] = {}
        for path in paths:
            found.update(_leaves(place, filled, path))
        return found


class _Search:
    """From secret parameters back to what is handed to them, from caller to caller."""

    def __init__(self, workflow: Workflow, called: Mapping[str, Workflow]) -> None:
        self.workflows = {**called, workflow.name: workflow}
        self.paths: dict[str, dict[Path, None]] = {name: {} for name in self.workflows}
        self.written: dict[str, Any] = {}
        self._callers: dict[str, list[tuple[str, Path, Task]]] = {name: [] for name in called}
        self._sources: dict[str, Path | None] = {}
        self._left: deque[tuple[str, Path]] = deque()
        for name, caller in self.workflows.items():
            for place, task in _tasks(caller.tasks, ()) if called else ():
                if task.type != "parallel" and (action := task.action or "") in called:
                    self._callers[action].append((name, place, task))
            for path in secret_paths(caller.parameters):
                self._add(name, ("parameters", *path))

    def run(self) -> None:
        steps = 0
        while self._left:
            called, path = self._left.popleft()
            for name, place, task in self._callers.get(called, ()):
                steps += 1
                if steps > _MOST:
                    return
                self._handed(name, place, task, path[1:])

    def _handed(self, name: str, place: Path, task: Task, path: Path) -> None:
        if not task.input:  # such a task hands on the parameters of its workflow
            self._add(name, ("parameters", *path))
            return
        for at, value, rest in _inputs(task.input, path, (*place, "input")):
            if isinstance(value, str) and "{{" in value:
                if (source := self._source(value)) is not None:
                    self._add_source(name, place, task, (*source, *rest))
            elif value is not None and not rest:
                self.written[spelled(at, f"definitions.{name}")] = value

    def _add_source(self, name: str, place: Path, task: Task, source: Path) -> None:
        if source[0] != "item" or task.with_items is None:
            self._add(name, source)
            return
        inner = source[1:]
        if (task.batch_size or 1) > 1 and inner:  # an item is a list of them
            inner = inner[1:]
        items = self._source(task.with_items)
        if items is not None:
            self._add(name, (*items, _EACH, *inner))
            return
        listed = spelled((*place, "with_items"), f"definitions.{name}")
        self.written.update(_leaves(listed, _literal(task.with_items), (_EACH, *inner)))

    def _source(self, text: str) -> Path | None:
        if text not in self._sources:
            self._sources[text] = path_of(text)
        return self._sources[text]

    def _add(self, name: str, path: Path) -> None:
        if path not in self.paths[name] and len(path) <= MAX_DEPTH:
            self.paths[name][path] = None
            if path[0] == "parameters":
                self._left.append((name, path))


def _tasks(tasks: Iterable[Task], at: Path) -> Iterator[tuple[Path, Task]]:
    for n, task in enumerate(tasks):
        place = (*at, "tasks", n)
        yield place, task
        yield from _tasks(task.tasks, place)


def _inputs(value: Any, path: Path, at: Path) -> Iterator[tuple[Path, Any, Path]]:
    """What an input has at a path: place and value of every leaf, and what of the path leads on into that value."""
    if not isinstance(value, (Mapping, list, tuple)):
        yield at, value, path
    elif path:
        for key, inner in _step(value, path[0]):
            yield from _inputs(inner, path[1:], (*at, *key))
    elif len(at) <= 3 * MAX_DEPTH:
        for step, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _inputs(inner, (), (*at, step))


def _literal(text: str) -> Any:
    """The value of a text that is one literal; else None."""
    try:
        return ast.literal_eval(pure_expression(text) or "None")
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _written(name: str, workflow: Workflow, path: Path) -> Iterator[tuple[str, Any]]:
    """What a definition itself has at a path: first variables, defaults of parameters."""
    place = f"definitions.{name}"
    if path[0] == "workflow":
        yield from _leaves(f"{place}.vars", workflow.vars, path[1:])
    elif path[0] == "parameters":
        for at, default, rest in _defaults(workflow.parameters, path[1:]):
            yield from _leaves(spelled(at, place), default, rest)


def _defaults(schema: Any, path: Path) -> Iterator[tuple[Path, Any, Path]]:
    """Place and value of every default on the way of a path, and what of the path leads on into it."""
    entries: Any = schema
    at: Path = ("parameters",)
    if isinstance(schema, Mapping) and schema.get("type") == "object" and "properties" in schema:
        entries, at = schema["properties"], ("parameters", "properties")
    if not path and isinstance(entries, Mapping):
        for key in entries:
            yield from _defaults(schema, (key,))
    for n, key in enumerate(path, 1):
        entry = entries.get(key) if isinstance(entries, Mapping) else None
        if not isinstance(entry, Mapping):
            return
        yield (*at, key, "default"), entry.get("default"), path[n:]
        entries, at = entry.get("properties"), (*at, key, "properties")


def _leaves(name: str, value: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """The values that a value has at a path, each with its place; `name` is the place of the value."""
    if not path:
        yield from leaves(name, value)
        return
    for key, inner in _step(value, path[0]):
        yield from _leaves(spelled(key, name), inner, path[1:])


def _step(value: Any, step: str | int) -> Iterator[tuple[Path, Any]]:
    """What a value has at one step of a path, each with the step that leads there."""
    if isinstance(value, (list, tuple)):
        if step == _EACH:
            yield from (((n,), inner) for n, inner in enumerate(value))
        elif isinstance(step, int) and step < len(value):
            yield (step,), value[step]
    elif step == _EACH:
        yield (), value
    elif isinstance(value, Mapping) and step in value:
        yield (step,), value[step]
