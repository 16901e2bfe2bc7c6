"""How many items the main fan-out of a user's workflow has, and how it gets another number of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from attune_sim.actions.payload import memory_of, require_memory
from attune_sim.actions.script import Answer, Script, described_length, is_described, measures
from attune_sim.errors import InputError, counted
from attune_sim.parameters import check_parameters
from attune_sim.paths import changed_at, value_at
from attune_sim.recording.resized import Repeat, repeated
from attune_sim.results import changed_result, read_at
from attune_sim.scenarios.origin import Origin, main_fan_out, origin_of
from attune_sim.scenarios.workload import Workload
from attune_sim.workflow import Task, Workflow


@dataclass(frozen=True)
class Sizing:
    """The items of a user's workload, found from its definition, what was given with it, and its script."""

    workload: Workload

    @property
    def _definition(self) -> Workflow:
        assert self.workload.user is not None, "only a user's own workflow comes here"
        return self.workload.user.definition

    @property
    def _script(self) -> Script | None:
        return None if self.workload.user is None else self.workload.user.script

    @cached_property
    def origin(self) -> Origin:
        return origin_of(self._definition)

    @cached_property
    def natural(self) -> int:
        """How many items there are by what was given; 0 where that does not say."""
        found = self._found
        if self.origin.counts:
            return max(0, found) if isinstance(found, int) and not isinstance(found, bool) else 0
        if is_described(found):
            return described_length(found)
        return len(found) if isinstance(found, list | tuple) else 0

    def parameters(self) -> Mapping[str, Any]:
        """The parameters of a run with as many items as the workload has."""
        items, path = self.workload.items, self.origin.path
        if self.origin.root != "parameters":
            return self._given
        if self.origin.counts:
            # A task without input is handed what was given, so a default that says how many is set only to say otherwise.
            assert self.workload.user is not None, "only a user's own workflow comes here"
            return self.workload.user.given if items == self.natural else _set(self._given, path, items)
        if items == self.natural:
            return self._given
        sized: Mapping[str, Any] = changed_at(self._given, path, lambda value: lengthened(value, items))
        return sized

    def script(self, script: Script) -> Script:
        """The script in this size: its list repeated, and with it what it answers by index, where nothing else answers."""
        root, items = self.origin.root, self.workload.items
        tasks = dict(script.tasks)
        if root in tasks:
            tasks[root] = tuple(self._lengthened(answer) for answer in tasks[root])
        for task in self._repeated:
            tasks[task.name] = tuple(
                _by_index(tasks[task.name], _calls(task, self.natural), _calls(task, items))
            )
        return replace(script, tasks=tasks)

    @property
    def assumed(self) -> tuple[str, ...]:
        """A line for each fan-out of which the script has fewer results than there are items."""
        items, known = counted(self.workload.items, "item"), f"{self.natural:,}"
        return tuple(
            f"estimated: {task.name}: {items}, answered by the {known} of the script"
            for task in self._repeated
        )

    def repeat(self) -> Repeat | None:
        """What to repeat of what is recorded, to have as many items; None where they are had otherwise.

        Raises:
            InputError: they cannot be had.
        """
        if self.origin.counts:
            self._require_fitting()
        if not self.workload.items or self.natural or self.origin.counts:
            return None
        if self._why_not:
            main = main_fan_out(self._definition)
            place = "" if main is None else f", fan-out {main.name!r}, with_items {main.with_items!r}"
            raise InputError(
                f"items: the size of {self.workload.name!r}{place}, cannot be set: {self._why_not}"
            )
        return Repeat(self.origin.root, self.origin.path, self.workload.items)

    def _require_fitting(self) -> None:
        schema, items = self._definition.parameters, self.workload.items
        before = check_parameters(schema, self._given)
        for problem in check_parameters(schema, self.parameters()):
            if problem not in before:
                raise InputError(f"items: {self.workload.name!r} cannot have {items:,}: {problem}")

    @property
    def _why_not(self) -> str:
        """Why the number of items cannot be chosen, and what to give so that it can; empty where it can, of a recording."""
        origin, script = self.origin, self._script
        if not origin.root:
            return f"{origin.why}; let it read a list of a parameter or of a task's result, or range(parameters.NAME)"
        if origin.root == "parameters":
            return f"its items are {origin}, and no list is given there; give one as a parameter (--param, --params)"
        if script is not None and origin.root in script.tasks:
            return (
                f"its items are {origin}, and the script's answer of task {origin.root!r} has no list there"
            )
        if self._is_called:
            return ""
        return (
            f"its items are what task {origin.root!r} gives ({origin}); give that in a script (script=, --script), or "
            "its action (actions=, --actions)"
        )

    @property
    def _is_called(self) -> bool:
        """Whether an action of the user's gives the list, so that it can be recorded."""
        assert self.workload.user is not None
        task = next((task for task in self._definition.walk() if task.name == self.origin.root), None)
        return task is not None and task.action in self.workload.user.actions

    @property
    def _found(self) -> Any:
        root, path = self.origin.root, self.origin.path
        if root == "parameters":
            return value_at(self._given, path)
        if self._script is None or root not in self._script.tasks:
            return None
        return read_at(self._script.answer(root, call=0).result, path)

    @cached_property
    def _given(self) -> Mapping[str, Any]:
        """The parameters that were given, and the default of the one that the items come from."""
        user, origin = self.workload.user, self.origin
        assert user is not None
        if origin.root != "parameters" or user.given.get(str(origin.path[0])) is not None:
            return user.given
        default = value_at(user.definition.parameters, (origin.path[0], "default"))
        return user.given if default is None else {**user.given, str(origin.path[0]): default}

    def _lengthened(self, answer: Answer) -> Answer:
        items = self.workload.items
        changed = changed_result(answer.result, self.origin.path, lambda value: lengthened(value, items))
        return replace(answer, result=changed)

    @property
    def _repeated(self) -> list[Task]:
        """Fan-outs that the script answers by index alone, each of the items that there are by itself and no others."""
        natural, script = self.natural, self._script
        if script is None or not 0 < natural < self.workload.items:
            return []
        return [
            task
            for task in self._definition.walk()
            if task.with_items
            and _answered(script.tasks.get(task.name, ())) == set(range(_calls(task, natural)))
        ]


def _calls(task: Task, items: int) -> int:
    return -(-items // (task.batch_size or 1))


def _answered(answers: tuple[Answer, ...]) -> set[int | None]:
    return {answer.index for answer in answers}


def _by_index(answers: tuple[Answer, ...], before: int, now: int) -> Iterator[Answer]:
    by_index: dict[int, list[Answer]] = {}
    for answer in answers:
        by_index.setdefault(answer.index or 0, []).append(answer)
    for index in range(now):
        yield from (replace(answer, index=index) for answer in by_index[index % before])


def _set(given: Mapping[str, Any], path: tuple[Any, ...], items: int) -> Mapping[str, Any]:
    """The parameters with a number at a path, which need not be there yet."""
    name, *rest = path
    if not rest:
        return {**given, name: items}
    inner = given.get(name)
    return {**given, name: _set(inner if isinstance(inner, Mapping) else {}, tuple(rest), items)}


def lengthened(value: Any, count: int) -> Any:
    """A list cut or repeated in order to `count` entries, nothing shared among them; a described payload keeps the bytes of
    each entry. What is no list stays as it is."""
    if is_described(value) and (before := described_length(value)) not in (0, count):
        _, bytes, _ = measures(value)
        return {**value, "count": count, "bytes": max(2, round(bytes / before * count))}
    if isinstance(value, list | tuple) and value and len(value) != count:
        each = len(json.dumps(value, default=str, skipkeys=True)) / len(value)
        require_memory(f"a list of {count:,} items", memory_of("records", round(each * count)))
        return repeated(value, count)
    return value
