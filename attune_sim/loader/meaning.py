"""What the fields mean together: names, targets, actions, reachability. Works on whatever parts are well-formed.

The checks of the language's parser hold always; those that the original makes only when it loads a folder of workflows
(unique names, reserved names, reachable tasks ...) hold unless the text is read leniently.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

from attune_sim.loader.document import Document, maps
from attune_sim.loader.fields import LEGACY_CONDITIONS
from attune_sim.loader.findings import Findings, place_of
from attune_sim.parameters import schema_problems, secret_entries
from attune_sim.paths import Path
from attune_sim.scope import SHORTEST_SECRET

_LISTED: Final = 60
RESERVED: Final = frozenset(("parameters", "vars", "task", "system", "kv", "pack", "item", "batch", "index"))
"""Names that a task may not have."""


@dataclass(frozen=True)
class RawTask:
    """A task as read, and its path; its fields may still be of any kind."""

    path: Path
    fields: Mapping[str, Any]

    @cached_property
    def name(self) -> str | None:
        return self.text("name")

    @property
    def type(self) -> Any:
        return self.fields.get("type", "action")

    @cached_property
    def targets(self) -> list[tuple[str, Path]]:
        """Names that its transitions ask for, each with its path; legacy fields count only without `next`."""
        asked = self._listed() if self.fields.get("next") else self._legacy()
        return [(name, (*self.path, *path)) for name, path in asked if isinstance(name, str)]

    def text(self, field: str) -> str | None:
        value = self.fields.get(field)
        return value if isinstance(value, str) else None

    def _listed(self) -> Iterator[tuple[Any, Path]]:
        for number, transition in maps(self.fields["next"]):
            names = transition.get("do")
            for position, name in enumerate(names if isinstance(names, list) else ()):
                yield name, ("next", number, "do", position)

    def _legacy(self) -> Iterator[tuple[Any, Path]]:
        yield from ((self.fields.get(field), (field,)) for field in LEGACY_CONDITIONS)
        for number, branch in maps(self.fields.get("decision")):
            yield branch.get("next"), ("decision", number, "next")

    def sub_tasks(self) -> list[RawTask]:
        return raw_tasks(self.fields.get("tasks"), (*self.path, "tasks"))


def raw_tasks(tasks: Any, path: Path) -> list[RawTask]:
    """The entries of a `tasks` list that are maps."""
    return [RawTask((*path, number), fields) for number, fields in maps(tasks)]


def check_meaning(document: Document, findings: Findings, *, lenient: bool) -> None:
    """Add every mistake in the meaning of the document to `findings`."""
    if not isinstance(document.data, dict):
        return
    check = _Check(document, findings, lenient=lenient)
    if not lenient:
        check.variables()
        check.schemas()
        check.secrets()
    check.level(raw_tasks(document.data.get("tasks"), ("tasks",)), listed=document.seed)


class _Check:
    def __init__(self, document: Document, findings: Findings, *, lenient: bool) -> None:
        self._document = document
        self._findings = findings
        self._lenient = lenient
        self._first: dict[str, RawTask] = {}

    def level(self, tasks: list[RawTask], *, listed: bool = False) -> None:
        """All tasks that are each other's siblings, then their sub-tasks."""
        self._targets(tasks)
        always = (self._has_action, self._has_sub_tasks)
        strictly = () if self._lenient else (self._own_name, self._action_form, self._windows, self._pauses)
        for check, task in itertools.product((*always, *strictly), tasks):
            if self._findings.full:
                return
            check(task)
        for task in tasks:
            self.level(task.sub_tasks())
        if not self._lenient:
            self._reachable(tasks, listed=listed)

    def _add(
        self, kind: str, message: str, path: Path, text: str | None = None, hint: str | None = None
    ) -> None:
        self._findings.add(kind, message, self._document.value_node(path), text=text, hint=hint)

    def _targets(self, tasks: list[RawTask]) -> None:
        names = {task.name: None for task in tasks if task.name is not None}
        for task in tasks:
            for target, path in task.targets:
                if target not in names:
                    hint = self._findings.suggest(target, names) or _listed(names)
                    message = f"task {task.name!r} asks for an unknown task"
                    self._add("unknown_target", message, path, target, hint)

    def _has_action(self, task: RawTask) -> None:
        if task.type == "action" and "action" not in task.fields:
            self._add("missing", "a task has no action:", task.path, task.name, "add action: pack.name")

    def _has_sub_tasks(self, task: RawTask) -> None:
        if task.type == "parallel" and not task.fields.get("tasks"):
            message, hint = "a parallel task has no sub-tasks:", "add tasks: with at least one"
            self._add("missing", message, task.path, task.name, hint)

    def _own_name(self, task: RawTask) -> None:
        path = (*task.path, "name")
        if task.name in RESERVED:
            self._add("reserved_name", "a task may not have this name:", path, task.name)
        # of every level: results, statuses and visits are kept by name alone
        if task.name is not None and (first := self._first.setdefault(task.name, task)) is not task:
            line, _ = place_of(self._document.value_node((*first.path, "name")))
            self._add("duplicate_task", f"a task in line {line} has this name too:", path, task.name)

    def _action_form(self, task: RawTask) -> None:
        action = task.text("action")
        if action is not None and task.type != "parallel" and not is_action_ref(action):
            message, hint = "an action is named pack.name, not", _with_a_pack(action)
            self._add("action_ref", message, (*task.path, "action"), action, hint)
        if task.type == "workflow" and "action" not in task.fields:
            message = "a task of type workflow has no action:"
            self._add("missing", message, task.path, task.name, "name the workflow")

    def _windows(self, task: RawTask) -> None:
        for field in ("batch_size", "concurrency") if "with_items" in task.fields else ():
            if task.fields.get(field) == 0 and type(task.fields[field]) is int:
                self._add("value", f"{field!r} must be at least 1, not", (*task.path, field), "0")

    def _pauses(self, task: RawTask) -> None:
        match task.fields.get("retry"):
            case {"delay": int(delay), "max_delay": int(longest)} if longest < delay:
                message = f"'max_delay' must not be less than 'delay' ({delay}), as it is with"
                self._add("value", message, (*task.path, "retry", "max_delay"), str(longest))

    def _reachable(self, tasks: list[RawTask], *, listed: bool) -> None:
        follows = {task.name: [name for name, _ in task.targets] for task in tasks if task.name is not None}
        wanted = {name for names in follows.values() for name in names}
        entries = list(follows)[:1] if listed else [name for name in follows if name not in wanted]
        if follows and not entries:
            self._nothing_begins(tasks)
            return
        pending, reached = set(entries), set(entries)
        while pending:
            pending = {name for task in pending for name in follows.get(task, ()) if name not in reached}
            reached.update(pending)
        for task in tasks:
            if task.name is not None and task.name not in reached:
                message = "no transition leads from the beginning to task"
                hint = "let a transition ask for it, or remove it"
                self._add("unreachable", message, task.path, task.name, hint)

    def _nothing_begins(self, tasks: list[RawTask]) -> None:
        """Of a level on which transitions lead to every task: the first of them that leads to its first task."""
        first = tasks[0].name
        asking = next((task for task in tasks if first in dict(task.targets)), tasks[0])
        path = dict(asking.targets).get(first or "", asking.path)
        message = "nothing can begin, since transitions lead to every task, this one to"
        hint = "put a task before it that no transition names"
        self._add("no_entry_point", message, path, first, hint)

    def variables(self) -> None:
        """Names of `vars` are letters, digits, `_` and `-`."""
        names = self._document.data.get("vars")
        for name in names if isinstance(names, dict) else ():
            if not is_variable_name(name) and not name.startswith("?"):
                key, hint = self._document.key_node(("vars", name)), "use letters, digits, '_' and '-'"
                self._findings.add("variable_name", "a variable may not be called", key, text=name, hint=hint)

    def schemas(self) -> None:
        """`parameters` and `output` are maps, and a run can begin with what stands in `parameters`."""
        for field in ("parameters", "output"):
            if not isinstance(self._document.data.get(field, {}), dict):
                self._add("type", f"{field!r} must be a map of names to their schemas", (field,))
        parameters = self._document.data.get("parameters")
        for path, problem in schema_problems(parameters) if isinstance(parameters, dict) else ():
            self._add(problem.kind, problem.message, ("parameters", *path), problem.text, problem.hint)

    def secrets(self) -> None:
        """A secret that is too short is shown in every text but its own place."""
        schema = self._document.data.get("parameters")
        if not isinstance(schema, dict):
            return
        for path, entry in secret_entries(schema).items():
            default = entry.get("default")
            if (
                isinstance(default, str | int | float)
                and not isinstance(default, bool)
                and 0 < len(str(default)) < SHORTEST_SECRET
            ):
                message = f"a secret of fewer than {SHORTEST_SECRET} characters cannot be masked in texts: the default of"
                node = self._document.key_node(("parameters", *_inside(schema, path)))
                self._findings.warn(
                    "secret", message, place_of(node), text=".".join(path), hint="give a longer one"
                )


def _listed(names: Iterable[str]) -> str:
    """All tasks of a level, as far as they fit into a line."""
    text = ", ".join(islice(names, _LISTED))
    return f"the tasks are: {text if len(text) <= _LISTED else f'{text[:_LISTED]}...'}"


def _with_a_pack(action: str) -> str | None:
    """How an action is named whose name has no dot.

    >>> _with_a_pack("demo_find"), _with_a_pack("find")
    ("write demo.find; its function is called 'demo__find'", 'write FILE.find, for the function find of FILE.py')
    """
    if not action.isidentifier():
        return None
    pack, _, name = action.replace("__", "_").partition("_")
    if pack and name:
        return f"write {pack}.{name}; its function is called '{pack}__{name}'"
    return f"write FILE.{action}, for the function {action} of FILE.py"


def _inside(schema: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
    """Where the entry of a parameter stands in its schema, which may be flat or JSON Schema."""
    steps = [step for name in path for step in ("properties", name)]
    return tuple(
        steps if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" else steps[1:]
    )


def is_action_ref(text: str) -> bool:
    """Whether `text` names an action: two or more parts between dots, none of them empty.

    >>> is_action_ref("core.echo"), is_action_ref(".echo"), is_action_ref("echo")
    (True, False, False)
    """
    parts = text.split(".")
    return len(parts) > 1 and all(part.strip() for part in parts)


def is_variable_name(text: str) -> bool:
    """Whether `text` is letters, digits, `_` and `-` only.

    >>> is_variable_name("my-var"), is_variable_name("my.var"), is_variable_name("")
    (True, False, False)
    """
    return bool(text) and all(character.isalnum() or character in "_-" for character in text)
